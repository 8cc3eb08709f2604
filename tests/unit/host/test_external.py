"""Commands that the configuration declares for external workers."""

import json
from pathlib import Path

import pytest
from msgspec import ValidationError
from tests.unit.host.lab import Yard

from hookyard.assembly import assemble
from hookyard.cli.brought import commands_of
from hookyard.config import load_file
from hookyard.config.load import loads
from hookyard.errors import InvalidOutput, PluginLoadError
from hookyard.host.foreign.external.launch import ExternalLaunch
from hookyard.host.load import load
from hookyard.host.registry import Registry
from hookyard.schema.lock import lock_of

RENDER = """
plugins:
  render:
    commands:
      image:
        description: |
          Render an image.
          More of it.
        input:
          type: object
          properties: {prompt: {type: string}, model: {type: string}}
          required: [prompt]
        output: {type: object, properties: {url: {type: string}}, required: [url]}
        timeout: 5m
        lease: 20s
        retry: {attempts: 2, base: 3s}
        priority: 4
        concurrency: 7
        affinity: payload.model
        read_only: true
"""


def registry_of(text: str, base: Path) -> Registry:
    return load(loads(text, base=base), base)


def problems_of(text: str, base: Path) -> list[str]:
    file = base / "hookyard.yaml"
    file.write_text(text)
    loaded = load_file(Path("hookyard.yaml"), {}, folder=base)
    return [str(problem) for problem in assemble(loaded).problems]


def test_a_declared_command_is_a_command_like_any_other(tmp_path: Path) -> None:
    registry = registry_of(RENDER, tmp_path)
    command = registry.commands["render/image"]
    assert command.spec.summary == "Render an image."
    assert (command.lane, command.lane_limit, command.timeout) == ("render/image", 7, 300_000)
    options = command.spec.options
    assert (options.isolation, options.priority, options.read_only) == ("external", 4, True)
    assert (options.retry.attempts, options.retry.base) == (2, 3.0)
    with pytest.raises(ValidationError):
        command.spec.decode(b'{"model": "a"}')
    with pytest.raises(InvalidOutput):
        command.spec.check(b'{"url": 1}')
    [record] = [record for record in registry.plugins if record.name == "render"]
    assert (record.state, record.kind, record.isolation, record.origin) == (
        "active",
        "external",
        "external",
        "the configuration",
    )


def test_its_lease_and_affinity_are_at_hand_for_whoever_gives_out_its_jobs(tmp_path: Path) -> None:
    launch = registry_of(RENDER, tmp_path).commands["render/image"].launch
    assert isinstance(launch, ExternalLaunch)
    assert launch.leases == {"image": 20_000}
    assert launch.affinities["image"].text == "payload.model"


def test_a_command_that_says_nothing_takes_any_object_and_answers_anything(tmp_path: Path) -> None:
    command = registry_of("plugins: {a: {commands: {b: {}}}}", tmp_path).commands["a/b"]
    command.spec.decode(b'{"x": [1]}')
    command.spec.check(b"[1, null]")
    assert command.lane_limit == 1024


@pytest.mark.parametrize("name", ["in.json", "in.yaml"])
def test_a_schema_may_lie_in_a_file_beside_the_configuration(tmp_path: Path, name: str) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / name).write_text(json.dumps(schema, indent=1))
    text = f"plugins: {{a: {{commands: {{b: {{input: schemas/{name}}}}}}}}}"
    with pytest.raises(ValidationError, match="missing required field `n`"):
        registry_of(text, tmp_path).commands["a/b"].spec.decode(b"{}")


def test_a_schema_file_that_changed_makes_another_command_at_the_next_load(tmp_path: Path) -> None:
    file = tmp_path / "in.json"
    file.write_text('{"type": "object", "properties": {"n": {"type": "integer"}}}')
    config = loads("plugins: {a: {commands: {b: {input: in.json}}}}", base=tmp_path)
    first = load(config, tmp_path)
    same = load(config, tmp_path, first)
    assert same.kept["a"] is first.kept["a"]
    file.write_text('{"type": "object", "properties": {"n": {"type": "string"}}}')
    load(config, tmp_path, first).commands["a/b"].spec.decode(b'{"n": "x"}')


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        (
            "input: {type: object, properties: {a: {type: strin}}}",
            "6: plugins.a.commands.b.input.properties.a.type: 'strin' is no type",
        ),
        ("input: {type: string}", "6: plugins.a.commands.b.input: a command takes an object"),
        ("output: {anyOf: [{type: string}, {minimum: 2, x: 1}]}", "6: plugins.a.commands.b.output.anyOf[1]"),
        ("output: none.json", "6: plugins.a.commands.b.output: its schema cannot be used: none.json: no such file"),
        ("output: bad.json", "6: plugins.a.commands.b.output: bad.json:3: properties.url.type: 'text' is no type"),
        ("output: list.json", "6: plugins.a.commands.b.output: list.json: a schema is an object"),
        ("output: broken.yaml", "6: plugins.a.commands.b.output: its schema cannot be used: broken.yaml:1: "),
        ("timeout: 0s", "6: plugins.a.commands.b.timeout: expected at least 1 ms"),
        ("lease: 10ms", "6: plugins.a.commands.b.lease: expected at least 1000 ms"),
        ("affinity: model", "6: plugins.a.commands.b.affinity: 'model' is no path into the input"),
        ("affinity: payload.model", "6: plugins.a.commands.b.affinity: 'payload.model' leads nowhere"),
        ("retry: {base: 10m}", "6: plugins.a.commands.b.retry.cap: it is less than retry.base"),
    ],
)
def test_what_is_wrong_with_a_declared_command_is_said_with_its_place(
    tmp_path: Path, command: str, problem: str
) -> None:
    (tmp_path / "bad.json").write_text('{"type": "object",\n"properties": {\n"url": {"type": "text"}}}')
    (tmp_path / "list.json").write_text("[1]")
    (tmp_path / "broken.yaml").write_text("a: [")
    text = f"plugins:\n  a:\n    commands:\n      fine: {{}}\n      b:\n        {command}\n"
    [found] = problems_of(text, tmp_path)
    assert found.startswith(f"hookyard.yaml:{problem}")


@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        ("grace: 3s", "plugins.a.grace: its commands are run by external workers"),
        ("http: {allow_http: true}", "plugins.a.http: its commands are run by external workers"),
        ("workers: 2", "plugins.a.workers: its commands are run by external workers"),
        ("config: {x: 1}", "plugins.a.config: the plugin takes no configuration"),
        ("secrets: {x: hush}", "plugins.a.secrets.x: the plugin declares no secret of this name"),
    ],
)
def test_settings_that_mean_nothing_for_external_workers_are_refused(
    tmp_path: Path, setting: str, problem: str
) -> None:
    [found] = problems_of(f"plugins:\n  a:\n    commands: {{b: {{}}}}\n    {setting}\n", tmp_path)
    assert found.startswith(f"hookyard.yaml:4: {problem}")


def test_a_plugin_with_a_file_has_no_declared_commands(yard: Yard) -> None:
    yard.write("a.py")
    [found] = problems_of("plugin_dirs: [plugins]\nplugins:\n  a:\n    commands: {b: {}}\n", yard.base)
    assert found == (
        "hookyard.yaml:4: plugins.a.commands: plugins/a.py has this name, and commands of its own; give these another"
    )


@pytest.mark.parametrize("name", ["Image", "a.b"])
def test_a_name_that_no_command_may_have_is_refused(tmp_path: Path, name: str) -> None:
    [found] = problems_of(f"plugins:\n  a:\n    commands:\n      {name}: {{}}\n", tmp_path)
    assert found.startswith(f"hookyard.yaml:4: plugins.a.commands.{name}: {name!r} is no command name")


def test_running_such_a_plugin_at_the_command_line_says_where_its_commands_run(tmp_path: Path) -> None:
    file = tmp_path / "hookyard.yaml"
    file.write_text(RENDER)
    with pytest.raises(PluginLoadError, match="the commands of render are run by external workers; nothing of it runs"):
        commands_of(load_file(file, {}), "render")


def test_the_lock_has_the_types_of_declared_commands_apart(tmp_path: Path) -> None:
    text = """
plugins:
  r:
    commands:
      a: {input: {type: object, properties: {x: {type: string}}}}
      b: {input: {type: object, properties: {y: {type: integer}}}}
"""
    lock = lock_of((command.spec for command in registry_of(text, tmp_path).commands.values()), {})
    assert lock.commands.keys() == {"r/a", "r/b"}
    assert [sorted(kind["properties"]) for kind in lock.types.values() if "properties" in kind] == [["x"], ["y"]]
