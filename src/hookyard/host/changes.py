"""What lies between two registries, for those who asked for a reload."""

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import asdict

from hookyard.host.registry import Kept, PluginRecord, Registry

_BROKEN = frozenset({"blocked", "incompatible", "failed"})


class Changes(Struct, frozen=True, kw_only=True):
    """What a reload has changed."""

    added: tuple[str, ...] = ()
    """Plugins that run now and did not before."""
    changed: tuple[str, ...] = ()
    """Plugins that were loaded again, because their files or settings are others."""
    removed: tuple[str, ...] = ()
    """Plugins that ran before and do not now."""
    failed: tuple[PluginRecord, ...] = ()
    """Plugins that could not be loaded; none of them ran before."""
    commands_added: tuple[str, ...] = ()
    commands_removed: tuple[str, ...] = ()
    """Their queued jobs wait until the command is back."""
    settings: tuple[str, ...] = ()
    """The sections of the configuration that have changed and hold now."""
    needs_restart: tuple[str, ...] = ()
    """The settings that have changed and hold only after a restart."""

    @property
    def nothing(self) -> bool:
        """Whether all is as it was."""
        return self == Changes(failed=self.failed)

    @property
    def told(self) -> dict[str, object]:
        """What there is to say of it, in the log and in the audit log."""
        said: dict[str, object] = {name: value for name, value in asdict(self).items() if value and name != "failed"}
        return said | {"failed": [record.name for record in self.failed]}


def changes(old: Registry, new: Registry, settings: tuple[str, ...], needs_restart: tuple[str, ...]) -> Changes:
    """Compare what ran with what runs."""
    before, after = _running(old), _running(new)
    return Changes(
        added=tuple(name for name in after if name not in before),
        changed=tuple(name for name in after if name in before and after[name] is not before[name]),
        removed=tuple(name for name in before if name not in after),
        failed=tuple(record for record in new.plugins if record.state in _BROKEN),
        commands_added=tuple(key for key in new.commands if key not in old.commands),
        commands_removed=tuple(key for key in old.commands if key not in new.commands),
        settings=settings,
        needs_restart=needs_restart,
    )


def broken_by(old: Registry, new: Registry) -> tuple[PluginRecord, ...]:
    """The plugins that run now and could not be loaded again: a change that would stop them is a bad one."""
    lost = _running(old).keys() - _running(new).keys()
    return tuple(record for record in new.plugins if record.state in _BROKEN and record.name in lost)


def _running(registry: Registry) -> Mapping[str, Kept]:
    active = {each.plugin.name for each in registry.active}
    return {name: kept for name, kept in registry.kept.items() if name in active}
