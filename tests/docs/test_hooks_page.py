"""The page about hooks: its plugins can be declared and called, its configuration fits them, and no hook is missing."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
from tests.docs.test_documents import ROOT, blocks

from hookyard import Credentials, InboundEvent, JobInfo, Plugin, WebhookRequest
from hookyard.assembly import assemble
from hookyard.config import load_file
from hookyard.hookspecs import HOOKS
from hookyard.host.hooks import Hooks

PAGE = ROOT / "docs" / "reference" / "hooks.md"
SOURCES = [block.text for block in blocks(PAGE) if block.language == "python"]


def declared(source: str) -> Plugin[Any]:
    names: dict[str, Any] = {}
    exec(compile(source, "hooks.md", "exec"), names)  # noqa: S102  the page's own examples
    found: Plugin[Any] = names["plugin"]
    return found


PLUGINS = {plugin.name: plugin for plugin in map(declared, SOURCES)}


def test_every_hook_has_a_row_with_its_parameters() -> None:
    rows = [line.split("`")[1] for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `")]
    assert sorted(rows) == sorted(HOOKS)


def test_every_plugin_of_the_page_declares_a_hook() -> None:
    assert all(plugin.hooks for plugin in PLUGINS.values())
    assert PLUGINS.keys() == {"watcher", "sso", "acme", "timer", "mirror", "ldap"}


def test_the_plugins_of_the_page_answer_as_it_says() -> None:
    async def command() -> bytes:
        return b"1"

    async def main() -> None:
        hooks = Hooks([(plugin, None) for plugin in PLUGINS.values()])
        request = Credentials(headers={"x-verified-user": "ada"}, method="GET", path="/")
        caller = await hooks.authenticate(request)
        assert caller is not None
        assert caller.name == "plugin:sso/ada"
        webhook = WebhookRequest(
            source="acme", headers={"x-acme-token": "t"}, body=b"", secrets=("s", "t"), received_at=0
        )
        verdict = await hooks.verify_webhook("acme", webhook)
        assert verdict is not None
        assert verdict.ok
        assert not await hooks.verify_webhook("acme", msgspec.structs.replace(webhook, headers={}))
        event = InboundEvent(source="acme", event="paid", delivery_id="d", command="hello/greet", body=b"")
        assert await hooks.map_input("acme", event) == b'{"name":"Ada"}'
        assert await hooks.around(JobInfo(id="1", plugin="p", command="c"), command) == b"1"
        assert (await hooks.health())["mirror"].details == {"minutes": 61}
        assert [command.name for command in await hooks.register_cli("ldap")] == ["sync"]
        await hooks.shutdown()
        assert [record for record in hooks.records() if record.failures] == []

    asyncio.run(main())


def test_the_configuration_of_the_page_fits_its_plugin(tmp_path: Path) -> None:
    [acme] = [source for source in SOURCES if 'Plugin("acme")' in source]
    [config] = [block.text for block in blocks(PAGE) if block.language == "yaml"]
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "acme.py").write_text(acme, "utf-8")
    (tmp_path / "hookyard.yaml").write_text(f"{config}plugins:\n  hello: {{}}\n", "utf-8")
    assembly = assemble(load_file(tmp_path / "hookyard.yaml"))
    assert (assembly.problems, assembly.degraded) == ((), ())
    assert assembly.sources.by_name["acme"].plugin == "acme"
