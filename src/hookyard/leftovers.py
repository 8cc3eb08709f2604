"""What a reload leaves behind: plugins that are gone or changed, for as long as their jobs run."""

import asyncio
from dataclasses import dataclass
from typing import Any

from hookyard.dispatch.dispatcher import Dispatcher
from hookyard.garbage import Garbage
from hookyard.host.hooks import Hooks
from hookyard.host.hooks.table import Member
from hookyard.host.importing import forget
from hookyard.host.registry import Registry
from hookyard.plugin import Plugin

_LOOK = 0.2
"""Seconds between two looks at what still runs; a plugin that has nothing running is seen to at once."""


@dataclass(frozen=True, slots=True)
class _Leftover:
    plugin: Plugin[Any]
    member: Member | None
    """Whose `shutdown` is to be told; none of a plugin without hooks."""

    def runs(self, dispatcher: Dispatcher) -> bool:
        specs = {id(spec) for spec in self.plugin.commands.values()}
        return any(
            id(command.spec) in specs and (self.member is None or command.config is self.member.config)
            for command in dispatcher.commands_running
        )


class Leftovers:
    """Tells plugins that are gone `shutdown` when their last job is over, and forgets their modules then."""

    def __init__(self) -> None:
        self.garbage = Garbage()
        self._left: list[_Leftover] = []
        self._kept: set[int] = set()
        self._task: asyncio.Task[None] | None = None

    def add(self, before: Registry, after: Registry, gone: tuple[Member, ...]) -> None:
        """Take over what was there before and is not there after."""
        kept = {id(each.plugin) for each in after.kept.values()}
        members = {id(member.plugin): member for member in gone}
        for each in before.kept.values():
            if isinstance(each.plugin, Plugin) and id(each.plugin) not in kept:
                self._left.append(_Leftover(each.plugin, members.pop(id(each.plugin), None)))
        # A plugin that only has another configuration is told as well; its modules stay.
        self._left += [_Leftover(member.plugin, member) for member in members.values()]
        self._kept = kept

    async def clear(self, hooks: Hooks, dispatcher: Dispatcher) -> None:
        """See to those that have nothing running now, and to the others when they are through."""
        await self._clear(hooks, dispatcher)
        if self._left and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._watch(hooks, dispatcher), name="hookyard-leftovers")

    async def end(self, hooks: Hooks) -> None:
        """Nothing runs any more: see to all of them."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        await self._retire(hooks, self._left)
        self.garbage.end()

    async def _watch(self, hooks: Hooks, dispatcher: Dispatcher) -> None:
        while self._left:
            await asyncio.sleep(_LOOK)
            await self._clear(hooks, dispatcher)

    async def _clear(self, hooks: Hooks, dispatcher: Dispatcher) -> None:
        await self._retire(hooks, [each for each in self._left if not each.runs(dispatcher)])

    async def _retire(self, hooks: Hooks, those: list[_Leftover]) -> None:
        self._left = [each for each in self._left if each not in those]
        await hooks.retire([each.member for each in those if each.member is not None])
        gone = [each.plugin for each in those if id(each.plugin) not in self._kept]
        if gone:
            forget(gone)
            self.garbage.collect_soon()
