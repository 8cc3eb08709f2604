"""Points in time as callers give them."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from msgspec import Meta

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
LATEST: Final = 253_402_300_799_999
"""The end of the year 9999, the last that RFC 3339 can write."""

Moment = Annotated[datetime, Meta(tz=True)] | Annotated[int, Meta(ge=0, le=LATEST)]
"""RFC 3339 with an offset, or milliseconds since 1970 UTC."""


def at(moment: Moment) -> int:
    """The moment in milliseconds UTC; one before 1970 is its beginning."""
    if isinstance(moment, int):
        return moment
    return min(max(0, (moment - _EPOCH) // _MILLISECOND), LATEST)


def millis(moment: Moment | None) -> int | None:
    """The same, where it is given."""
    return None if moment is None else at(moment)
