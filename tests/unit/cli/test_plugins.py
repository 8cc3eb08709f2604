"""`hookyard plugins`: what there is, what it is, and switching it."""

import json
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

Call = Callable[..., Any]

PLUGIN = """
from msgspec import Struct
from hookyard import Context, HookContext, Plugin
print("a stray print")
class In(Struct): x: int
plugin = Plugin("{name}", version="1.2", secrets=("key",), events={"thing.done": In})
class Out(Struct): y: int
@plugin.command
async def run(data: In, ctx: Context) -> Out:
    '''Run around.'''
    return Out(data.x)
@plugin.hook
async def startup(ctx: HookContext) -> None: ...
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    (plugins / "good.py").write_text(PLUGIN.replace("{name}", "good"))
    (plugins / "off.py").write_text("raise RuntimeError('imported')")
    (plugins / "broken.py").write_text("x = 1\nimport nothing_of_this_name")
    text = """\
        # ours
        plugin_dirs: [plugins]
        plugins:
          good:
            secrets: {key: s3cret-value}  # kept
          off: {enabled: false}
        """
    (tmp_path / "hookyard.yaml").write_text(dedent(text))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_list_has_every_plugin_with_its_state_and_reason(hookyard: Call, folder: Path) -> None:
    ended = hookyard("plugins", "list")
    assert ended.code == 0
    lines = {line.split()[0]: line for line in ended.out.splitlines()}
    assert lines["good"].split() == ["good", "active", "python", "1.2", "run;", "emits", "thing.done"]
    assert "failed" in lines["broken"]
    assert "ModuleNotFoundError: No module named 'nothing_of_this_name'" in lines["broken"]
    assert f"{folder / 'plugins' / 'broken.py'}:2" in lines["broken"]
    assert "disabled" in lines["off"]
    assert "a stray print" in ended.err


def test_the_list_as_json(hookyard: Call, folder: Path) -> None:
    plugins = {one["name"]: one for one in json.loads(hookyard("plugins", "list", "--json").out)["plugins"]}
    assert plugins["good"]["commands"][0] | {"lane": "good/run", "limit": 256} == plugins["good"]["commands"][0]
    assert plugins["off"]["reason"] == "the configuration says so"


def test_one_plugin_is_shown_with_its_commands_hooks_and_secrets_but_no_secret(hookyard: Call, folder: Path) -> None:
    ended = hookyard("plugins", "show", "good")
    assert ended.code == 0
    for part in ("good 1.2", "active", "startup", "secrets    key", "event      thing.done: x", "run: Run", "takes x"):
        assert part in ended.out
    shown = hookyard("plugins", "show", "good", "--json").out
    assert json.loads(shown)["commands"][0]["input"]["$ref"] == "#/$defs/In"
    (event,) = json.loads(shown)["events"]
    assert (event["type"], event["data"]["$ref"]) == ("thing.done", "#/$defs/In")
    assert json.loads(shown)["hooks"] == [{"hook": "startup"}]  # no server runs here that would have counted
    assert "s3cret" not in ended.out + ended.err + shown


def test_what_a_plugin_in_a_process_of_its_own_declares_is_shown_too(hookyard: Call, folder: Path) -> None:
    path = folder / "hookyard.yaml"
    plugin = PLUGIN.partition("@plugin.hook")[0].replace("{name}", "good")
    (folder / "plugins" / "good.py").write_text(plugin)
    path.write_text(path.read_text().replace("  good:\n", "  good:\n    isolation: worker\n", 1))
    ended = hookyard("plugins", "show", "good")
    assert ended.code == 0, ended.err
    for part in ("active", "worker", "event      thing.done: x"):
        assert part in ended.out


def test_a_plugin_that_is_not_there_cannot_be_shown(hookyard: Call, folder: Path) -> None:
    ended = hookyard("plugins", "show", "absent")
    assert (ended.code, ended.out) == (69, "")
    assert "There is no plugin 'absent'" in ended.err


def test_disabling_and_enabling_change_one_line_and_keep_the_rest(hookyard: Call, folder: Path) -> None:
    path = folder / "hookyard.yaml"
    path.chmod(0o600)
    before = path.read_text()
    ended = hookyard("plugins", "disable", "good")
    assert ended.code == 0
    assert "SIGHUP" in ended.out
    assert path.read_text() == before.replace("    secrets:", "    enabled: false\n    secrets:")
    assert path.stat().st_mode & 0o777 == 0o600
    assert "disabled" in next(line for line in hookyard("plugins", "list").out.splitlines() if line.startswith("good "))
    assert hookyard("plugins", "enable", "good").code == 0
    assert "already" in hookyard("plugins", "enable", "good").out
    assert hookyard("plugins", "enable", "off", "--config", path).code == 0
    assert "off: {enabled: true}" in path.read_text()
    assert [one.name for one in folder.iterdir()].count("hookyard.yaml") == 1
    assert not list(folder.glob(".*"))


def test_a_plugin_that_is_nowhere_is_not_written_into_the_file(hookyard: Call, folder: Path) -> None:
    before = (folder / "hookyard.yaml").read_text()
    ended = hookyard("plugins", "enable", "goof")
    assert (ended.code, ended.out) == (69, "")
    assert "did you mean good?" in ended.err
    assert (folder / "hookyard.yaml").read_text() == before


def test_a_file_that_cannot_be_changed_safely_is_left_alone_and_the_lines_are_said(
    hookyard: Call, folder: Path
) -> None:
    path = folder / "hookyard.yaml"
    path.write_text("plugin_dirs: [plugins]\nplugins:\n  good: &a {secrets: {key: x}}\n  off: *a\n")
    before = path.read_text()
    ended = hookyard("plugins", "disable", "good")
    assert ended.code == 78
    assert "plugins:\n  good:\n    enabled: false" in ended.err
    assert path.read_text() == before


def test_without_a_file_the_command_line_is_wrong(
    hookyard: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = hookyard("plugins", "list")
    assert ended.code == 2
    assert "hookyard.yaml or config.yaml" in ended.err


def test_the_default_file_is_that_of_every_command(hookyard: Call, folder: Path) -> None:
    (folder / "hookyard.yaml").rename(folder / "config.yaml")
    (folder / "plugins" / "broken.py").unlink()
    assert hookyard("check").code == 0
    assert hookyard("plugins", "list").code == 0


def test_a_python_plugin_is_checked_without_a_configuration(hookyard: Call, folder: Path) -> None:
    good = hookyard("plugins", "check", folder / "plugins" / "good.py")
    assert good.code == 0
    assert "good: in order (python, 1 commands: run; emits thing.done)" in good.out
    assert "secrets: the plugin declares the secret 'key'" in good.out
    bad = hookyard("plugins", "check", folder / "plugins" / "broken.py")
    assert bad.code == 78
    assert f"No module named 'nothing_of_this_name' ({folder / 'plugins' / 'broken.py'}:2)" in bad.err
    shown = json.loads(hookyard("plugins", "check", folder / "plugins" / "broken.py", "--json").out)
    assert [(one["name"], one["ok"], one["state"]) for one in shown] == [("broken", False, "failed")]


def test_what_is_no_plugin_cannot_be_checked(hookyard: Call, folder: Path) -> None:
    assert hookyard("plugins", "check", folder / "nowhere").code == 69


def test_an_exec_plugin_goes_through_the_conformance_suite(hookyard: Call, folder: Path) -> None:
    program = folder / "plugins" / "machine"
    say = {"name": "say", "read_only": True, "output": {"type": "object"}}
    describe = json.dumps({"name": "machine", "api": 1, "commands": [say]})
    source = dedent(f"""\
        #!/bin/sh
        case "$1 $2" in
        "describe ") echo '{describe}' ;;
        "call say") ANSWER ;;
        *) echo "no such thing" >&2; exit 64 ;;
        esac
        """)
    program.write_text(source.replace("ANSWER", """echo '{"kind": "result", "output": {}}'"""))
    program.chmod(0o755)
    right = hookyard("plugins", "check", program)
    assert (right.code, right.err) == (0, "")
    assert "machine: in order (exec, 1 commands: say)" in right.out
    program.write_text(source.replace("ANSWER", "echo nonsense"))
    wrong = hookyard("plugins", "check", program)
    assert wrong.code == 78
    assert "machine: say: " in wrong.err


NEEDY = """\
#!/usr/bin/python3
import json, sys

TEXT = {"type": "object", "properties": {"who": {"type": "string"}}, "required": ["who"]}
if sys.argv[1] == "describe":
    commands = [{"name": "greet", "input": TEXT, "output": {"type": "object"}}]
    print(json.dumps({"name": "needy", "api": 1, "secrets": ["key"], "config": TEXT, "commands": commands}))
    sys.exit()
asked = json.load(sys.stdin)
with open("calls", "a") as calls:
    print(sys.argv[2], asked["input"], asked["config"], asked["secrets"], file=calls)
if sys.argv[2] != "greet":
    sys.exit(64)
print(json.dumps({"kind": "result", "output": {}}))
"""


@pytest.fixture
def needy(tmp_path: Path) -> Path:
    """An exec plugin with a command that changes something, a configuration and a secret."""
    program = tmp_path / "needy"
    program.write_text(NEEDY)
    program.chmod(0o755)
    return program


def test_what_a_plugin_needs_and_nobody_gave_is_said_to_be_unchecked(hookyard: Call, needy: Path) -> None:
    ended = hookyard("plugins", "check", needy)
    assert ended.code == 0
    assert "not checked: greet: answers: it declares the secret 'key', which is not given here" in ended.out


def test_with_its_section_and_an_example_all_of_a_plugin_is_checked(hookyard: Call, needy: Path) -> None:
    section = {"enabled": False, "config": {"who": "all"}, "secrets": {"key": "s3cret"}}
    (needy.parent / "with.yaml").write_text(json.dumps({"plugins": {"needy": section, "other": {}}}))
    example = '--example=greet={"who": "you"}'
    ended = hookyard("plugins", "check", needy, "--config", needy.parent / "with.yaml", example)
    assert (ended.code, ended.err) == (0, "")
    assert "needy: in order (exec, 1 commands: greet)" in ended.out
    assert "greet: answers" not in ended.out
    assert "greet {'who': 'you'} {'who': 'all'} {'key': 's3cret'}" in (needy.parent / "calls").read_text()


def test_a_section_that_does_not_fit_is_held_against_the_plugin_with_its_line(hookyard: Call, needy: Path) -> None:
    (needy.parent / "with.yaml").write_text("plugins:\n  needy:\n    config:\n      who: 7\n")
    ended = hookyard("plugins", "check", needy, "--config", needy.parent / "with.yaml")
    assert ended.code == 78
    assert "with.yaml:4: plugins.needy.config.who: " in ended.err
    assert "secrets: the plugin declares the secret 'key'" in ended.err
    assert not (needy.parent / "calls").exists()


@pytest.mark.parametrize(
    ("given", "code", "why"),
    [
        (["--example=greet"], 2, "is not COMMAND=JSON"),
        (["--example=greet=[1]"], 2, "is not one JSON object"),
        (["--example=greet={}", "--example=greet={}"], 2, "has one already"),
        (["--example=nothing={}"], 69, "no exec plugin that is checked has a command nothing"),
        (["--types", "--example=greet={}"], 2, "--types runs nothing of a plugin"),
    ],
)
def test_an_example_that_cannot_be_used_is_refused_before_anything_is_called(
    hookyard: Call, needy: Path, given: list[str], code: int, why: str
) -> None:
    ended = hookyard("plugins", "check", needy, *given)
    assert (ended.code, why in " ".join(ended.err.split())) == (code, True), ended.err
    assert not (needy.parent / "calls").exists()


@pytest.mark.parametrize(
    ("name", "content", "mode", "why"),
    [
        ("thing", None, 0, "nothing is there"),
        ("thing", "#!/bin/sh\n", 0o644, "may not be executed (chmod +x thing)"),
        ("thing", "echo hello\n", 0o755, "begins with neither #! and an interpreter"),
        ("_thing.py", "", 0o644, "names that begin with '_' are left alone"),
        ("thing/notes.txt", "", 0o644, "may not be executed"),
    ],
)
def test_a_check_of_what_is_no_plugin_there_says_why(
    hookyard: Call, tmp_path: Path, *, name: str, content: str | None, mode: int, why: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
        path.chmod(mode)
    ended = hookyard("plugins", "check", path)
    assert ended.code == 69
    assert why in ended.err


def test_a_check_of_an_empty_folder_says_what_would_make_it_a_plugin(hookyard: Call, tmp_path: Path) -> None:
    ended = hookyard("plugins", "check", tmp_path)
    assert ended.code == 69
    assert "neither a __init__.py nor a plugin.yaml" in ended.err
