"""Changes of state by a principal: with their entry of the audit log, in one transaction."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from hookyard.errors import StoreError
from hookyard.model import AuditEntry
from hookyard.store.contract import AppendAudit, Failed, Op, Result, Several, Together

Write: TypeAlias = Callable[[Op], Awaitable[Result]]
"""Has an operation applied; its result is there once it is on disk."""


def with_entry(entry: AuditEntry, *ops: Op) -> Together:
    """The operations and their entry as one; :func:`first_of` reads the result."""
    return Together(now=ops[0].now, ops=(*ops, AppendAudit(now=ops[0].now, entry=entry)))


def first_of(result: Result) -> Result:
    """What became of the first operation.

    Raises:
        StoreError: one of them contradicts what is stored. What the others did is done all the same.
    """
    results = result.results if isinstance(result, Several) else (result,)
    for each in results:
        if isinstance(each, Failed):
            raise StoreError(each.detail)
    return results[0]


async def audited(write: Write, entry: AuditEntry | None, *ops: Op) -> Result:
    """Have operations applied with their entry, one after the other in one transaction.

    Args:
        write: what applies them, the coalescer's `submit`.
        entry: who does it; None where nobody is to be named, for a single operation only.
        ops: what is done, at least one operation.

    Returns:
        What became of the first.

    Raises:
        StoreUnavailable: nothing was done.
        StoreError: as of :func:`first_of`.
    """
    return first_of(await write(ops[0] if entry is None else with_entry(entry, *ops)))
