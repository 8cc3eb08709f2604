"""The signature base: what of a request is signed, line by line.

Source: RFC 9421, sections 2.1 to 2.5. What a URL is made of is the configuration's word; only the query is the
request's.
"""

from typing import Final
from urllib.parse import urlsplit

from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifier import BadSignature

_PORTS: Final = {"https": ":443", "http": ":80"}


def base(request: InboundRequest, components: tuple[str, ...], parameters: str) -> bytes:
    """The bytes that are signed.

    Args:
        request: as it came.
        components: names of headers in lower case, and of derived components, which begin with `@`.
        parameters: the value of `@signature-params`.

    Raises:
        BadSignature: a component is not there, is unknown, came several times or would break its line.
    """
    lines = [b'"%b": %b\n' % (name.encode(), _value(request, name)) for name in components]
    return b"".join(lines) + b'"@signature-params": ' + parameters.encode()


def _value(request: InboundRequest, name: str) -> bytes:
    if name.startswith("@"):
        return _derived(request, name)
    key = name.encode()
    if key in request.repeated:
        raise BadSignature("repeated", name)
    found = request.headers.get(key)
    if found is None:
        raise BadSignature("malformed", f"{name} is covered, and is not there")
    value = found.strip(b" \t")
    if b"\n" in value or b"\r" in value:
        raise BadSignature("malformed", name)
    return value


def _derived(request: InboundRequest, name: str) -> bytes:
    url = urlsplit(request.url)
    query = b"?" + request.query if request.query else b""
    path = (url.path or "/").encode()
    host = url.netloc.lower().removesuffix(_PORTS.get(url.scheme.lower(), "\n")).encode()
    found = {
        "@method": request.method.encode(),
        "@target-uri": request.url.encode() + query,
        "@authority": host,
        "@scheme": url.scheme.lower().encode(),
        "@request-target": path + query,
        "@path": path,
        "@query": b"?" + request.query,
    }.get(name)
    if found is None:
        raise BadSignature("malformed", f"{name} is no component of a request")
    if b"\n" in found or b"\r" in found:
        raise BadSignature("malformed", name)
    return found
