"""What the doctor finds in the store: queues that stand still, failures, tokens, the clock."""

from collections.abc import Iterable, Iterator
from typing import Final

from hookyard.cli.doctor.endpoints import examine_endpoints
from hookyard.cli.doctor.finding import Finding
from hookyard.clock import rfc3339
from hookyard.config.model import Config
from hookyard.model import EVERY_LANE, Token
from hookyard.store.sqlite.inspect import Insight

_MINUTE, _DAY = 60_000, 86_400_000
BEHIND: Final = _MINUTE
"""Milliseconds by which the clock may be behind the last id."""
WAITS: Final = 10 * _MINUTE
_SOON: Final = 14 * _DAY
_WAL: Final = 256 << 20


def examine_store(found: Insight, config: Config, commands: frozenset[str], now: int) -> Iterator[Finding]:
    """Judge what is in a store.

    Args:
        found: what is in it.
        config: what is served with it.
        commands: those that can be called, as `plugin/command`.
        now: the time.
    """
    if found.schema < found.newest_schema:
        yield Finding(
            "info",
            "store.schema",
            f"the store has schema {found.schema}, this Hookyard has {found.newest_schema}",
            "The next start brings it up to date; an older Hookyard cannot use it after that.",
            "Make a backup before: hookyard db backup TARGET",
        )
        return
    if found.last_id_at is not None and found.last_id_at > now + BEHIND:
        yield Finding(
            "error",
            "clock.behind",
            f"the clock says {rfc3339(now)}, but something was stored at {rfc3339(found.last_id_at)}",
            "Delayed jobs and retries wait until the clock has caught up; leases and schedules go by it too.",
            "Set the clock, and keep it set by NTP: timedatectl set-ntp true",
        )
    if found.wal_bytes > _WAL:
        yield Finding(
            "warning",
            "store.wal",
            f"the write-ahead log has {found.wal_bytes >> 20} MiB",
            "Something reads the file and does not end, so that the log cannot be moved into it; reading gets slower.",
            "Look for SQLite shells and copies under way that have the file open: fuser -v FILE",
        )
    yield from _queues(found, commands, now)
    yield from _failures(found)
    yield from examine_endpoints(found, config, now)
    yield from examine_tokens(found.tokens, config, now)


def _queues(found: Insight, commands: frozenset[str], now: int) -> Iterator[Finding]:
    paused = {pause.lane for pause in found.pauses}
    for pause in found.pauses:
        name = "every lane" if pause.lane == EVERY_LANE else f"the lane {pause.lane}"
        yield Finding(
            "warning",
            "lane.paused",
            f"{name} is paused since {rfc3339(pause.since)}, by {pause.by}" + (pause.reason and f": {pause.reason}"),
            "Its jobs wait, and are started by nobody.",
            f"hookyard lanes resume '{pause.lane}', once what it was paused for is over",
        )
    for one in found.wanted:
        if one.name not in commands:
            yield Finding(
                "warning",
                "lane.nobody",
                f"{one.count} queued jobs are for {one.name}, which is not there",
                "They wait until the command comes back.",
                "Enable or install its plugin, or cancel the jobs.",
            )
    for lane in found.waiting:
        if now - lane.since > WAITS and lane.lane not in paused and EVERY_LANE not in paused:
            yield Finding(
                "warning",
                "lane.backlog",
                f"{lane.count} jobs of the lane {lane.lane} are due, one of them since {rfc3339(lane.since)}",
                "More comes in than is done, or nobody does it.",
                "Start the server or the lane's workers; raise the lane's limit; look at how long its jobs run.",
            )
    if found.stuck:
        yield Finding(
            "warning",
            "jobs.stuck",
            f"{found.stuck} running jobs have lost their worker",
            "A server gives them another attempt within half a lease; if it runs, it does not get to it.",
            "Start the server, or look at its log for `janitor`.",
        )


def _failures(found: Insight) -> Iterator[Finding]:
    for one in found.dead:
        yield Finding(
            "warning",
            "jobs.dead",
            f"{one.count} jobs of {one.name} that were made in the last week have used up their attempts",
            "They are dead letters: nobody tries them again.",
            "See why: hookyard jobs list --dead; then run them again: POST /api/v1/jobs/retry with "
            '{"filter": {"dead": true}, "force": true}',
        )


def examine_tokens(tokens: Iterable[Token], config: Config, now: int) -> Iterator[Finding]:
    """Judge who can call, by the tokens of the store and those of the configuration."""
    good = [
        token for token in tokens if token.revoked_at is None and (token.expires_at is None or token.expires_at > now)
    ]
    if not good and not config.tokens:
        yield Finding(
            "warning",
            "tokens.none",
            "there is no token that is good",
            "Nobody can call, unless a plugin or an issuer of JSON Web Tokens lets them in.",
            "hookyard token bootstrap, or hookyard token new for the configuration",
        )
    for token in good:
        if token.expires_at is not None and token.expires_at - now < _SOON and token.replaced_by is None:
            yield Finding(
                "warning",
                "tokens.expiring",
                f"the token {token.name} is good until {rfc3339(token.expires_at)}",
                "After that whoever uses it gets 401.",
                f"Rotate it: POST /api/v1/tokens/{token.id}/rotate",
            )
