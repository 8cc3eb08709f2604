"""Plugins of other programs: what is found of them, under which names, and what is never run."""

from pathlib import Path

import pytest
from tests.unit.host.lab import GOOD, Yard

from hookyard.config.model import PluginHttp, PluginSettings
from hookyard.config.values import Duration, Secret
from hookyard.host.discovery import in_folder

DESCRIBE = """#!/bin/sh
echo run >> "{marker}"
echo '{{"name": "{name}", "api": {api}, "commands": [{{"name": "say", "output": {{"type": "object"}}}}]}}'
"""
YAML = "name: {name}\napi: {api}\nexecutable: run.sh\ncommands:\n  - name: say\n    output: {{type: object}}\n"
DUCTILE = (
    "manifest_spec: ductile.plugin\nmanifest_version: 1\nname: {name}\nversion: 0.1.0\nprotocol: 2\n"
    "entrypoint: run.sh\ncommands:\n  - name: poll\n    type: write\n"
)


def program(yard: Yard, path: str, name: str, *, api: int = 1) -> Path:
    """An executable that notes down that it was run."""
    file = yard.write(path, DESCRIBE.format(marker=yard.base / "ran", name=name, api=api))
    file.chmod(0o755)
    return file


def ductile(yard: Yard, path: str, name: str) -> None:
    """A Ductile plugin."""
    yard.write(f"{path}/manifest.yaml", DUCTILE.format(name=name))
    program(yard, f"{path}/run.sh", name)


def found(yard: Yard) -> dict[str, str]:
    return {candidate.name: candidate.kind for candidate in in_folder(yard.plugins, yard.base)}


def test_every_kind_is_found_by_what_it_is_made_of(yard: Yard) -> None:
    program(yard, "alone", "alone")
    program(yard, "suffixed.sh", "suffixed")
    program(yard, "beside.sh", "beside")
    yard.write("beside.plugin.yaml", YAML.format(name="beside", api=1))
    program(yard, "script.py", "script")
    yard.write("script.plugin.yaml", YAML.format(name="script", api=1))
    yard.write("folder/plugin.yaml", YAML.format(name="folder", api=1))
    ductile(yard, "deep/er/echo-folder", "echo")
    yard.write("python.py").chmod(0o755)
    yard.write("notes.txt", "all permissions, and no program").chmod(0o755)
    yard.write("plain.sh", "#!/bin/sh")
    assert found(yard) == {
        "alone": "exec",
        "beside": "exec",
        "echo": "ductile",
        "folder": "exec",
        "python": "python",
        "script": "exec",
        "suffixed": "exec",
    }


def test_a_plugin_folder_may_be_an_exec_or_a_ductile_plugin_itself(yard: Yard) -> None:
    yard.write("folder/plugin.yaml", YAML.format(name="folder", api=1))
    ductile(yard, "echo", "echo")
    kinds = [candidate.kind for name in ("folder", "echo") for candidate in in_folder(yard.plugins / name, yard.base)]
    assert kinds == ["exec", "ductile"]


def test_an_executable_describes_itself(yard: Yard) -> None:
    program(yard, "machine", "machine")
    record = yard.record("machine")
    assert (record.state, record.kind, record.isolation) == ("active", "exec", "exec")
    assert "machine/say" in yard.load().commands


def test_nothing_of_a_disabled_blocked_or_incompatible_plugin_is_run(yard: Yard) -> None:
    marker = yard.base / "ran"
    program(yard, "off", "off")
    program(yard, "open", "open").chmod(0o777)
    program(yard, "other/run.sh", "other")
    yard.write("other/plugin.yaml", YAML.format(name="other", api=99))
    program(yard, "Bad Name", "bad")
    records = {record.name: record for record in yard.load(off=PluginSettings(enabled=False)).plugins}
    assert not marker.exists()
    assert records["off"].state == "disabled"
    assert records["open"].state == "blocked"
    assert (records["other"].state, records["other"].reason) == (
        "incompatible",
        "it is written for plugin API 99, and this Hookyard has 1",
    )
    assert records["Bad Name"].state == "failed"


@pytest.mark.parametrize(
    "line",
    ["__hookyard_api__ = 99", "'doc'\n__hookyard_api__ = other = 99", "__hookyard_api__: int = 99"],
)
def test_a_single_file_says_its_api_without_being_imported(yard: Yard, line: str) -> None:
    yard.write("a.py", f"{line}\nraise RuntimeError")
    yard.write("b/__init__.py", f"{line}\nraise RuntimeError")
    yard.write("c.py", "__hookyard_api__ = 1\n" + GOOD.format(name="c"))
    states = {record.name: (record.state, record.reason) for record in yard.load().plugins}
    expected = ("incompatible", "it is written for plugin API 99, and this Hookyard has 1")
    assert (states["a"], states["b"], states["c"]) == (expected, expected, ("active", None))


@pytest.mark.parametrize("said", ["'9'", "True", "1.0", "None", "-1", "ONE"])
def test_an_api_that_is_no_whole_number_is_a_reason_and_not_nothing(yard: Yard, said: str) -> None:
    yard.write("a.py", f"__hookyard_api__ = {said}\nraise RuntimeError")
    record = yard.record("a")
    assert record.state == "incompatible"
    assert record.reason == f"it says `__hookyard_api__ = {said}`, and a whole number must stand there, such as 1"


@pytest.mark.parametrize("said", ["'9'", "true"])
def test_an_api_of_a_project_that_is_no_whole_number_is_a_reason(yard: Yard, said: str) -> None:
    entry = '[project]\nname = "p"\n[project.entry-points.hookyard]\np = "yard_p:plugin"\n'
    yard.write("p/pyproject.toml", f"[tool.hookyard]\napi = {said}\n{entry}")
    yard.write("p/yard_p/__init__.py", "raise RuntimeError")
    record = yard.record("p")
    assert record.state == "incompatible"
    assert record.reason is not None
    assert record.reason.startswith("[tool.hookyard] says api = ")


@pytest.mark.parametrize(
    "text", ["[tool.hookyard]\napi = 99\n[project]\n", '[project]\nkeywords = ["hookyard-api-99"]\n']
)
def test_a_project_says_its_api_without_being_imported(yard: Yard, text: str) -> None:
    yard.write("p/pyproject.toml", text + 'name = "p"\n[project.entry-points.hookyard]\np = "yard_p:plugin"\n')
    yard.write("p/yard_p/__init__.py", "raise RuntimeError")
    assert yard.record("p").state == "incompatible"


def test_the_first_ductile_plugin_of_a_name_wins_and_the_other_is_listed(yard: Yard) -> None:
    ductile(yard, "a/one", "echo")
    ductile(yard, "b/two", "echo")
    first, second = (record for record in yard.load().plugins if record.name == "echo")
    assert (first.state, first.origin) == ("active", "plugins/a/one")
    assert second.state == "failed"
    assert second.reason == "the name is taken: plugins/a/one came first, plugins/b/two is left out"


def test_a_ductile_plugin_that_lies_elsewhere_is_blocked(yard: Yard) -> None:
    ductile(yard, "../elsewhere/echo", "echo")
    (yard.plugins / "echo").symlink_to(yard.base / "elsewhere" / "echo")
    record = yard.record("echo")
    assert record.state == "blocked"
    assert record.reason == f"{yard.plugins / 'echo'} leads out of {yard.plugins}"


def test_an_alias_runs_a_ductile_plugin_a_second_time(yard: Yard) -> None:
    ductile(yard, "echo", "echo")
    registry = yard.load(second=PluginSettings(uses="echo"))
    assert {"echo/poll", "second/poll"} <= registry.commands.keys()
    assert registry.commands["echo/poll"].lane != registry.commands["second/poll"].lane
    assert registry.problems == ()
    alone = yard.load(second=PluginSettings(uses="echo"), echo=PluginSettings(enabled=False))
    assert "echo/poll" not in alone.commands
    assert "second/poll" in alone.commands


def test_an_alias_of_what_is_no_ductile_plugin_is_a_problem(yard: Yard) -> None:
    yard.write("a.py")
    ductile(yard, "echo", "echo")
    registry = yard.load(x=PluginSettings(uses="nothing"), y=PluginSettings(uses="a"), echo=PluginSettings(uses="echo"))
    assert registry.problems == (
        ("plugins.x.uses", "there is no plugin of this name"),
        ("plugins.y.uses", "there is no plugin of this name that is Ductile's; it is of kind python"),
        ("plugins.echo.uses", "plugins/echo has this name already; give the second one another"),
    )


SECRETS = GOOD.replace('Plugin("{name}")', 'Plugin("{name}", secrets=("key",))')


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        (
            PluginSettings(secrets={"key": Secret("x"), "kee": Secret("y")}),
            ("plugins.a.secrets.kee", "the plugin declares no secret of this name; it declares key"),
        ),
        (
            PluginSettings(),
            (
                "plugins.a.secrets",
                "the plugin declares the secret 'key', and neither this section nor a plugin's hook has it",
            ),
        ),
    ],
)
def test_secrets_are_held_against_what_the_plugin_declares(
    yard: Yard, settings: PluginSettings, problem: tuple[str, str]
) -> None:
    yard.write("a.py", SECRETS.format(name="a"))
    registry = yard.load(a=settings)
    assert registry.problems == (problem,)
    assert registry.commands == {}
    (record,) = (record for record in registry.plugins if record.name == "a")
    assert record.state == "failed"


def test_a_secret_that_a_plugin_resolves_need_not_be_configured(yard: Yard) -> None:
    yard.write("a.py", SECRETS.format(name="a"))
    hook = (
        "from hookyard import Plugin, SecretReference\nplugin = Plugin('vault')\n@plugin.hook\n"
        "async def resolve_secret(reference: SecretReference) -> str | None: return None\n"
    )
    yard.write("vault.py", hook)
    registry = yard.load()
    assert registry.problems == ()
    assert "a/run" in registry.commands


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        (PluginSettings(python="venv/bin/python"), "python"),
        (PluginSettings(workers=2), "workers"),
        (PluginSettings(recycle_jobs=None), "recycle_jobs"),
        (PluginSettings(env={"A": "b"}), "env"),
        (PluginSettings(grace=Duration(1)), "grace"),
        (PluginSettings(http=PluginHttp(allow_networks=("everywhere",))), "http.allow_networks[0]"),
    ],
)
def test_settings_that_mean_nothing_for_a_plugin_are_problems(yard: Yard, settings: PluginSettings, path: str) -> None:
    yard.write("a.py")
    assert [problem[0] for problem in yard.load(a=settings).problems] == [f"plugins.a.{path}"]


def test_settings_of_processes_are_for_an_exec_plugin_and_those_of_workers_are_not(yard: Yard) -> None:
    program(yard, "machine", "machine")
    right = PluginSettings(env={"A": "b"}, grace=Duration(1))
    assert yard.load(machine=right).problems == ()
    wrong = PluginSettings(workers=2, isolation="worker", http=PluginHttp(allow_http=True))
    assert [path for path, _ in yard.load(machine=wrong).problems] == [
        "plugins.machine.isolation",
        "plugins.machine.workers",
        "plugins.machine.http",
    ]


def test_a_plugin_in_workers_is_not_imported_here(yard: Yard) -> None:
    source = f"import os\nopen({str(yard.base / 'pid')!r}, 'w').write(str(os.getpid()))\n"
    yard.write("a.py", source + GOOD.format(name="a"))
    record = yard.record("a", a=PluginSettings(isolation="worker"))
    assert (record.state, record.kind, record.isolation) == ("active", "python", "worker")
    import os

    assert (yard.base / "pid").read_text() != str(os.getpid())


@pytest.mark.parametrize("workers", [1, 3])
def test_a_lane_of_worker_processes_lets_in_eight_for_each_unless_a_limit_is_given(yard: Yard, workers: int) -> None:
    few = "@plugin.command(concurrency=2)\nasync def few(data: In, ctx: Context) -> Out: ...\n"
    both = few + few.replace("few", "more").replace("2", "100")
    yard.write("a.py", GOOD.format(name="a") + both)
    registry = yard.load(lanes={"a/more": 200}, a=PluginSettings(isolation="worker", workers=workers))
    assert dict(registry.lanes) == {"a/run": 8 * workers, "a/few": 2, "a/more": 200}


def test_what_has_not_changed_is_taken_from_the_load_before(yard: Yard) -> None:
    from hookyard.config.model import Config
    from hookyard.host.load import load

    program(yard, "machine", "machine")
    yard.write("a.py")
    yard.write("b.py")
    config = Config(plugin_dirs=("plugins",))
    first = load(config, yard.base)
    again = load(config, yard.base, first)
    assert all(again.kept[name] is first.kept[name] for name in ("a", "b", "machine"))
    assert (yard.base / "ran").read_text() == "run\n"
    other = Config(plugin_dirs=("plugins",), plugins={"b": PluginSettings(secrets={})})
    yard.write("a.py", GOOD.format(name="a") + "# changed")
    changed = load(other, yard.base, again)
    assert changed.kept["a"].plugin is not first.kept["a"].plugin
    assert changed.kept["b"] is first.kept["b"]
