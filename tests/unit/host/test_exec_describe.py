import json
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hookyard.config.model import PluginSettings
from hookyard.errors import PluginLoadError
from hookyard.host.candidate import Candidate
from hookyard.host.foreign import exec as foreign
from hookyard.host.foreign.contract import ForeignPlugin

Json = Any
EMPTY: list[Json] = []
PLAIN: Json = {"name": "lab", "api": 1, "commands": [{"name": "go"}]}


def executable(path: Path, script: str) -> Path:
    path.write_text(f"#!/bin/bash\n{script}\n", "utf-8")
    path.chmod(0o755)
    return path


def printing(folder: Path, document: Json, name: str = "lab") -> Path:
    return executable(folder / name, f"cat <<'END'\n{json.dumps(document)}\nEND")


def described(file: Path, name: str | None = None) -> ForeignPlugin:
    """What a single executable says of itself."""
    candidate = Candidate(file.stem, origin=f"plugins/{file.name}", kind="exec", file=file, folder=file.parent)
    return foreign.describe(candidate, PluginSettings(), file.parent, name)


def from_yaml(folder: Path, text: str) -> ForeignPlugin:
    """What a folder's `plugin.yaml` says."""
    (folder / "plugin.yaml").write_text(text, "utf-8")
    candidate = Candidate(
        folder.name, origin=folder.name, kind="exec", folder=folder, home=folder, manifest=folder / "plugin.yaml"
    )
    return foreign.describe(candidate, PluginSettings(), folder.parent)


def refused(file: Path) -> str:
    with pytest.raises(PluginLoadError) as caught:
        described(file)
    return str(caught.value)


def test_a_program_describes_itself(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    command = {
        "name": "go",
        "description": "Go there.\n\nAnd back.",
        "input": schema,
        "output": {"type": "array", "items": {"type": "string"}},
        "read_only": True,
        "idempotent": True,
        "timeout": 2.5,
        "retry": {"attempts": 2, "base": 5},
        "concurrency": 3,
        "priority": 7,
        "deprecated": True,
        "scratch": True,
    }
    document = {
        "name": "lab",
        "api": 1,
        "version": "1.2.3",
        "description": "A lab.",
        "config": {"type": "object", "properties": {"url": {"type": "string"}}, "required": ["url"]},
        "secrets": ["token"],
        "state": True,
        "commands": [command, {"name": "other"}],
    }
    found = described(printing(tmp_path, document))
    assert (found.name, found.version, found.api, found.secrets) == ("lab", "1.2.3", 1, ("token",))
    go, other = found.commands.values()
    assert (go.key, go.summary, go.description) == ("lab/go", "Go there.", "Go there.\n\nAnd back.")
    options = go.options
    assert (options.isolation, options.read_only, options.idempotent, options.deprecated) == ("exec", True, True, True)
    assert (options.timeout, options.concurrency, options.priority) == (2.5, 3, 7)
    assert (options.retry.attempts, options.retry.base, options.retry.cap) == (2, 5, 300)
    assert msgspec.to_builtins(go.decode(b'{"n":1}')) == {"n": 1}
    with pytest.raises(msgspec.ValidationError, match=r"at `\$\.n`"):
        go.decode(b'{"n":"1"}')
    assert other.options.concurrency == 16
    other.decode(b'{"whatever":[1]}')
    other.check(b"null")
    assert msgspec.to_builtins(msgspec.convert({"url": "x"}, found.config_type)) == {"url": "x"}
    launch = found.launch
    assert isinstance(launch, foreign.ExecLaunch)
    assert (launch.process.argv, launch.process.cwd) == ((str(tmp_path / "lab"),), str(tmp_path))
    assert (launch.secrets, launch.state, launch.scratch) == (("token",), True, frozenset({"go"}))


def test_a_folder_s_manifest_describes_it_and_nothing_is_run(tmp_path: Path) -> None:
    folder = tmp_path / "lab"
    (folder / "bin").mkdir(parents=True)
    program = executable(folder / "bin" / "run", f"touch {tmp_path}/was-run")
    text = """
    name: lab
    api: 1
    run: bin/run
    commands:
      - name: go
        input:
          type: object
          properties:
            on: {type: string, pattern: "^\\\\${x}$"}
    """
    found = from_yaml(folder, text)
    launch = found.launch
    assert isinstance(launch, foreign.ExecLaunch)
    assert launch.process.argv == (str(program),)
    assert launch.process.cwd == str(folder)
    assert not (tmp_path / "was-run").exists()
    with pytest.raises(msgspec.ValidationError, match=r"at `\$\.on`"):  # neither a variable nor YAML 1.1's `on`
        found.commands["go"].decode(b'{"on":"y"}')


def test_every_problem_is_named_with_its_place(tmp_path: Path) -> None:
    folder = tmp_path / "lab"
    folder.mkdir()
    text = """name: other
verison: 1.0
run: ../run
secrets: token
commands:
  - name: Go
    timeout: 0
    retry: {attempts: 0, tries: 1}
  - description: nameless
  - name: two
  - name: two
    input: []
  - 5
"""
    with pytest.raises(PluginLoadError) as caught:
        from_yaml(folder, text)
    assert str(caught.value).splitlines() == [
        "lab/plugin.yaml:2: verison: unknown key; did you mean version?",
        "lab/plugin.yaml: api: missing",
        "lab/plugin.yaml:4: secrets: expected `array`, got `str`",
        "lab/plugin.yaml:7: commands[0].timeout: expected `float` > 0.0",
        "lab/plugin.yaml:8: commands[0].retry.tries: unknown key",
        "lab/plugin.yaml:8: commands[0].retry.attempts: expected `int` >= 1",
        "lab/plugin.yaml:6: commands[0].name: 'Go' is no command name; that is a lower-case letter, then a-z 0-9 _ -",
        "lab/plugin.yaml:9: commands[1].name: missing",
        "lab/plugin.yaml:12: commands[3].input: expected `object`, got `array`",
        "lab/plugin.yaml:11: commands[3].name: commands[2] is called 'two' already",
        "lab/plugin.yaml:13: commands[4]: expected an object, found 5",
    ]


def test_what_the_schemas_have_wrong_is_named_with_its_place(tmp_path: Path) -> None:
    document: Json = {
        "name": "other",
        "api": 1,
        "config": {"type": "string", "not": {}},
        "commands": [
            {"name": "a", "input": {"type": "object", "properties": {"x": {"allOf": EMPTY}}}},
            {"name": "b", "output": {"$ref": "#/nowhere"}},
            {"name": "c", "input": {"type": "string"}},
            {"name": "d", "retry": {"base": 10, "cap": 1}},
        ],
    }
    assert refused(printing(tmp_path, document)).splitlines() == [
        "plugins/lab describe: name: it calls itself 'other', and its file or folder is 'lab'; let them agree",
        "plugins/lab describe: commands[0].input/properties/x/allOf: the keyword 'allOf' is outside the subset",
        "plugins/lab describe: commands[1].output/$ref: '#/nowhere' leads outside; a reference is # or #/$defs/NAME",
        "plugins/lab describe: commands[2].input: a command takes an object with named properties, or any object",
        "plugins/lab describe: commands[3].retry.cap: it is less than retry.base",
        "plugins/lab describe: config/not: the keyword 'not' is outside the subset",
    ]


@pytest.mark.parametrize(
    ("run", "problem"),
    [
        (None, "run: missing; it names the folder's executable"),
        ("../lab/run", None),
        ("../outside", "run: ../outside leads out of the plugin's folder"),
        ("gone", "run: there is no file gone in the plugin's folder"),
        ("plugin.yaml", "run: plugin.yaml is not executable"),
    ],
)
def test_a_folder_names_an_executable_inside_it(tmp_path: Path, run: str | None, problem: str | None) -> None:
    folder = tmp_path / "lab"
    folder.mkdir()
    executable(folder / "run", "true")
    executable(tmp_path / "outside", "true")
    text = json.dumps(PLAIN if run is None else {**PLAIN, "run": run})  # JSON is YAML
    if problem is None:
        assert list(from_yaml(folder, text).commands) == ["go"]
    else:
        with pytest.raises(PluginLoadError, match=problem):
            from_yaml(folder, text)


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("echo oops >&2; exit 3", "it exited with 3; stderr: oops"),
        ("kill -9 $$", "signal 9 ended it"),
        ("true", "what it prints is not one JSON object"),
        ("echo hello", "what it prints is not one JSON object .*'hello"),
        (f"echo '{json.dumps(PLAIN)}'; echo more", "what it prints is not one JSON object"),
        ("echo '[]'", "manifest: expected an object, found a list"),
        ("echo '{}'", "name: missing"),
        ("exec cat /dev/zero", "it printed more than 1 MiB"),
    ],
)
def test_a_program_that_does_not_describe_itself_is_refused_with_what_it_did(
    tmp_path: Path, script: str, problem: str
) -> None:
    with pytest.raises(PluginLoadError, match=f"plugins/lab describe: {problem}"):
        described(executable(tmp_path / "lab", script))


def test_a_description_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[foreign.describe.__module__], "TIMEOUT", 0.2)
    assert "it took longer than 0.2 s and was ended" in refused(executable(tmp_path / "lab", "exec sleep 60"))


def test_what_cannot_be_executed_says_why(tmp_path: Path) -> None:
    file = executable(tmp_path / "lab", "true")
    file.chmod(0o644)
    assert "plugins/lab describe: it cannot be executed: Permission denied" in refused(file)


def test_a_configuration_is_an_object(tmp_path: Path) -> None:
    assert refused(printing(tmp_path, {**PLAIN, "config": {"type": "string"}})) == (
        "plugins/lab describe: config: a configuration is an object with named properties, or any object"
    )


def test_a_file_is_called_without_its_suffix_and_may_run_under_another_name(tmp_path: Path) -> None:
    assert described(printing(tmp_path, PLAIN, "lab.sh")).name == "lab"
    found = described(printing(tmp_path, PLAIN), "alias")
    assert (found.name, found.commands["go"].key) == ("alias", "alias/go")


def test_a_plugin_for_another_api_says_so_whatever_its_keys_are(tmp_path: Path) -> None:
    found = described(printing(tmp_path, {**PLAIN, "api": 2, "novelty": True}))
    assert (found.api, found.commands) == (2, {})


def test_a_program_that_knows_no_describe_is_refused(tmp_path: Path) -> None:
    candidate = Candidate("cat", origin="cat", kind="exec", file=Path("/bin/cat"), folder=tmp_path)
    with pytest.raises(PluginLoadError, match=r"cat describe: it exited with 1; stderr: .*describe"):
        foreign.describe(candidate, PluginSettings(), tmp_path)


def test_a_description_runs_in_the_plugin_s_own_surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOKYARD_SECRET", "s3cret")
    script = (
        f"import json, os\nfound = {PLAIN!r}\nfound['version'] = os.getcwd() + os.environ.get('HOOKYARD_SECRET', '')\n"
    )
    script += "print(json.dumps(found))"
    file = tmp_path / "lab"
    file.write_text(f"#!{sys.executable} -SEI\n{script}\n", "utf-8")
    file.chmod(0o755)
    assert described(file).version == str(tmp_path)
