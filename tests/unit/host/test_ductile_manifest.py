"""What is refused of a Ductile plugin before it runs; every reason names the file, the line and the key."""

import os
import re
from pathlib import Path

import pytest

from hookyard.config.model import PluginSettings
from hookyard.errors import PluginLoadError
from hookyard.host.candidate import Candidate
from hookyard.host.foreign.contract import ForeignPlugin
from hookyard.host.foreign.ductile import describe

WHOLE = """\
manifest_spec: ductile.plugin
manifest_version: 1
name: echo
version: 0.1.0
protocol: 2
entrypoint: run.sh
description: "Says it again"
concurrency_safe: false
commands:
  - name: poll
    type: write
    description: "First line.\\n\\nAnd more."
    idempotent: true
    retry_safe: true
    input_schema: {message: string}
    output_schema: {status: string}
    values: {consume: [payload.url], emit: [{event: content_ready, values: [payload.url]}]}
  - name: handle
    type: read
fact_outputs:
  - {when: {command: poll}, from: state_updates, fact_type: echo.snapshot, compatibility_view: mirror_object}
config_keys: {required: [db_path], optional: [message, mode]}
stopwatch: {max_subs: 16}
"""


class Home:
    """A plugin's folder in a root, with a manifest and a program."""

    def __init__(self, root: Path) -> None:
        self.root = root / "root"
        self.folder = self.root / "echo"
        self.folder.mkdir(parents=True)
        self.program = self.folder / "run.sh"
        self.program.write_text("#!/bin/sh\n")
        self.program.chmod(0o755)

    def describe(self, manifest: str = WHOLE, settings: PluginSettings | None = None) -> ForeignPlugin:
        path = self.folder / "manifest.yaml"
        path.write_text(manifest)
        found = Candidate(
            "echo", "root/echo", "ductile", folder=self.root, home=self.folder, root=self.root, manifest=path
        )
        return describe(found, settings or PluginSettings(), self.root.parent)

    def refusal(self, manifest: str = WHOLE) -> str:
        with pytest.raises(PluginLoadError) as caught:
            self.describe(manifest)
        return str(caught.value)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_a_whole_manifest_becomes_a_plugin(home: Home) -> None:
    plugin = home.describe()
    assert (plugin.name, plugin.version, plugin.lane, plugin.serial) == ("echo", "0.1.0", "echo", True)
    poll, handle = plugin.commands["poll"], plugin.commands["handle"]
    assert (poll.key, poll.summary, poll.description) == ("echo/poll", "First line.", "First line.\n\nAnd more.")
    assert (poll.options.read_only, poll.options.idempotent, poll.options.concurrency) == (False, True, 1)
    assert (handle.options.read_only, handle.options.idempotent) == (True, True)
    assert poll.options.isolation == "ductile"
    with pytest.raises(TypeError, match="echo/poll runs in a process of its own"):
        poll.function(None, None)


@pytest.mark.parametrize("version", ["1", "1.5", '"1.10"', "v3-rc.1"])
def test_a_version_may_lack_its_quotes(home: Home, version: str) -> None:
    assert home.describe(WHOLE.replace("0.1.0", version)).version == version.strip('"')


def test_a_missing_key_of_the_configuration_is_a_problem_that_names_it(home: Home) -> None:
    assert home.describe().problems == (("plugins.echo.config.db_path", "missing; echo requires it"),)
    settings = PluginSettings(config={"db_path": "x", "not_declared": 1})
    assert home.describe(settings=settings).problems == ()


@pytest.mark.parametrize(
    ("found", "put", "place", "reason"),
    [
        ("ductile.plugin", "ductile.pipeline", "1: manifest_spec", "'ductile.pipeline' is not supported"),
        ("manifest_version: 1", "manifest_version: 2", "2: manifest_version", "2 is not supported; it must be 1"),
        ("protocol: 2", "protocol: 1", "5: protocol", "1 is not supported; it must be 2"),
        ("protocol: 2", 'protocol: "2"', "5: protocol", "expected `int`, got `str`"),
        ("name: echo", "name: a b", "3: name", "is no name"),
        ("name: echo", "name: _echo", "3: name", "is no name"),
        ("name: echo\n", "", "1: name", "missing"),
        ("entrypoint: run.sh", "entrypoint: /bin/sh", "6: entrypoint", "must be relative"),
        ("entrypoint: run.sh", "entrypoint: ../echo/run.sh", "6: entrypoint", r"must not have \.\. in it"),
        ("entrypoint: run.sh", "entrypoint:", "6: entrypoint", "expected `str`, got `null`"),
        ("entrypoint: run.sh", "entrypoint: ''", "6: entrypoint", "expected `str` of length >= 1"),
        ("concurrency_safe: false", "concurrency: 1", "8: concurrency", "unknown key"),
        ("concurrency_safe: false", "concurrency_safe: maybe", "8: concurrency_safe", "expected `bool | null`"),
        ("type: read", "type: execute", r"19: commands\[1\].type", "invalid enum value 'execute'"),
        ("    type: read\n", "", r"18: commands\[1\].type", "missing"),
        ("name: handle", "name: 1st", r"18: commands\[1\].name", "'1st' is no command name"),
        ("name: handle", "name: a.b", r"18: commands\[1\].name", "'a.b' is no command name"),
        ("name: handle", "name: poll", r"18: commands\[1\].name", "two commands 'poll'"),
        ("retry_safe: true", "retries: 3", r"14: commands\[0\].retries", "unknown key"),
        ("emit: [{event: content_ready,", "emit: [{", r"17: commands\[0\].values.emit\[0\].event", "missing"),
        ("from: state_updates", "from: result", r"21: fact_outputs\[0\].from", "invalid enum value 'result'"),
        ("when: {command: poll}", "when: {command: x}", r"21: fact_outputs\[0\].when.command", "'x' is not among"),
        ("mirror_object", "merge", r"21: fact_outputs\[0\].compatibility_view", "invalid enum value 'merge'"),
        ("config_keys: {required: [db_path]", "config_keys: {needed: [x]", "22: config_keys.needed", "unknown key"),
        ("max_subs: 16", "max_subs: 0", "23: stopwatch.max_subs", "expected `int` >= 1"),
        ("version: 0.1.0", "version: [1]", "4: version", "got `array`"),
        ("protocol: 2", "protocol: 2\nprotocol: 2", "6", "the key protocol stands here twice"),
        ("protocol: 2", "protocol: [2", "", "this is not YAML"),
    ],
)
def test_a_wrong_manifest_is_refused_with_its_place(home: Home, found: str, put: str, place: str, reason: str) -> None:
    assert found in WHOLE
    message = home.refusal(WHOLE.replace(found, put))
    assert re.search(rf"^root/echo/manifest\.yaml:{place}.*{reason}", message, re.MULTILINE), message


def test_several_faults_are_named_together(home: Home) -> None:
    message = home.refusal(WHOLE.replace("protocol: 2", "protocol: 3").replace("name: handle", "name: h!"))
    assert [line.partition(": ")[0] for line in message.splitlines()] == [
        "root/echo/manifest.yaml:5",
        "root/echo/manifest.yaml:18",
    ]


@pytest.mark.parametrize("manifest", ["", "just text", "[]", "commands: []"])
def test_what_is_no_manifest_at_all_is_refused(home: Home, manifest: str) -> None:
    assert home.refusal(manifest).startswith("root/echo/manifest.yaml:1: ")


def test_a_manifest_that_cannot_be_read_is_refused(home: Home) -> None:
    home.describe()
    path = home.folder / "manifest.yaml"
    found = Candidate("echo", "root/echo", "ductile", manifest=path)
    path.write_bytes(b"name: \xff")
    with pytest.raises(PluginLoadError, match="not UTF-8"):
        describe(found, PluginSettings(), home.root)
    path.write_text("#" * (1 << 20) + "\n")
    with pytest.raises(PluginLoadError, match="longer than 1048576 bytes"):
        describe(found, PluginSettings(), home.root)
    path.unlink()
    with pytest.raises(PluginLoadError, match="no such file"):
        describe(found, PluginSettings(), home.root)
    with pytest.raises(PluginLoadError, match=r"there is no manifest\.yaml"):
        describe(Candidate("echo", "root/echo", "ductile"), PluginSettings(), home.root)


# --- the program ------------------------------------------------------------


def test_a_program_that_is_not_there_or_not_executable_is_refused(home: Home) -> None:
    home.program.chmod(0o644)
    assert "entrypoint: 'run.sh' is not an executable file" in home.refusal()
    home.program.unlink()
    assert "entrypoint: 'run.sh': no such file" in home.refusal()
    home.program.mkdir()
    assert "entrypoint: 'run.sh' is not an executable file" in home.refusal()


def test_a_link_out_of_the_folder_is_refused_and_one_inside_is_not(home: Home) -> None:
    home.program.rename(home.folder / "real.sh")
    home.program.symlink_to("real.sh")
    assert home.describe().name == "echo"
    home.program.unlink()
    outside = home.root / "other.sh"
    outside.write_text("#!/bin/sh\n")
    outside.chmod(0o755)
    home.program.symlink_to(outside)
    assert "entrypoint: 'run.sh' is a link out of the plugin's folder" in home.refusal()
    home.program.unlink()
    home.program.symlink_to("run.sh")
    assert "entrypoint: 'run.sh': " in home.refusal()


def test_a_folder_that_is_a_link_out_of_its_root_is_refused(home: Home, tmp_path: Path) -> None:
    home.folder.rename(tmp_path / "elsewhere")
    home.folder.symlink_to(tmp_path / "elsewhere")
    assert "the folder is a link out of root" in home.refusal()


@pytest.mark.parametrize("which", ["echo", "echo/bin", "echo/bin/run.sh", "echo/manifest.yaml"])
def test_what_anyone_may_change_is_refused(home: Home, which: str) -> None:
    (home.folder / "bin").mkdir(mode=0o755)
    home.program.rename(home.folder / "bin" / "run.sh")
    (home.folder / "manifest.yaml").touch()
    path = home.root / which
    path.chmod(path.stat().st_mode | 0o002)
    message = home.refusal(WHOLE.replace("run.sh", "bin/run.sh"))
    assert f"anyone on this machine may change {which}" in message
    assert os.access(path, os.W_OK)
