"""`hookyard run`: what plugins bring along for the command line."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

Call = Callable[..., Any]

PLUGIN = '''
from collections.abc import Sequence
from typing import Annotated
import typer
from msgspec import Struct
from hookyard import CliCommand, HookContext, Plugin

print("plugins print what they like")


class Config(Struct):
    greeting: str = "Hello"


plugin = Plugin("ldap", config=Config)


@plugin.hook
def register_cli(ctx: HookContext[Config]) -> Sequence[CliCommand]:
    def greet(name: str, times: int = 1, loud: bool = False) -> None:
        """Greet somebody."""
        text = f"{ctx.config.greeting}, {name}!"
        print(*[text.upper() if loud else text] * times)

    async def fail() -> None:
        raise LookupError("nobody is there")

    return [CliCommand(name="greet", function=greet), CliCommand(name="fail", function=fail, help="Do not.")]
'''
OTHER = """
from pathlib import Path
Path(__file__).with_suffix(".imported").touch()
from hookyard import Plugin
plugin = Plugin("other")
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "plugins"
    folder.mkdir()
    (folder / "ldap.py").write_text(PLUGIN)
    (folder / "other.py").write_text(OTHER)
    (folder / "broken.py").write_text("import nowhere_at_all\n")
    path = tmp_path / "hookyard.yaml"
    path.write_text("plugin_dirs: [plugins]\nplugins:\n  ldap: {config: {greeting: Hi}}\n")
    return path


def test_a_command_of_a_plugin_runs_with_its_arguments_and_options(hookyard: Call, config: Path) -> None:
    ended = hookyard("run", "-c", config, "ldap", "greet", "Ada", "--times", "2", "--loud")
    assert (ended.code, ended.out) == (0, "HI, ADA! HI, ADA!\n")
    assert not (config.parent / "plugins" / "other.imported").exists()


@pytest.mark.parametrize("name", ["hookyard.yaml", "config.yaml"])
def test_the_configuration_of_the_folder_is_taken_when_none_is_named(
    hookyard: Call, config: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(config.parent)
    config.rename(name)
    assert hookyard("run", "ldap", "greet", "Ada").out == "Hi, Ada!\n"


def test_without_a_command_it_says_which_there_are(hookyard: Call, config: Path) -> None:
    ended = hookyard("run", "-c", config, "ldap")
    assert ended.code == 0
    assert "greet  Greet somebody." in ended.out
    assert "fail   Do not." in ended.out


def test_one_that_raises_exits_with_1_and_says_so_in_a_line(hookyard: Call, config: Path) -> None:
    ended = hookyard("run", "-c", config, "ldap", "fail")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.splitlines()[-1] == "ldap fail: LookupError: nobody is there"


def test_a_wrong_command_line_exits_with_2(hookyard: Call, config: Path) -> None:
    assert hookyard("run", "-c", config, "ldap", "greet").code == 2
    assert hookyard("run", "-c", config, "ldap", "sing").code == 2


@pytest.mark.parametrize(
    ("plugin", "problem"),
    [
        ("nobody", "the plugin nobody cannot be used: there is none of this name"),
        ("broken", "the plugin broken cannot be used: it is failed: "),
    ],
)
def test_a_plugin_that_does_not_run_is_named_with_the_reason(
    hookyard: Call, config: Path, plugin: str, problem: str
) -> None:
    ended = hookyard("run", "-c", config, plugin, "greet")
    assert ended.code == 78
    assert problem in ended.err


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("raise ValueError('no')", "the plugin ldap: its hook register_cli failed: ValueError: no"),
        ("return 3", "its hook register_cli failed: its answer is wrong: expected a sequence of CliCommand, got int"),
        (
            "def odd(x: \"Nowhere\") -> None: ...\n    return [CliCommand(name='odd', function=odd)]",
            "the plugin ldap: the command odd cannot be called: NameError",
        ),
    ],
)
def test_a_hook_that_does_wrong_is_named(hookyard: Call, config: Path, body: str, problem: str) -> None:
    source = """
    from hookyard import CliCommand, Plugin
    plugin = Plugin("ldap")

    @plugin.hook
    def register_cli() -> list[CliCommand]:
    """
    text = dedent(source) + "    " + body + "\n"
    (config.parent / "plugins" / "ldap.py").write_text(text)
    config.write_text("plugin_dirs: [plugins]\n")
    ended = hookyard("run", "-c", config, "ldap", "odd", "1")
    assert ended.code == 78
    assert problem in ended.err
