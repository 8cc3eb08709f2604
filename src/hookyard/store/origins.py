"""Where callback URLs lead: by their origin, the scheme, the host and the port, those of one receiver are found.

However a receiver is spelled, it has one origin: what is counted under it, put off for it, brought forward and
recovered is the same. Of URLs that :mod:`hookyard.egress.urls` lets in, two have the same origin when requests to both
go to the same place.
"""

import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address
from typing import Final

from hookyard.networks import unwrapped

_STANDARD: Final = {"https": 443, "http": 80}
_ORIGIN: Final = re.compile(r"(?i:https?)://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(:[0-9]{1,5})?/?")
_AUTHORITY: Final = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::([0-9]{1,5}))?")


def origin_of(url: str) -> str:
    """The origin of a callback URL.

    In lower case, the host without a dot at its end, an IPv6 address in its short form, and without a port that the
    scheme has anyway. Of what could not be a callback URL it is some text that is the origin of nothing.
    """
    scheme, _, rest = url.partition("://")
    return _origin(scheme.lower(), rest.partition("/")[0].partition("?")[0].lower())


def origin_from(text: str) -> str | None:
    """The origin that somebody names, such as `https://ci.example.com`; None when that is none, or has more in it."""
    whole = _ORIGIN.fullmatch(text)
    return None if whole is None else origin_of(text)


@lru_cache(maxsize=4096)  # a walk through what waits asks it of every row, mostly of the same few
def _origin(scheme: str, authority: str) -> str:
    found = _AUTHORITY.fullmatch(authority)
    if found is None:
        return f"{scheme}://{authority}"
    host, standard = _host(found[1]), _STANDARD.get(scheme)
    port = standard if found[2] is None else int(found[2])
    return f"{scheme}://{host}" if port == standard else f"{scheme}://{host}:{port}"


def _host(text: str) -> str:
    if not text.startswith("["):
        return text.removesuffix(".")
    try:
        address = unwrapped(IPv6Address(text[1:-1]))
    except AddressValueError:
        return text
    return f"[{address}]" if isinstance(address, IPv6Address) else str(address)
