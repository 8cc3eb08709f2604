"""How often callers may come: per address before they are known, per principal after.

The algorithm is the generic cell rate algorithm (ITU-T I.371): of each caller only the time is kept at which all of
its allowance will be back.
"""

from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from typing import Final, Literal, NamedTuple

from hookyard.bound import Bound
from hookyard.config.model import LimitSettings
from hookyard.config.values import Rate
from hookyard.errors import Refused
from hookyard.gateway.answer import Headers

MOST: Final = 50_000
"""Callers that are remembered for one limit: those with all of their allowance are forgotten first."""
_NETWORK: Final = 64

_WORK: Final = "/api/v1/work/"
Kind = Literal["triggers", "reads", "changes", "work"]


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

    def take(self, key: str, times: int = 1, counted: int = 0) -> Standing:
        """Count a request, unless it is one too many.

        Args:
            key: whose it is.
            times: as how many it counts.
            counted: as how many it has been counted before; when it is one too many now, it counts as none.
        """
        now = self._now()
        # Never further ahead than it can be: a clock that goes back must not shut anybody out.
        ahead = min(self._full_at.get(key, 0), now + self.rate.per) - counted * self._interval
        full_at = max(ahead, now)
        later = full_at + times * self._interval
        if later - now > self.rate.per + 1e-6:
            if counted:
                self._full_at[key] = full_at
            return self._standing(full_at - now, max(1, _seconds(later - now - self.rate.per)))
        if len(self._full_at) >= MOST and key not in self._full_at:
            self._forget(now)
        self._full_at[key] = later
        return self._standing(later - now, 0)

    def fields(self, standing: Standing) -> Headers:
        """The fields that tell a caller how it stands (draft-ietf-httpapi-ratelimit-headers-10)."""
        left = f"{self._name};r={standing.remaining};t={standing.reset}".encode()
        return [(b"ratelimit-policy", self._policy), (b"ratelimit", left)]

    def _standing(self, ahead: float, wait: int) -> Standing:
        return Standing(int((self.rate.per - ahead) / self._interval + 1e-6), _seconds(ahead), wait)

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
        self._sources: dict[str, Limiter] = {}
        self.use(settings)

    def use(self, settings: LimitSettings) -> None:
        """Hold to these from now on; a limit that has not changed goes on counting."""
        wanted = {
            "peer": settings.peer,
            "failures": settings.failures,
            "triggers": settings.triggers,
            "reads": settings.reads,
            "changes": settings.changes,
            "work": settings.work,
        }
        known = self._known
        self._known = {
            name: known[name] if name in known and known[name].rate == rate else Limiter(name, rate, self._now)
            for name, rate in wanted.items()
            if rate is not None
        }
        self.peer = self._known.get("peer")
        self.triggers = self._known.get("triggers")

    def of_source(self, name: str, rate: Rate) -> Limiter:
        """The limit of a source's verified requests; one that has not changed goes on counting."""
        known = self._sources.get(name)
        if known is None or known.rate != rate:
            known = self._sources[name] = Limiter("source", rate, self._now)
        return known

    def admit(self, peer: str | None) -> None:
        """Let a request of this address in.

        Raises:
            Exceeded: it is one too many.
        """
        if self.peer is not None and (standing := self.peer.take(address(peer))).wait:
            raise Exceeded(self.peer, standing, "Too many requests come from your address.")

    def failed(self, peer: str | None) -> None:
        """A request of this address came without a credential that is good.

        Raises:
            Exceeded: too many did; it is all the same to the caller whether this one was better.
        """
        limiter = self._known.get("failures")
        if limiter is not None and (standing := limiter.take(address(peer))).wait:
            raise Exceeded(limiter, standing, "Too many requests without a valid credential.")

    def count(self, principal: str, kind: Kind) -> Headers:
        """Count a request of a principal; returns the fields of its answer.

        Raises:
            Exceeded: it is one too many.
        """
        limiter = self._known.get(kind)
        if limiter is None:
            return []
        standing = limiter.take(principal)
        if standing.wait:
            raise Exceeded(limiter, standing, f"Too many requests of this kind ({kind}).")
        return limiter.fields(standing)

    def count_jobs(self, principal: str, jobs: int) -> Headers:
        """Count a request that has been counted as one trigger as one for each of its jobs; returns the fields.

        Raises:
            Refused: there may never be so many at once (`invalid_input`).
            Exceeded: there may not be so many now. It then counts as none.
        """
        limiter = self.triggers
        if limiter is None:
            return []
        most = limiter.rate.count
        if jobs > most:
            detail = f"{jobs} jobs are more than may ever come at once: limits.triggers allows {most}."
            raise Refused("invalid_input", detail, path="$.jobs")
        standing = limiter.take(principal, jobs, counted=1)
        if standing.wait:
            raise Exceeded(limiter, standing, f"{jobs} jobs are too many now (triggers).")
        return limiter.fields(standing)


class Exceeded(Refused):
    """Somebody came too often."""

    def __init__(self, limiter: Limiter, standing: Standing, detail: str) -> None:
        super().__init__("rate_limited", detail, retry_after=standing.wait)
        self.fields = limiter.fields(standing)
        """Of the answer."""


def kind_of(method: str, path: str) -> Kind | None:
    """What kind of request it is; None: no principal is ever refused it.

    What a worker says of a job that it holds is such: without it the lease would be lost, and the work done again.
    """
    if method in {"GET", "HEAD", "OPTIONS"}:
        return "reads"
    bare = path.rstrip("/")
    if path.startswith("/trigger/") or bare in {"/api/v1/jobs", "/api/v1/jobs/bulk"}:
        return "triggers"
    if path.startswith(_WORK):
        return "work" if method == "PUT" or bare == f"{_WORK}claim" else None
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
