"""The bytes of a request, made so that no header can become two, nor end the head before its time.

What does not change from one attempt to the next is made once: the first lines for each target, and the lines of the
headers, with gaps for their values, for each set of names.
"""

import re
from collections.abc import Mapping
from typing import Final

from hookyard.egress.guard import Target
from hookyard.outbound.sender import SendError

_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HOST: Final = re.compile(r"[0-9A-Fa-f:.]+|[A-Za-z0-9_.-]+")
_OURS: Final = frozenset(
    {
        *("host", "content-length", "transfer-encoding", "expect"),
        *("connection", "keep-alive", "proxy-connection", "te", "trailer", "upgrade"),
    }
)
"""What says how long the body is, how long the connection lasts and whom it is for: the client's alone."""
_VISIBLE: Final = bytes({0x09, *range(0x20, 0x7F), *range(0x80, 0x100)})
"""What the value of a field may have (RFC 9110, section 5.5)."""
_MOST_TEMPLATES: Final = 1024
_STANDARD: Final = {"https": 443, "http": 80}

_templates: dict[tuple[str, ...], tuple[str, int]] = {}


def opening(target: Target) -> bytes:
    """The first two lines of every request to a target, which only depend on it.

    Raises:
        SendError: `unusable_url`.
    """
    _, _, rest = target.url.partition("://")
    _, slash, path = rest.partition("/")
    host = f"[{target.host}]" if ":" in target.host else target.host
    if target.port != _STANDARD.get(target.scheme):
        host = f"{host}:{target.port}"
    line = f"{slash}{path}"
    if not (slash and line.isascii() and line.isprintable() and " " not in line and _HOST.fullmatch(target.host)):
        msg = "unusable_url"
        raise SendError(msg)
    return f"POST {line} HTTP/1.1\r\nhost: {host}\r\n".encode()


def request(start: bytes, headers: Mapping[str, str], body: bytes) -> bytes:
    """A whole request: one buffer, so that it is one write.

    Raises:
        SendError: `unusable_request`: a name that is none or the client's own, or a value with control characters.
    """
    names = tuple(headers)
    template, lines = _templates.get(names) or _template(names)
    try:
        fields = (template % (*headers.values(), len(body))).encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        msg = "unusable_request"
        raise SendError(msg) from None
    # All that is neither visible, a space nor a tab: the ends of our own lines, if the values are as they may be.
    if fields.translate(None, _VISIBLE) != b"\r\n" * lines:
        msg = "unusable_request"
        raise SendError(msg)
    return b"".join((start, fields, body))


def _template(names: tuple[str, ...]) -> tuple[str, int]:
    known = {name.lower() for name in names}
    if len(known) != len(names) or known & _OURS or not all(_TOKEN.fullmatch(name) for name in names):
        msg = "unusable_request"
        raise SendError(msg)
    lines = [f"{name.replace('%', '%%')}: %s" for name in names]
    if "accept" not in known:
        lines.append("accept: */*")
    if "accept-encoding" not in known:
        lines.append("accept-encoding: identity")  # what is kept of the answer is to be read by people
    lines.append("content-length: %d")
    made = "".join(f"{line}\r\n" for line in lines) + "\r\n", len(lines) + 1
    if len(_templates) >= _MOST_TEMPLATES:
        _templates.clear()
    _templates[names] = made
    return made
