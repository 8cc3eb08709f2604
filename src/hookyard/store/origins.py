"""Where callback URLs lead: by their origin, the scheme, the host and the port, those of one receiver are found."""

import re
from typing import Final

_STANDARD: Final = {"https": ":443", "http": ":80"}
_ORIGIN: Final = re.compile(r"(?i:https?)://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(:[0-9]{1,5})?/?")


def origin_of(url: str) -> str:
    """The origin of a callback URL, in lower case, without a port that its scheme has anyway.

    Of what was let in as a callback URL; of anything else it is some text that is the origin of nothing.
    """
    scheme, _, rest = url.partition("://")
    scheme = scheme.lower()
    authority = rest.partition("/")[0].partition("?")[0].lower()
    return f"{scheme}://{authority.removesuffix(_STANDARD.get(scheme, ''))}"


def origin_from(text: str) -> str | None:
    """The origin that somebody names, such as `https://ci.example.com`; None when that is none, or has more in it."""
    whole = _ORIGIN.fullmatch(text)
    return None if whole is None else origin_of(text)
