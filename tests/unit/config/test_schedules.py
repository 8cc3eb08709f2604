"""Schedules in the configuration: what is wrong is said with its place, and what is right keeps its meaning."""

import pytest

from hookyard.config import loads
from hookyard.config.schedules.rule import rule_of
from hookyard.config.schedules.spec import decode_spec, encode_spec
from hookyard.errors import ConfigError


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        loads(f"schedules:\n  a: {{run: p/c, {text}}}\n", environ={})
    return [f"{problem.path}: {problem.message}" for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "path", "word"),
    [
        ("timezone: UTC", "schedules.a", "found none"),
        ("every: 1h, cron: '* * * * *'", "schedules.a.every", "found cron and every"),
        ("cron: '0 0 30 2 *'", "schedules.a.cron", "day-of-month"),
        ("cron: '* * * *'", "schedules.a.cron", "found 4"),
        ("cron: '@reboot'", "schedules.a.cron", "five fields"),
        ("every: 10ms", "schedules.a.every", "at least 1s"),
        ("every: soon", "schedules.a.every", "a duration"),
        ("at: '2027-01-06T08:30:00'", "schedules.a.at", "no offset"),
        ("at: ['2027-01-06T08:30:00Z', noon]", "schedules.a.at[1]", "no time"),
        ("at: []", "schedules.a.at", "at least 1"),
        ("every: 1h, start: '1969-01-01T00:00:00Z'", "schedules.a.start", "1970"),
        ("every: 1h, start: '2027-01-02T00:00:00Z', end: '2027-01-01T00:00:00Z'",
         "schedules.a.end", "before the start"),
        ("every: 1h, end: '1999-01-01T00:00:00Z', start: '1998-12-31T23:59:00+14:00', at: '1999-01-01T00:00:00Z'",
         "schedules.a.at", "exactly one"),
        ("every: 1h, jitter: 2h", "schedules.a.jitter", "longer"),
        ("cron: '*/5 9 * * *', jitter: 6m", "schedules.a.jitter", "longer"),
        ("every: 1d, only_between: {from: '09:00', until: '17:00'}", "schedules.a.every", "never comes"),
        ("every: 1h, only_between: {from: '09:00', until: '09:00'}", "schedules.a.only_between.until", "begins"),
        ("every: 1h, only_between: [{from: '9', until: '10:00'}]", "schedules.a.only_between[0].from", "time of day"),
        ("every: 1h, only_between: {from: '09:00', until: '10:00', days: [monday]}",
         "schedules.a.only_between.days[0]", "did you mean mon"),
        ("every: 1h, not_on: [2026-13-01]", "schedules.a.not_on[0]", "neither a weekday"),
        ("every: 1h, not_on: [mon, tue, wed, thu, fri, sat, sun]", "schedules.a.every", "never comes"),
        ("every: 1h, timezone: Mars/Olympus", "schedules.a.timezone", "IANA"),
        ("every: 1h, catch_up: most", "schedules.a.catch_up", "skip, one or all"),
        ("every: 1h, if_running: allow", "schedules.a.if_running", "skip, queue or cancel"),
        ("every: 1h, timeout: 0s", "schedules.a.timeout", "at least 1 ms"),
        ("every: 1h, often: true", "schedules.a.often", "unknown key"),
        ("after: {delay: 5m}", "schedules.a.after", "exactly one"),
        ("after: {schedule: a, command: p/c}", "schedules.a.after.command", "exactly one"),
        ("after: {schedule: b}", "schedules.a.after.schedule", "no schedule 'b'"),
        ("after: {server: started}, jitter: 1m", "schedules.a.jitter", "delay instead"),
        ("after: {server: started}, not_on: [sun]", "schedules.a.after", "by time"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(text: str, path: str, word: str) -> None:
    (problem,) = problems(text)
    assert problem.startswith(f"{path}: ")
    assert word in problem


def test_a_rule_that_is_over_still_loads() -> None:
    config = loads("schedules:\n  a: {run: p/c, at: '1999-01-01T00:00:00Z'}\n", environ={})
    assert rule_of(config.schedules["a"]).after(1_700_000_000_000) is None


def test_what_is_stored_means_the_same_again() -> None:
    config = loads(
        """
schedules:
  a:
    run: p/c
    with: {at: $fire_time, list: [1, {b: 2}], text: $$fire_time}
    cron: "30 8 * * 1-5"
    timezone: Europe/Berlin
    jitter: 90s
    only_between: [{from: "08:00", until: "18:00", days: [mon, fri]}]
    not_on: [sun, 12-25]
    catch_up: all
    timeout: 1h30m
    tags: [one]
  b: {run: p/c, after: {schedule: a, delay: 10m}}
""",
        environ={},
    )
    for settings in config.schedules.values():
        spec = encode_spec(settings)
        assert decode_spec(spec) == settings
        assert encode_spec(decode_spec(spec)) == spec
    assert encode_spec(config.schedules["b"]) == b'{"after":{"delay":"10m","schedule":"a"},"run":"p/c"}'
