"""Finds the circle in which every process of a pool waits for a command that needs one of them."""

from collections import deque
from collections.abc import Sequence
from typing import Final

from hookyard.errors import CallError, PluginFailed
from hookyard.runners.worker.process import Worker
from hookyard.runners.worker.ticket import Ticket

CODE: Final = "no_worker_left"
"""Of the call that is refused, and of its job."""


def break_circle(plugin: str, workers: Sequence[Worker], waiting: deque[Ticket]) -> Ticket | None:
    """Refuse the newest call, if nothing can go on otherwise: each process runs a caller, whose child is here too.

    A child that has ended already is not here any more, so that a caller whose answer is on its way holds nobody up.
    Calls that come back by way of another plugin are not seen.

    Returns:
        The child whose caller was refused, taken care of; to be waited for no more.
    """
    callers: dict[str, Ticket] = {}
    for worker in workers:
        first = worker.tickets[0] if worker.tickets else None
        if worker.state != "ready" or first is None or first.stopping is not None or not first.calling:
            return None
        callers[first.call.info.id] = first
    here = [*waiting, *(ticket for worker in workers for ticket in worker.tickets)]
    if not callers.keys() <= {ticket.call.info.parent for ticket in here}:
        return None
    for child in reversed(waiting):
        caller = callers.get(child.call.info.parent or "")
        if caller is not None and child.call.command.key in caller.calling:
            _refuse(plugin, callers, caller, child)
            return child
    return None


def _above(callers: dict[str, Ticket], child: Ticket) -> int:
    """How many of the processes run what led to this call: its caller, the caller of that, and so on."""
    above = 0
    parent = callers.get(child.call.info.parent or "")
    while parent is not None:
        above += 1
        parent = callers.get(parent.call.info.parent or "")
    return above


def _refuse(plugin: str, callers: dict[str, Ticket], caller: Ticket, child: Ticket) -> None:
    most = len(callers)
    key = child.call.command.key
    held = "its one process waits for a command that it has"
    if most > 1:
        held = f"all {most} processes wait for commands that they have"
    why = f"no worker is left for it: {held} called; raise plugins.{plugin}.workers"
    # What leads to this call by itself takes every process, the next time too; others may be through by then.
    again = _above(callers, child) < most
    caller.refuse_calls(key, CallError(f"{key}: {why}", code=CODE, retryable=again))
    child.refuse(PluginFailed(key, why, code=CODE, retryable=False))
