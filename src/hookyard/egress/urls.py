"""A narrow reading of URLs: what two parsers might read differently is refused and never reaches the client.

The host is an ASCII name, a dotted IPv4 address or a bracketed IPv6 address. Everything that browsers and C
libraries take besides (`2130706433`, `0x7f.1`, `0177.0.0.1`, `127.1`, percent-encoding, backslashes, user
info) is refused.
"""

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final

from msgspec import Struct

from hookyard.errors import HookyardError
from hookyard.networks import Address, unwrapped

MOST: Final = 2048
"""Characters in a URL."""
_URL: Final = re.compile(r"(?i:(https?))://([^/?#]*)(/[^?#]*)?(\?[^#]*)?")
_AUTHORITY: Final = re.compile(r"(\[[0-9A-Fa-f:.]*\]|[A-Za-z0-9_.-]*)(?::([0-9]{1,5}))?")
_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
_LONGEST_NAME: Final = 253


class UrlError(HookyardError):
    """A text is no URL that may be called; the message says why and does not quote it."""


class Url(Struct, frozen=True):
    """A URL that every parser reads alike."""

    text: str
    """In canonical form: what is sent to."""
    scheme: str
    host: str
    """Lower case, without trailing dot, IPv6 without brackets; what TLS checks the certificate against."""
    port: int
    address: Address | None
    """The host's address where the URL names one."""


def parse(text: str) -> Url:
    """Read a URL.

    Raises:
        UrlError: it is none, or can be misunderstood.
    """
    if len(text) > MOST:
        raise _error(f"is longer than {MOST} characters")
    if not (text.isascii() and text.isprintable()) or " " in text:
        raise _error("has control, space or non-ASCII characters; write a name as xn--, a path percent-encoded")
    if "\\" in text:
        raise _error("has a backslash")
    found = _URL.fullmatch(text)
    if found is None:
        raise _error("is not an absolute http or https URL without a fragment")
    scheme, authority, path, query = found[1].lower(), found[2], found[3] or "/", found[4] or ""
    if "@" in authority:
        raise _error("carries a user name or a password")
    parts = _AUTHORITY.fullmatch(authority)
    if parts is None or not parts[1]:
        raise _error("has no plain host name, or a port that is no number")
    host, address = _host(parts[1].lower())
    standard = 443 if scheme == "https" else 80
    port = int(parts[2]) if parts[2] else standard
    if not 1 <= port <= 65535:  # noqa: PLR2004  what sixteen bits hold
        raise _error("has a port outside of 1 to 65535")
    shown = f"[{host}]" if isinstance(address, IPv6Address) else host
    suffix = "" if port == standard else f":{port}"
    return Url(f"{scheme}://{shown}{suffix}{path}{query}", scheme, host, port, address)


def _host(text: str) -> tuple[str, Address | None]:
    try:
        if text.startswith("["):
            address = unwrapped(IPv6Address(text[1:-1]))
            return str(address), address
        name = text.removesuffix(".")
        labels = name.split(".")
        # Whatever ends in a number is an address to the URL standard, and to no one a name.
        if _NUMBER.fullmatch(labels[-1]):
            return name, IPv4Address(name)
    except AddressValueError:
        raise _error("has an address that is not written in full, as 192.0.2.1 or [2001:db8::1]") from None
    if len(name) > _LONGEST_NAME or not all(_LABEL.fullmatch(label) for label in labels):
        raise _error("has a host that is no DNS name")
    return name, None


def _error(message: str) -> UrlError:
    return UrlError(message)
