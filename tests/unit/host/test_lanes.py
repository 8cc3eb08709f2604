"""What the configuration and the plugins say about lanes, and what comes of it."""

from textwrap import dedent

import pytest
from tests.unit.host.lab import GOOD, Yard

from hookyard import Breaker
from hookyard.config import Rate, loads
from hookyard.host.load import load
from hookyard.host.registry import Registry

BREAKS = """
from hookyard import Breaker
@plugin.command(breaker=Breaker(failures=7, cooldown=9, probes=2))
async def breaks(data: In, ctx: Context) -> Out: ...
"""


def configured(yard: Yard, text: str) -> Registry:
    """What loading gives with these lines of configuration."""
    return load(
        loads(dedent(text) + "\nplugin_dirs: [plugins]\n" if text != "{}" else "plugin_dirs: [plugins]"), yard.base
    )


def test_limits_of_a_plugin_are_of_all_its_lanes_and_of_a_lane_of_its_name_that_lane_s(yard: Yard) -> None:
    yard.write("a.py")
    registry = configured(
        yard,
        """
        lanes:
          a: {limit: 4, rate: 10/1s, burst: 2}
          a/run: {rate: 100/1m, max_queued: 5}
        commands:
          a/run: {rate: 1/1s, max_queued: 9, breaker: {failures: 2, cooldown: 1m}}
        """,
    )
    assert registry.problems == ()
    rule = registry.lane_rules["a/run"]
    assert (rule.limit, rule.rate, rule.burst, rule.max_queued) == (256, Rate(100, 60_000), None, 5)
    assert rule.breakers == (("a/run", Breaker(failures=2, cooldown=60.0, probes=1)),)
    plugin = registry.plugin_lanes["a"]
    assert (plugin.limit, plugin.rate, plugin.burst) == (4, Rate(10, 1000), 2)


def test_a_command_s_breaker_is_what_it_declares_changed_or_taken_away_by_the_configuration(yard: Yard) -> None:
    yard.write("a.py", GOOD.format(name="a") + BREAKS)
    (found,) = configured(yard, "{}").lane_rules["a/breaks"].breakers
    assert found == ("a/breaks", Breaker(failures=7, cooldown=9.0, probes=2))
    (changed,) = configured(yard, "commands: {a/breaks: {breaker: {probes: 3}}}").lane_rules["a/breaks"].breakers
    assert changed == ("a/breaks", Breaker(failures=7, cooldown=9.0, probes=3))
    assert configured(yard, "commands: {a/breaks: {breaker: off}}").lane_rules["a/breaks"].breakers == ()


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        ("lanes: {a: {max_queued: 3}}", "lanes.a.max_queued", "jobs wait in a lane, not in a plugin"),
        ("lanes: {a/run: {burst: 3}}", "lanes.a/run.burst", "it is the burst of a rate, and there is none"),
        ("lanes: {b: {limit: 3}}", "lanes.b", "no plugin has this name"),
    ],
)
def test_what_cannot_be_so_about_a_lane_is_a_problem_with_its_place(
    yard: Yard, text: str, path: str, message: str
) -> None:
    yard.write("a.py")
    ((found, said),) = configured(yard, text).problems
    assert found == path
    assert said.startswith(message)
