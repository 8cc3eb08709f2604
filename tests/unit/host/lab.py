"""A folder with plugins in it, and what loading it gives."""

from pathlib import Path

from hookyard.config.model import Config, LaneSettings, PluginSettings
from hookyard.host.load import load
from hookyard.host.registry import PluginRecord, Registry

GOOD = """
from msgspec import Struct
from hookyard import Context, Plugin
plugin = Plugin("{name}")
class In(Struct): x: int = 0
class Out(Struct): y: int
@plugin.command
async def run(data: In, ctx: Context) -> Out:
    return Out(data.x)
"""


class Yard:
    """A folder with a `plugins` folder in it, and what loading it gives."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.plugins = base / "plugins"
        self.plugins.mkdir()

    def write(self, path: str, text: str = "") -> Path:
        """A file in the plugins folder; without text a plugin that works, named as its file or folder."""
        file = self.plugins / path
        file.parent.mkdir(parents=True, exist_ok=True)
        name = file.parent.name if file.name == "__init__.py" else file.stem
        file.write_text(text or GOOD.format(name=name))
        return file

    def load(
        self,
        dirs: tuple[str, ...] = ("plugins",),
        lanes: dict[str, int] | None = None,
        **plugins: PluginSettings,
    ) -> Registry:
        settings = {lane: LaneSettings(limit=limit) for lane, limit in (lanes or {}).items()}
        return load(Config(plugin_dirs=dirs, plugins=plugins, lanes=settings), self.base)

    def record(self, name: str, **plugins: PluginSettings) -> PluginRecord:
        """The only record of this name."""
        (found,) = (record for record in self.load(("plugins",), None, **plugins).plugins if record.name == name)
        return found
