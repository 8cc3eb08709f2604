"""What keeps a server from starting, and what does not."""

from pathlib import Path
from textwrap import dedent

import pytest

from hookyard.assembly import Assembly, assemble
from hookyard.config.load import load_file

PLUGIN = """
from msgspec import Struct
from hookyard import Context, Plugin
class Config(Struct): n: int = 0
plugin = Plugin("{name}", config=Config)
class In(Struct): x: int = 0
@plugin.command
async def run(data: In, ctx: Context[Config]) -> In:
    return data
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a good, a broken, a blocked and a sleeping plugin, and one for another Hookyard."""
    plugins = tmp_path / "plugins"
    plugins.mkdir(mode=0o755)
    for name in ("good", "blocked", "sleeping", "other"):
        (plugins / f"{name}.py").write_text(PLUGIN.replace("{name}", name))
    with (plugins / "other.py").open("a") as file:
        file.write("plugin.api = 99\n")
    (plugins / "broken.py").write_text("import nothing_of_this_name\n")
    (plugins / "blocked.py").chmod(0o666)
    return tmp_path


def assembled(folder: Path, run: str, plugins: str = "{sleeping: {enabled: false}}") -> Assembly:
    """What a configuration with one route amounts to."""
    path = folder / "c.yaml"
    text = f"""\
        plugin_dirs: [plugins]
        plugins: {plugins}
        sources:
          hub:
            scheme: github
            secrets: [x]
            take: all
            routes:
              - run: good/run
              - run: {run}
        """
    path.write_text(dedent(text))
    return assemble(load_file(path))


@pytest.mark.parametrize(
    ("plugin", "state"),
    [("broken", "failed"), ("blocked", "blocked"), ("other", "incompatible"), ("sleeping", "disabled")],
)
def test_a_route_to_a_plugin_that_does_not_run_leaves_the_server_startable(
    folder: Path, plugin: str, state: str
) -> None:
    assembly = assembled(folder, f"{plugin}/run")
    assert assembly.problems == ()
    assert [(one.line, one.path, one.message) for one in assembly.degraded] == [
        (10, "sources.hub.routes[1].run", f"the plugin {plugin} is {state}")
    ]
    assert set(assembly.sources.by_name) == {"hub"}


@pytest.mark.parametrize("run", ["good/walk", "absent/run"])
def test_a_route_to_what_is_nowhere_keeps_the_server_from_starting(folder: Path, run: str) -> None:
    assembly = assembled(folder, run)
    assert [(one.path, one.message) for one in assembly.problems] == [
        ("sources.hub.routes[1].run", f"there is no command {run!r}")
    ]
    assert assembly.degraded == ()


def test_a_plugin_whose_configuration_is_wrong_keeps_the_server_from_starting(folder: Path) -> None:
    assembly = assembled(folder, "good/run", plugins="{good: {config: {n: many}}}")
    assert [one.path for one in assembly.problems] == ["plugins.good.config.n"]


def test_a_configuration_without_fault_has_neither(folder: Path) -> None:
    assembly = assembled(folder, "good/run")
    assert (assembly.problems, assembly.degraded) == ((), ())


def test_a_source_all_of_whose_secrets_have_expired_is_told_and_keeps_no_server_from_starting(tmp_path: Path) -> None:
    (tmp_path / "plugins").mkdir(mode=0o755)
    (tmp_path / "plugins" / "good.py").write_text(PLUGIN.replace("{name}", "good"))
    old = '{value: old, until: "2001-01-01T00:00:00Z"}'
    text = """\
        plugin_dirs: [plugins]
        sources:
          late:
            scheme: github
            secrets: [OLD]
            routes: [{run: good/run}]
          good:
            scheme: github
            secrets: [OLD, new]
            routes: [{run: good/run}]
        """
    (tmp_path / "c.yaml").write_text(dedent(text).replace("OLD", old))
    assembly = assemble(load_file(tmp_path / "c.yaml"))
    assert assembly.problems == ()
    assert [(one.path, one.line, one.message) for one in assembly.degraded] == [
        ("sources.late.secrets", 5, "every secret has expired: nobody gets in")
    ]


def test_a_source_that_nobody_can_be_subscribed_to_or_whose_move_is_over_is_told(tmp_path: Path) -> None:
    (tmp_path / "plugins").mkdir(mode=0o755)
    (tmp_path / "plugins" / "good.py").write_text(PLUGIN.replace("{name}", "good"))
    text = """\
        plugin_dirs: [plugins]
        sources:
          hub: {scheme: websub, USUAL}
          lab: {scheme: {preset: gitlab, accept: either, until: "2001-01-01T00:00:00Z"}, USUAL}
          meta: {scheme: meta, USUAL}
          fine: {scheme: meta, handshake: {verify_token: word}, USUAL}
          feed: {scheme: {preset: websub, topics: ["https://example.com/feed"]}, USUAL}
          next: {scheme: {preset: gitlab, accept: either, until: "2101-01-01T00:00:00Z"}, USUAL}
        """
    usual = "secrets: [one-long-secret], routes: [{run: good/run}]"
    (tmp_path / "c.yaml").write_text(dedent(text).replace("USUAL", usual))
    assembly = assemble(load_file(tmp_path / "c.yaml"))
    assert assembly.problems == ()
    asks = "asks before it sends, and is not answered without"
    over = "the time of the move is over: who sends only the secret token does not get in"
    assert [(one.path, one.line, one.message) for one in assembly.degraded] == [
        ("sources.hub.handshake", 3, f"websub {asks} scheme.topics or handshake.verify_token"),
        ("sources.lab.scheme.until", 4, f"{over}; leave out accept, until and the token"),
        ("sources.meta.handshake", 5, f"meta {asks} handshake.verify_token"),
    ]
