"""What becomes of a plugin that is found."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.unit.host.lab import GOOD, Yard

from hookyard.config.model import Config, JobSettings, PluginSettings
from hookyard.config.values import Duration
from hookyard.host.load import load
from hookyard.host.threads import apart

Project = Callable[..., Path]

CONFIGURED = """
from msgspec import Struct
from hookyard import Context, Plugin
class Deep(Struct): port: int
class Config(Struct):
    token: str
    deep: Deep | None = None
plugin = Plugin("a", config=Config)
class In(Struct): x: int = 0
@plugin.command
async def run(data: In, ctx: Context[Config]) -> str:
    return ctx.config.token
"""


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("x = 1\nraise ValueError('no\\nway')", "ValueError: no way ({file}:2)"),
        ("import sys\nsys.exit(3)", "SystemExit: 3 ({file}:2)"),
        ("raise GeneratorExit", "GeneratorExit ({file}:1)"),
        ("class Odd(BaseException): pass\nraise Odd('hm')", "Odd: hm ({file}:2)"),
        ("import json\njson.loads('{')", "JSONDecodeError: "),
        ("import nowhere_to_be_found", "ModuleNotFoundError: No module named 'nowhere_to_be_found' ({file}:1)"),
        ("def broken(:\n", "SyntaxError: invalid syntax ({file}:1)"),
        ("x = 1", "'plugin' in {file} is nothing, and must be a hookyard.Plugin"),
        ("plugin = 'hello'", "'plugin' in {file} is a str, and must be a hookyard.Plugin"),
        ("from hookyard import Plugin\nplugin = Plugin('b')", "it is Plugin('b'), and the configuration would know it"),
    ],
)
def test_a_broken_plugin_is_a_state_with_its_reason_and_its_place(yard: Yard, source: str, reason: str) -> None:
    file = yard.write("a.py", source)
    yard.write("good.py")
    record = yard.record("a")
    assert record.state == "failed"
    assert record.reason is not None
    assert record.reason.startswith(reason.format(file=file))
    assert list(yard.load().commands) == ["good/run"]


def test_a_failure_deep_in_a_library_is_placed_in_the_plugins_own_code(yard: Yard) -> None:
    helper = yard.write("a/helper.py", "import json\n\ndef go():\n    json.loads('{')\n")
    yard.write("a/__init__.py", "from .helper import go\ngo()\n")
    reason = yard.record("a").reason
    assert reason is not None
    assert reason.endswith(f"({helper}:4)")


def test_a_wrong_declaration_is_the_reason_as_it_stands(yard: Yard) -> None:
    yard.write("a.py", GOOD.format(name="a").replace("-> Out:", ":"))
    record = yard.record("a")
    assert record.state == "failed"
    assert record.reason is not None
    assert record.reason.startswith("a.py:8: command 'run': it does not say what it returns")
    assert "async def run(data: In, ctx: Context) :" in record.reason


def test_a_command_that_is_declared_twice_is_the_reason_with_its_place(yard: Yard) -> None:
    twice = "@plugin.command\nasync def run(data: In, ctx: Context) -> Out:\n    return Out(1)\n"
    yard.write("a.py", GOOD.format(name="a") + twice)
    yard.write("b.py")
    registry = yard.load()
    (record,) = (record for record in registry.plugins if record.name == "a")
    assert record.state == "failed"
    assert record.reason is not None
    assert record.reason.startswith("a.py:11: command 'run': the plugin has a command 'run' already")
    assert list(registry.commands) == ["b/run"]


def test_ctrl_c_while_plugins_load_is_not_a_plugins_failure(yard: Yard) -> None:
    yard.write("a.py", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        yard.load()


def test_a_plugin_that_raises_keyboardinterrupt_while_a_server_reloads_has_failed_like_any_other(yard: Yard) -> None:
    yard.write("a.py", "raise KeyboardInterrupt")
    yard.write("b.py")
    registry = asyncio.run(apart("reload", yard.load))
    assert [(each.name, each.state) for each in registry.plugins if each.state != "available"] == [
        ("a", "failed"),
        ("b", "active"),
    ]
    assert registry.plugins[0].reason == f"KeyboardInterrupt ({yard.base / 'plugins' / 'a.py'}:1)"


def test_a_broken_plugin_leaves_no_module_behind(yard: Yard) -> None:
    yard.write("a/__init__.py", "from . import inner\nraise ValueError")
    yard.write("a/inner.py", "x = 1")
    before = set(sys.modules)
    yard.load()
    assert [name for name in set(sys.modules) - before if name.startswith("hookyard_plugin_a")] == []


def test_a_disabled_plugin_is_listed_and_not_imported(yard: Yard) -> None:
    marker = yard.base / "imported"
    yard.write("a.py", f"open({str(marker)!r}, 'w').close()\n" + GOOD.format(name="a"))
    record = yard.record("a", a=PluginSettings(enabled=False))
    assert (record.state, record.reason) == ("disabled", "the configuration says so")
    assert not marker.exists()
    assert yard.record("a").state == "active"
    assert marker.exists()


def test_a_name_that_no_plugin_can_have_is_not_imported(yard: Yard) -> None:
    yard.write("Bad Name.py", "raise RuntimeError")
    reason = yard.record("Bad Name").reason
    assert reason == "'Bad Name' is no plugin name; that is a lower-case letter, then a-z 0-9 _ -"


def test_the_name_of_hookyards_own_provider_is_not_to_be_had(yard: Yard) -> None:
    yard.write("hookyard.py", "raise RuntimeError")
    assert yard.record("hookyard").reason == "'hookyard' is Hookyard's own provider of hooks; let it have another name"


@pytest.mark.parametrize("what", ["a.py", ".", "pack", "pack/__init__.py"])
def test_a_plugin_that_anyone_may_change_is_blocked(yard: Yard, what: str) -> None:
    yard.write("a.py")
    yard.write("pack/__init__.py")
    path = yard.plugins / what
    path.chmod(0o777)
    blocked = {record.name: record.reason for record in yard.load().plugins if record.state == "blocked"}
    assert list(blocked) == {".": ["a", "pack"], "a.py": ["a"]}.get(what, ["pack"])
    assert set(blocked.values()) == {
        f"anyone on this machine may change {path}; take the write permission of others away"
    }


def test_a_plugin_that_anyone_may_read_is_not_blocked(yard: Yard) -> None:
    yard.write("a.py").chmod(0o644)
    yard.plugins.chmod(0o755)
    assert yard.record("a").state == "active"


def test_a_shared_folder_with_the_sticky_bit_is_not_blocked(yard: Yard) -> None:
    yard.write("a.py")
    yard.plugins.chmod(0o1777)
    assert yard.record("a").state == "active"


def test_a_plugins_own_folder_that_anyone_may_add_to_is_blocked(yard: Yard) -> None:
    yard.write("pkg/__init__.py", GOOD.format(name="pkg"))
    (yard.plugins / "pkg").chmod(0o1777)
    assert yard.record("pkg").state == "blocked"


def test_a_plugin_for_another_api_is_incompatible(yard: Yard) -> None:
    yard.write("a.py", GOOD.format(name="a") + "plugin.api = 99\n")
    record = yard.record("a")
    assert record.state == "incompatible"
    assert record.reason == "it is written for plugin API 99, and this Hookyard has 1"


@pytest.mark.parametrize("requires", ["hookyard>=99", "hookyard<0.1", "hookyard ==0.0.*", "hookyard[x] (>=0, >98)"])
def test_a_project_that_requires_another_hookyard_is_incompatible_and_not_imported(
    yard: Yard, project: Project, requires: str
) -> None:
    project("c", module="yard_c", requires=requires, source="raise RuntimeError")
    record = yard.record("c")
    assert record.state == "incompatible"
    assert record.reason is not None
    assert record.reason.startswith(f"it requires {requires}, and this is hookyard 0.")


def test_a_link_that_leads_nowhere_is_a_failed_plugin(yard: Yard) -> None:
    (yard.plugins / "a.py").symlink_to(yard.base / "nowhere.py")
    record = yard.record("a")
    assert record.state == "failed"
    assert record.reason is not None
    assert record.reason.startswith("FileNotFoundError")


def test_an_entry_point_to_nowhere_is_a_failed_plugin(yard: Yard, project: Project) -> None:
    package = project("c", module="yard_c")
    (package / "__init__.py").unlink()
    package.rmdir()
    record = yard.record("c")
    assert record.state == "failed"
    assert record.reason == f"there is no module yard_c in {package.parent}"


def test_the_configuration_of_a_plugin_is_decoded_for_its_commands(yard: Yard) -> None:
    yard.write("a.py", CONFIGURED)
    registry = yard.load(a=PluginSettings(config={"token": "t", "deep": {"port": 1}}))
    config = registry.commands["a/run"].config
    assert repr(config) == "Config(token='t', deep=Deep(port=1))"
    assert registry.active[0].config is config
    assert registry.problems == ()


@pytest.mark.parametrize(
    ("config", "problems"),
    [
        ({}, [("plugins.a.config", "object missing required field `token`")]),
        ({"token": 1}, [("plugins.a.config.token", "expected `str`, got `int`")]),
        (
            {"token": "t", "deep": {"port": "1"}},
            [("plugins.a.config.deep.port", "expected `int`, got `str`")],
        ),
        (
            {"token": "t", "tokn": "t"},
            [("plugins.a.config.tokn", "unknown key; known are token, deep")],
        ),
    ],
)
def test_a_wrong_configuration_is_a_problem_with_its_key_path(
    yard: Yard, config: dict[str, object], problems: list[tuple[str, str]]
) -> None:
    yard.write("a.py", CONFIGURED)
    registry = yard.load(a=PluginSettings(config=config))
    assert list(registry.problems) == problems
    (record,) = (record for record in registry.plugins if record.name == "a")
    assert record.state == "failed"
    assert record.reason == f"its configuration is wrong: {problems[0][0]}: {problems[0][1]}"
    assert registry.commands == {}


def test_a_plugin_with_a_configuration_that_is_not_given_takes_its_defaults(yard: Yard) -> None:
    yard.write("a.py", CONFIGURED.replace("token: str", "token: str = 'mine'"))
    assert repr(yard.load().commands["a/run"].config) == "Config(token='mine', deep=None)"


def test_a_configuration_for_a_plugin_that_takes_none_is_a_problem(yard: Yard) -> None:
    yard.write("a.py")
    registry = yard.load(a=PluginSettings(config={"x": 1}))
    assert registry.problems == (("plugins.a.config", "the plugin takes no configuration"),)


def test_a_check_of_the_plugins_own_that_raises_is_a_problem(yard: Yard) -> None:
    check = "    def __post_init__(self): raise KeyError('odd')\n"
    yard.write("a.py", CONFIGURED.replace("    token: str\n", "    token: str\n" + check))
    registry = yard.load(a=PluginSettings(config={"token": "t"}))
    assert registry.problems == (("plugins.a.config", "the plugin's own check failed with KeyError: 'odd'"),)


def test_a_folder_that_is_not_there_is_a_problem(yard: Yard) -> None:
    registry = yard.load(dirs=("plugins", "missing"))
    assert registry.problems == (("plugin_dirs[1]", f"{yard.base / 'missing'}: no such file or directory"),)


def test_a_file_where_a_folder_should_be_is_a_problem(yard: Yard) -> None:
    yard.write("a.py")
    registry = yard.load(dirs=("plugins/a.py",))
    assert registry.problems == (("plugin_dirs[0]", f"{yard.plugins / 'a.py'}: not a directory"),)


def test_a_plugin_that_is_found_nowhere_is_a_problem_with_a_guess(yard: Yard) -> None:
    yard.write("github.py")
    registry = yard.load(githab=PluginSettings(), zzz=PluginSettings(enabled=False))
    assert registry.problems == (
        ("plugins.githab", "no plugin of this name is in plugin_dirs or installed; did you mean github?"),
        ("plugins.zzz", "no plugin of this name is in plugin_dirs or installed"),
    )


def test_a_limit_for_a_lane_that_no_command_has_is_a_problem(yard: Yard) -> None:
    yard.write("a.py")
    yard.write("broken.py", "raise ValueError")
    lanes = {"a/run": 2, "a/rum": 2, "nobody": 2, "broken/run": 2}
    assert yard.load(lanes=lanes).problems == (
        ("lanes.a/rum", "no command has this lane"),
        ("lanes.nobody", "no plugin has this name"),
    )


def test_lanes_and_limits_come_from_the_configuration_the_command_or_the_default(yard: Yard) -> None:
    options = GOOD.format(name="a") + (
        "@plugin.command(concurrency=3)\nasync def limited(data: In, ctx: Context) -> Out: ...\n"
        "@plugin.command(concurrency=3)\nasync def configured(data: In, ctx: Context) -> Out: ...\n"
        "from hookyard import SyncContext\n"
        "@plugin.command\ndef threaded(data: In, ctx: SyncContext) -> Out: ...\n"
    )
    yard.write("a.py", options)
    registry = yard.load(lanes={"a/configured": 5})
    assert dict(registry.lanes) == {"a/run": 256, "a/limited": 3, "a/configured": 5, "a/threaded": 8}
    assert [command.lane_limit for command in registry.commands.values()] == [256, 3, 5, 8]
    assert [command.lane for command in registry.commands.values()] == list(registry.commands)


def test_timeouts_and_attempts_come_from_the_command_or_the_configuration(yard: Yard) -> None:
    yard.write(
        "a.py",
        GOOD.format(name="a")
        + "from hookyard import Retry\n@plugin.command(timeout=1.5, retry=Retry(attempts=7))\n"
        + "async def own(data: In, ctx: Context) -> Out: ...\n",
    )
    config = Config(plugin_dirs=("plugins",), jobs=JobSettings(timeout=Duration(9_000)))
    commands = load(config, yard.base).commands
    assert [(command.timeout, command.max_attempts) for command in commands.values()] == [(9_000, 4), (1_500, 7)]
    assert [command.key for command in commands.values()] == ["a/run", "a/own"]


def test_the_registry_cannot_be_changed(yard: Yard) -> None:
    yard.write("a.py")
    registry = yard.load()
    with pytest.raises(AttributeError, match="immutable"):
        registry.plugins = ()
    for table in (registry.commands, registry.lanes):
        with pytest.raises(TypeError):
            table["x"] = None  # type: ignore[index]  # pyright: ignore[reportIndexIssue]
