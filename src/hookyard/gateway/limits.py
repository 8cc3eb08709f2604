"""How often callers may come: per address before they are known, per principal after.

The algorithm is the generic cell rate algorithm (ITU-T I.371): of each caller only the time is kept at which all of
its allowance will be back.
"""

from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from typing import Final, Literal, NamedTuple

from hookyard.config.model import LimitSettings
from hookyard.config.values import Rate
from hookyard.errors import Refused
from hookyard.gateway.answer import Headers
from hookyard.gateway.refusals import Bound

MOST: Final = 50_000
"""Callers that are remembered for one limit: those with all of their allowance are forgotten first."""
_NETWORK: Final = 64

Kind = Literal["triggers", "reads", "changes"]


class Standing(NamedTuple):
    """How a caller stands after a request."""

    remaining: int
    """Requests that may come now."""
    reset: int
    """Seconds until the whole allowance is back."""
    wait: int
    """Seconds until the next may come; 0 when this one may."""


class Limiter:
    """One limit, for any number of callers.

    Args:
        name: what it is called in the answers' fields.
        rate: how many requests in how much time.
        now: the time in milliseconds.
    """

    def __init__(self, name: str, rate: Rate, now: Callable[[], int]) -> None:
        self.rate = rate
        self._interval = rate.per / rate.count
        self._now = now
        self._full_at: dict[str, float] = {}
        self._policy = f'"{name}";q={rate.count};w={max(1, round(rate.per / 1000))}'.encode()
        self._name = f'"{name}"'

    @property
    def known(self) -> int:
        """How many callers are remembered."""
        return len(self._full_at)

    def take(self, key: str) -> Standing:
        """Count a request, unless it is one too many."""
        now = self._now()
        # Never further ahead than it can be: a clock that goes back must not shut anybody out.
        full_at = min(max(self._full_at.get(key, 0), now), now + self.rate.per)
        later = full_at + self._interval
        if later - now > self.rate.per + 1e-6:
            return Standing(0, _seconds(full_at - now), max(1, _seconds(later - now - self.rate.per)))
        if len(self._full_at) >= MOST and key not in self._full_at:
            self._forget(now)
        self._full_at[key] = later
        return Standing(int((self.rate.per - (later - now)) / self._interval + 1e-6), _seconds(later - now), 0)

    def fields(self, standing: Standing) -> Headers:
        """The fields that tell a caller how it stands (draft-ietf-httpapi-ratelimit-headers-10)."""
        left = f"{self._name};r={standing.remaining};t={standing.reset}".encode()
        return [(b"ratelimit-policy", self._policy), (b"ratelimit", left)]

    def _forget(self, now: int) -> None:
        kept = {key: at for key, at in self._full_at.items() if at > now}
        if len(kept) >= MOST:  # the oldest tenth has to do
            kept = dict(list(kept.items())[MOST // 10 :])
        self._full_at = kept


class Limits:
    """All limits of the configuration.

    Args:
        now: the time in milliseconds.
    """

    def __init__(self, settings: LimitSettings, now: Callable[[], int]) -> None:
        self._now = now
        self.lines = Bound(now)
        """Of the log, for those who are refused."""
        self._known: dict[str, Limiter] = {}
        self.use(settings)

    def use(self, settings: LimitSettings) -> None:
        """Hold to these from now on; a limit that has not changed goes on counting."""
        wanted = {
            "peer": settings.peer,
            "failures": settings.failures,
            "triggers": settings.triggers,
            "reads": settings.reads,
            "changes": settings.changes,
        }
        known = self._known
        self._known = {
            name: known[name] if name in known and known[name].rate == rate else Limiter(name, rate, self._now)
            for name, rate in wanted.items()
            if rate is not None
        }
        self.peer = self._known.get("peer")
        self.triggers = self._known.get("triggers")

    def admit(self, peer: str | None) -> None:
        """Let a request of this address in.

        Raises:
            Refused: it is one too many.
        """
        if self.peer is not None and (wait := self.peer.take(address(peer)).wait):
            raise Refused("rate_limited", "Too many requests come from your address.", retry_after=wait)

    def failed(self, peer: str | None) -> None:
        """A request of this address came without a credential that is good.

        Raises:
            Refused: too many did; it is all the same to the caller whether this one was better.
        """
        limiter = self._known.get("failures")
        if limiter is not None and (wait := limiter.take(address(peer)).wait):
            raise Refused("rate_limited", "Too many requests without a valid credential.", retry_after=wait)

    def count(self, principal: str, kind: Kind) -> Headers:
        """Count a request of a principal; returns the fields of its answer.

        Raises:
            Refused: it is one too many; its `fields` are those of the answer.
        """
        limiter = self._known.get(kind)
        if limiter is None:
            return []
        standing = limiter.take(principal)
        if standing.wait:
            raise Exceeded(limiter.fields(standing), standing.wait, kind)
        return limiter.fields(standing)


class Exceeded(Refused):
    """A principal came too often."""

    def __init__(self, fields: Headers, wait: int, kind: Kind) -> None:
        super().__init__("rate_limited", f"Too many requests of this kind ({kind}).", retry_after=wait)
        self.fields = fields


def kind_of(method: str, path: str) -> Kind:
    """What kind of request it is."""
    if method in {"GET", "HEAD", "OPTIONS"}:
        return "reads"
    if path.startswith("/trigger/") or path.rstrip("/") in {"/api/v1/jobs", "/api/v1/jobs/bulk"}:
        return "triggers"
    return "changes"


def address(peer: str | None) -> str:
    """What counts as one address: of IPv6 the network, of which a caller commonly has all."""
    if peer is None or ":" not in peer:
        return peer or ""
    try:
        found = ip_address(peer.partition("%")[0])
    except ValueError:
        return peer
    if not isinstance(found, IPv6Address):
        return peer
    mapped = found.ipv4_mapped
    return str(mapped) if mapped is not None else format(int(found) >> _NETWORK, "x")


def _seconds(milliseconds: float) -> int:
    return -int(-milliseconds // 1000)
