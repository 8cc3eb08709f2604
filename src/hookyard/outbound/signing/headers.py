"""Headers that an endpoint may have of its own, and those that it may not: what signs, what frames, what is hop-by-hop.

Sources: RFC 9110, sections 5.5, 5.6.2 and 7.6.1.
"""

import re
from typing import Final

LONGEST: Final = 8192
"""Bytes of a value."""
_TOKEN: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,200}")
_VALUE: Final = re.compile(r"[ -~]*")
_SIGNING: Final = frozenset(
    {"x-webhook-signature", "x-webhook-event", "x-webhook-delivery", "x-webhook-timestamp", "content-digest"}
)
_FRAMING: Final = frozenset(
    {"host", "content-length", "content-type", "content-encoding", "transfer-encoding", "expect"}
)  # fmt: skip
_HOP: Final = frozenset({"connection", "keep-alive", "te", "trailer", "upgrade", "http2-settings"})


def header_problem(name: str, value: str) -> str | None:
    """What forbids a header, continuing "the header ..."; None when it may be sent. It never quotes the value."""
    if _TOKEN.fullmatch(name) is None:
        return "has a name that is none: it takes letters, digits and !#$%&'*+.^_`|~-, at most 200"
    lower = name.lower()
    if lower in _SIGNING or lower.startswith(("webhook-", "signature")):
        return f"{name} is one of those that sign, which Hookyard makes itself"
    if lower in _FRAMING:
        return f"{name} says how the request is written, which is Hookyard's to say"
    if lower in _HOP or lower.startswith("proxy-"):
        return f"{name} is about the connection and not about the request"
    if len(value) > LONGEST:
        return f"{name} is longer than {LONGEST} bytes"
    if _VALUE.fullmatch(value) is None:
        return f"{name} has characters that are not printable ASCII"
    if value != value.strip():
        return f"{name} has blanks around its value, which no receiver gets to see"
    return None
