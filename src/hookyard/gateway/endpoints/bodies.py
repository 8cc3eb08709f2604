"""What endpoints are changed and recovered with."""

from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec
from litestar import Request
from msgspec import Meta, Struct, field

from hookyard.config.scalars import parse_value
from hookyard.config.told import told
from hookyard.config.values import Duration
from hookyard.errors import Refused
from hookyard.gateway.body import raw_body
from hookyard.gateway.decode import refusal, require_utf8
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.moment import Moment, at, millis
from hookyard.gateway.paging import Cursors
from hookyard.outbound.recovery import Stretch
from hookyard.store.contract import DeliveryFilter
from hookyard.store.origins import origin_from

T = TypeVar("T", bound=Struct)
_DAY: Final = 86_400_000
Limit = Annotated[int, Meta(ge=1, le=500)]


def _day() -> Duration:
    """By a function, since msgspec writes no default of this type into a JSON Schema."""
    return Duration(_DAY)


class RotateEndpoint(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a secret is replaced."""

    kind: Literal["v1", "v1a"] = "v1"
    """Which secrets: those that sign `v1`, or the keys that sign `v1a`."""
    overlap: Duration = field(default_factory=_day)
    """For how long the old ones sign as well: seconds, or text such as `24h`; at most a year."""
    secret: Annotated[str, Meta(min_length=1, max_length=500)] | None = None
    """The new one, where it is not to be made here."""


class SendSample(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which sample is sent."""

    event: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    """The type of the event; one that the endpoint listens to if left out."""


class Window(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From when to when, of which events, and how much of it at once."""

    since: Moment
    """Then or later: RFC 3339 with an offset, or milliseconds since 1970 UTC."""
    until: Moment | None = None
    """Before."""
    limit: Limit = 500
    """How many rows to look at in this call."""
    cursor: str | None = None
    """The `next` of an earlier answer."""
    dry_run: bool = False
    """Only count; the pages are the same, and its cursors are good for the other kind too."""
    event: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    """Only those of this event, or with globs, such as `order.*`, of those that it takes."""

    def only(self) -> DeliveryFilter:
        """Which of what is in that time."""
        return DeliveryFilter(event=self.event)


class Filtered(Window, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which deliveries of a time."""

    error: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    """Only those with this word as their last error, such as `http_503`."""

    def only(self) -> DeliveryFilter:
        """Which of what is in that time."""
        return DeliveryFilter(event=self.event, error=self.error)


class Recover(Filtered, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which deliveries that failed for good are sent again: those made in this time."""

    waiting: bool = False
    """Also those that wait for their time: they are due at once, and their schedule goes on."""


class Purge(Filtered, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which deliveries are deleted: those made in this time."""

    statuses: Annotated[tuple[Literal["pending", "held", "delivered", "failed"], ...], Meta(min_length=1)] = ("failed",)


_Callback = Annotated[str, Meta(min_length=1, max_length=300)]
_ALL: Final = "*"


class RecoverCallbacks(Recover, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which deliveries to callback URLs are sent again."""

    callback: _Callback
    """To the callback URLs of this scheme, host and port, such as `https://ci.example.com`; `*` for all of them."""


class PurgeCallbacks(Purge, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which deliveries to callback URLs are deleted."""

    callback: _Callback
    """To the callback URLs of this scheme, host and port, such as `https://ci.example.com`; `*` for all of them."""


class Replay(Window, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From when to when something happened that the endpoint was not told."""


class Moved(Struct, frozen=True, kw_only=True):
    """What became of the deliveries that one call looked at."""

    count: int
    """How many were changed; in a dry run, how many would be."""
    next: str | None
    """The cursor to go on with; null when all were looked at."""
    dry_run: bool


class ReplayedView(Struct, frozen=True, kw_only=True):
    """What one call of a replay came to."""

    planned: int
    """Deliveries that were made, or in a dry run would be; what the endpoint has been told already is none."""
    looked_at: int
    """Jobs and events."""
    next: str | None
    """The cursor to go on with; null when all were looked at."""
    dry_run: bool


async def settings_of(request: Request[Any, Any, Any], deps: GatewayDeps, kind: type[T]) -> T:
    """Return the body of a request that may have lengths of time and rates in it, written as in YAML.

    Raises:
        Refused: it is too large, no JSON, or not what the type says.
    """
    return settings_from(await raw_body(request, deps), kind)


def settings_from(body: bytes, kind: type[T]) -> T:
    """The same of a body that was read.

    Raises:
        Refused: it is no JSON, or not what the type says.
    """
    try:
        require_utf8(body)
        return msgspec.json.decode(body or b"{}", type=kind, dec_hook=parse_value)
    except msgspec.ValidationError as error:
        raise _refusal(error, body, kind) from error
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise refusal(error, body=body) from error


def _refusal(error: msgspec.ValidationError, body: bytes, kind: type[Struct]) -> Refused:
    try:
        raw: object = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):  # what is wrong with its types came first
        return refusal(error, body=body)
    problem, path = told(error, raw, kind)
    return Refused("invalid_input", problem, path=path)


def origin_of(asked: RecoverCallbacks | PurgeCallbacks) -> str | None:
    """To which callback URLs; None: to all of them.

    Raises:
        Refused: it is no origin, or says more than one.
    """
    if asked.callback == _ALL:
        return None
    found = origin_from(asked.callback)
    if found is None:
        problem = "Say the scheme and the host only, such as https://ci.example.com, or * for all callback URLs."
        raise Refused("invalid_input", problem, path="$.callback")
    return found


def stretch_of(asked: Window, cursors: Cursors) -> Stretch:
    """What a call is about.

    Args:
        asked: its body.
        cursors: those that it goes on by.

    Raises:
        Refused: it ends before it begins, or goes on somewhere else.
    """
    since, until = at(asked.since), millis(asked.until)
    if until is not None and until <= since:
        raise Refused("invalid_input", "That is not after since.", path="$.until")
    after = cursors.row(asked.cursor)
    return Stretch(since=since, until=until, after=after, limit=asked.limit, dry_run=asked.dry_run)
