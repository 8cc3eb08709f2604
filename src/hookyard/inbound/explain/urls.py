"""The URLs that a sender who signs its URL may have signed."""

from collections.abc import Iterator
from itertools import product
from urllib.parse import SplitResult, urlsplit

from hookyard.inbound.explain.capture import Capture
from hookyard.inbound.request import InboundRequest


def urls(capture: Capture, request: InboundRequest) -> Iterator[str]:
    """Every URL without a query that is tried: the source's own with parts of what the request says about itself."""
    seen = {request.url}
    own, asked = _split(request.url), _split(capture.target)
    # A name and a password in a URL are never shown, and no sender signs them.
    hosts = [
        own.netloc,
        asked.netloc.rpartition("@")[2],
        *(_header(request, name) for name in ("host", "x-forwarded-host")),
    ]
    bare = [host for host in dict.fromkeys(hosts) if host]
    hosts = [*bare, *(_without_port(host) for host in bare)]
    paths = [path for path in dict.fromkeys((own.path, asked.path)) if path]
    paths += [path.removesuffix("/") if path.endswith("/") else f"{path}/" for path in paths]
    for host, path, scheme in product(dict.fromkeys(hosts), paths or ["/"], ("https", "http")):
        port = "443" if scheme == "https" else "80"
        for each in (host, f"{host}:{port}" if _without_port(host) == host else host):
            url = f"{scheme}://{each}{path}"
            if url not in seen:
                seen.add(url)
                yield url


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        return SplitResult("", "", "", "", "")


def _header(request: InboundRequest, name: str) -> str:
    return request.headers.get(name.encode(), b"").decode("latin-1").split(",")[0].strip()


def _without_port(host: str) -> str:
    name, _, port = host.rpartition(":")
    return name if name and port.isdigit() else host
