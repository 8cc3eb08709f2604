"""What the configuration says of single commands, held against what they are; and chains by their types."""

import pytest
from tests.unit.host.lab import Yard

from hookyard.config import loads
from hookyard.host.load import load
from hookyard.host.registry import Registry

PLUGIN = """
from msgspec import Struct
from hookyard import Context, JobFailure, Plugin{imports}

plugin = Plugin("{name}")

class Order(Struct):
    repo: str
    number: int = 0

class Receipt(Struct):
    text: str

@plugin.command{options}
async def take(data: Order, ctx: Context) -> Receipt:
    return Receipt(data.repo)

@plugin.command
async def read(data: Receipt, ctx: Context) -> Order:
    return Order(data.text)

@plugin.command
async def sorry(data: JobFailure, ctx: Context) -> None:
    return None
"""


def loaded(yard: Yard, settings: str = "{}", options: str = "", imports: str = "") -> Registry:
    yard.write("shop.py", PLUGIN.format(name="shop", options=options, imports=imports))
    config = loads(f"plugin_dirs: [plugins]\ncommands: {settings}\n")
    return load(config, yard.base)


def test_what_is_set_holds_and_the_rest_stays_as_the_command_has_it(yard: Yard) -> None:
    registry = loaded(
        yard,
        "{shop/take: {concurrency: {key: payload.repo, limit: 2}, retry: {attempts: 7}, timeout: 5s, priority: 3,"
        " unique: skip, debounce: 2s, max_result: 10B, on_success: [shop/read], on_failure: [shop/sorry]}}",
        options="(retry=Retry(base=3.0), priority=1)",
        imports=", Retry",
    )
    assert registry.problems == ()
    command = registry.commands["shop/take"]
    assert (command.retry.attempts, command.retry.base, command.max_attempts) == (7, 3.0, 7)
    assert (command.timeout, command.priority, command.max_result) == (5000, 3, 10)
    assert command.keyed is not None
    assert (command.keyed.text, command.key_limit) == ("payload.repo", 2)
    assert (command.unique, command.debounce, command.debounce_max) == ("skip", 2000, 20_000)
    assert (command.on_success, command.on_failure) == (("shop/read",), ("shop/sorry",))
    plain = registry.commands["shop/read"]
    assert (plain.plain, plain.retry.attempts, plain.priority) == (True, 4, 0)


@pytest.mark.parametrize(
    ("settings", "path", "why"),
    [
        ("{shop/take: {concurrency: {key: payload.rep}}}", "commands.shop/take.concurrency.key", "has no member 'rep'"),
        ("{shop/take: {concurrency: {key: repo}}}", "commands.shop/take.concurrency.key", "is no path into the input"),
        ("{shop/take: {unique: {key: payload.number.x}}}", "commands.shop/take.unique.key", "has no member 'x'"),
        (
            "{shop/take: {unique: queue, concurrency: {key: payload.repo}}}",
            "commands.shop/take.unique",
            "which needs a concurrency key of its own",
        ),
        (
            "{shop/take: {debounce: 5s, debounce_max: 1s}}",
            "commands.shop/take.debounce_max",
            "not be less than debounce",
        ),
        ("{shop/take: {retry: {base: 10m}}}", "commands.shop/take.retry", "retry.cap is only 300.0 s"),
        ("{shop/taek: {timeout: 5s}}", "commands.shop/taek", "there is no such command; did you mean shop/take?"),
        (
            "{shop/take: {on_success: [shop/nobody]}}",
            "commands.shop/take.on_success[0]",
            "there is no command shop/nobody",
        ),
        (
            "{shop/take: {on_success: [shop/take]}}",
            "commands.shop/take.on_success[0]",
            "shop/take does not take what shop/take gives",
        ),
        (
            "{shop/take: {on_failure: [shop/read]}}",
            "commands.shop/take.on_failure[0]",
            "shop/read does not take a JobFailure",
        ),
        (
            "{shop/take: {on_success: [shop/read]}, shop/read: {on_success: [shop/take]}}",
            "commands.shop/take",
            "the chain shop/take -> shop/read -> shop/take is a circle, and would never end",
        ),
    ],
)
def test_wrong_settings_of_a_command_are_problems_with_their_place(
    yard: Yard, settings: str, path: str, why: str
) -> None:
    problems = loaded(yard, settings).problems
    assert path in [at for at, _ in problems]
    assert why in dict(problems)[path]


def test_a_chain_that_a_plugin_declares_wrongly_names_the_plugin_and_the_command(yard: Yard) -> None:
    problems = loaded(yard, options='(on_success="shop/sorry")').problems
    ((path, why),) = problems
    assert path == "plugins.shop"
    assert why.startswith("its command take, on_success: shop/sorry does not take what shop/take gives: at ")


def test_a_chain_to_a_plugin_that_does_not_run_is_held_against_nobody(yard: Yard) -> None:
    yard.write("broken.py", "raise ValueError")
    assert loaded(yard, "{shop/take: {on_success: [broken/run]}, broken/run: {timeout: 5s}}").problems == ()


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ('(concurrency=Keyed("payload.rep"))', "payload of Order has no member 'rep'"),
        ('(concurrency=Keyed("payload.repo", 0))', "the limit of its concurrency key is 0, and must be from 1"),
        ('(concurrency=Keyed("payload.repo"), unique="queue")', "unique is 'queue', which needs a concurrency key"),
        ('(unique=Unique("skip", "repo"))', "'repo' is no path into the input"),
        ('(unique="sometimes")', "an option is wrong"),
        ("(debounce=0.0)", "debounce is 0.0 s, and must be more than 0"),
        ('(on_failure="sorry")', "on_failure is 'sorry', and must be a command, written plugin/command"),
    ],
)
def test_a_wrong_option_is_refused_where_it_is_declared(yard: Yard, options: str, why: str) -> None:
    found = loaded(yard, options=options, imports=", Keyed, Unique").plugins
    (record,) = (each for each in found if each.name == "shop")
    assert record.state == "failed"
    assert record.reason is not None
    assert "shop.py" in record.reason
    assert why in record.reason
    assert "async def take" in record.reason


def test_the_schema_of_a_failure_is_taken_by_who_declares_it(yard: Yard) -> None:
    assert loaded(yard, options='(on_failure="shop/sorry", on_success=("shop/read",))').problems == ()
