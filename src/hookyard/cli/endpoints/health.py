"""How endpoints are, in lines for a person who was woken up: what is wrong comes first, and what to do."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from hookyard.cli.endpoints.listing import state_of
from hookyard.config.values import Duration

_SECOND, _MINUTE, _HOUR, _DAY = 1000, 60_000, 3_600_000, 86_400_000
_OLD: Final = 10 * _MINUTE
"""A backlog whose oldest is older than that is wrong."""
_FINE: Final = 0.99
"""A success rate below that is wrong."""
_MOST_NAMED: Final = 10
_REASONS: Final = {
    "user": "somebody disabled it",
    "gone": "its receiver answered 410",
    "failing": "every attempt failed for too long",
    "receiver": "its receiver asked for it",
}

Row = Mapping[str, Any]


def ailing(rows: Sequence[Row]) -> list[Row]:
    """Those that are not well, the worst first.

    Broken ones, disabled ones, those that fail, those with dead letters of the last day, those to mend.
    """
    ranked = [(rank, row) for row in rows if (rank := _rank(row)) is not None]
    return [row for _, row in sorted(ranked, key=lambda one: (one[0], one[1]["name"]))]


def overview(rows: Sequence[Row], ill: Sequence[Row], numbers: Sequence[Row], now: int) -> Iterator[str]:
    """All endpoints on one screen.

    Args:
        rows: all of them, as their list shows them.
        ill: those that are not well.
        numbers: the statistics of the first of those.
        now: milliseconds.
    """
    off = sum(row["state"] == "off" and _rank(row) is None for row in rows)
    live = len(rows) - len(ill) - off
    yield f"{len(ill)} not well, {live} well, {off} off by their settings"
    for each in numbers:
        yield ""
        yield from report(each, now)
    rest = ill[len(numbers) :]
    if rest:
        yield ""
        yield from (f"{row['name']}: {state_of(row)}" for row in rest[:_MOST_NAMED])
        if len(rest) > _MOST_NAMED:
            yield f"... and {len(rest) - _MOST_NAMED} more: hookyard endpoints list --failing"


def report(found: Row, now: int) -> Iterator[str]:
    """One endpoint: its name, what is wrong with it, and its numbers."""
    wrong = list(_wrong(found, now))
    yield f"{found['name']}: {'well' if found['state'] == 'live' and not wrong else found['state']}"
    yield from (f"  ! {line}" for line in wrong)
    yield from (f"    {line}" for line in _numbers(found, now))
    yield from (f"  > {line}" for line in _advice(found))


def _rank(row: Row) -> int | None:
    for rank, member in enumerate(("problem", "disabled", "failing_since", "dead_letter_at", "warning")):
        if member in row:
            return rank
    return None


def _wrong(found: Row, now: int) -> Iterator[str]:
    backlog, line = found["backlog"], found.get("line", {})
    yield from (found[member] for member in ("problem", "warning") if member in found)
    if "disabled" in found:
        why = found["disabled"]
        yield f"disabled since {_ago(why['at'], now)}: {_REASONS.get(why['reason'], why['reason'])}"
    if "failing_since" in found:
        yield f"every attempt fails since {_ago(found['failing_since'], now)}"
    if "last_error" in found and ("failing_since" in found or found.get("success_rate", 1) < _FINE):
        last = found["last_error"]
        yield f"last error {last['error']} {_ago(last['at'], now)}: {last['event']}, delivery {last['delivery_id']}"
    # Of a disabled one it says nothing more; and an open one stays open until there is something to send.
    if line.get("breaker", "closed") != "closed" and "disabled" not in found:
        state = line["breaker"].replace("_", " ")
        if "breaker_until" in line and _millis(line["breaker_until"]) > now:
            yield f"its breaker is {state} until {line['breaker_until']}: nothing is sent meanwhile but a probe"
        else:
            yield f"its breaker is {state}: one delivery shows whether it goes on"
    if "paused_until" in line:
        yield f"its receiver asked for a pause until {line['paused_until']}"
    if backlog["oldest_at"] is not None and now - _millis(backlog["oldest_at"]) > _OLD:
        waiting = backlog["pending"] + backlog["held"] + backlog["sending"]
        yield f"{waiting} {'waits' if waiting == 1 else 'wait'}, the oldest since {_ago(backlog['oldest_at'], now)}"
    if backlog["failed"]:
        last = f", the last {_ago(found['dead_letter_at'], now)}" if "dead_letter_at" in found else ""
        yield _counted(backlog["failed"], "dead letter") + last
    if found.get("success_rate", 1) < _FINE:
        yield f"{found['failed']} of the last {_counted(found['attempts'], 'attempt')} failed"


def _numbers(found: Row, now: int) -> Iterator[str]:
    backlog, line = found["backlog"], found.get("line", {})
    if "success_rate" in found:
        tries = _counted(found["attempts"], "attempt")
        rate = f"{100 * found['success_rate']:.1f} % of {tries} since {found['since'][:16]}Z arrived"
        last = f", the last {_ago(found['last_success_at'], now)}" if "last_success_at" in found else ""
        yield rate + last
    else:
        yield "nothing was sent to it yet"
    if "latency" in found:
        times = found["latency"]
        yield "latency " + ", ".join(f"{name} {times[name]} ms" for name in ("p50", "p90", "p99", "max"))
    waiting = f"{backlog['pending']} pending, {backlog['held']} held, {backlog['sending']} taken"
    lowered = f", at most {line['rate']:g} a second" if "rate" in line else ""
    yield f"{waiting}, {_counted(line.get('active', 0), 'request')} under way{lowered}"


def _advice(found: Row) -> Iterator[str]:
    name = found["name"]
    if "last_error" in found and "failing_since" in found:
        yield f"hookyard deliveries attempts {found['last_error']['delivery_id']}   # what it answered"
    if "disabled" in found:
        since = found["disabled"]["at"]
        yield f"hookyard endpoints enable {name} && hookyard endpoints replay {name} --since {since}"
    elif "failing_since" in found:
        yield f"hookyard endpoints test {name} --wait   # once its receiver is mended"
    fails = "failing_since" in found or found.get("success_rate", 1) < _FINE
    if found["state"] == "live" and found["backlog"]["pending"] and fails:
        since = found["backlog"]["oldest_at"]
        yield f"hookyard endpoints recover {name} --since {since} --waiting   # sends now what waits for later"
    if found["backlog"]["held"] and fails:
        yield f"hookyard deliveries list --endpoint {name} --status pending   # what the held ones wait for"
    if found["backlog"]["failed"]:
        yield f"hookyard deliveries list --endpoint {name} --dead   # what failed for good, and of what"
        yield f"hookyard endpoints recover {name} --since 7d   # sends the dead letters again"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _ago(text: str, now: int) -> str:
    """A time with how long ago that is, in two units at most."""
    gone = max(0, now - _millis(text))
    unit = next((size for size in (_DAY, _HOUR, _MINUTE) if gone >= size), _SECOND)
    finer = {_DAY: _HOUR, _HOUR: _MINUTE}.get(unit, _SECOND)
    return f"{text[:19]}Z ({Duration(gone - gone % finer).text} ago)"


def _millis(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)
