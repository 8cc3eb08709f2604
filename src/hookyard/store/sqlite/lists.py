"""Lists that cost the same however long the history is.

An index finds what is asked for, where there is one, and a bounded look at the newest of its rows does the rest. Jobs
of a lane or a command have none: it would make storing and finishing a job an eighth slower.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, cast

from msgspec import UNSET, UnsetType

from hookyard import ids
from hookyard.store.contract import AuditFound, AuditQuery, EndedQuery, JobQuery, JobsFound
from hookyard.store.spans import first_key
from hookyard.store.sqlite import codec, codec_kept, statements
from hookyard.store.sqlite.asking import Asking
from hookyard.store.sqlite.codec import JobRow
from hookyard.store.sqlite.driver import Connection, Value
from hookyard.store.sqlite.statements import Statement

LOOKS: Final = 2000
"""Rows that one page looks at, at most."""
ENDED_LOOKS: Final = 10_000
"""The same for a walk through the history, which is walked to its end."""
NEWEST: Final = 1 << 60
"""Greater than any key: the cursor of a first page."""

_SQL = statements.load("lists", columns_of="queries")
_ENDED = statements.load("ended", columns_of="queries")
_UNSUCCESSFUL: Final = {"failed", "timed_out", "cancelled"}


class Way(NamedTuple):
    """What finds the rows: the part of the statements' names, and what the index is asked for, if for anything."""

    name: str
    value: str | int | UnsetType | None = UNSET


class Wanted(NamedTuple):
    """What a page is asked for."""

    way: Way
    span: tuple[int, int]
    """The keys between which to look, in the order in which the questions take them."""
    limit: int
    asked: Sequence[Value]
    """What is asked of each row."""
    looks: int = LOOKS
    """Rows to look at, at most."""


class Page(NamedTuple):
    """What was found."""

    rows: list[tuple[Value, ...]]
    next: int | None
    """The key to go on before, or after."""


class Lists(Asking):
    """The questions whose answers come in pages."""

    async def jobs(self, query: JobQuery) -> JobsFound:
        """A page of jobs."""
        span = between(query.before, query.created_since, query.created_until)
        asked = (
            *(query.status, query.reason, query.plugin, query.command, query.lane, query.principal, query.source),
            *(query.tenant, query.parent, query.finished_since, query.finished_until, query.tag),
            None if query.error is None else query.error.casefold(),
            query.dead,
        )
        page = await self.ask(page_of, _SQL, Wanted(_way_to_jobs(query), span, max(query.limit, 1), asked))
        jobs = tuple(codec.job(row) for row in cast("list[JobRow]", page.rows))
        return JobsFound(jobs, id_before(page, jobs[-1].id if jobs else None))

    async def ended(self, query: EndedQuery) -> JobsFound:
        """A page of jobs that ended, in the order of ids."""
        after = -1 if query.after is None else ids.key(query.after)
        span = (after, max(0, min(first_key(query.until), NEWEST)))
        asked = (query.since, query.until)
        page = await self.ask(page_of, _ENDED, Wanted(Way("of_history"), span, max(query.limit, 1), asked, ENDED_LOOKS))
        jobs = tuple(codec.job(row) for row in cast("list[JobRow]", page.rows))
        return JobsFound(jobs, id_before(page, jobs[-1].id if jobs else None))

    async def audit(self, query: AuditQuery) -> AuditFound:
        """A page of the audit log."""
        span = between(query.before, query.since, query.until)
        asked = (query.principal, query.action, query.target, query.tenant)
        page = await self.ask(page_of, _SQL, Wanted(_way_to_entries(query), span, max(query.limit, 1), asked))
        entries = tuple(codec_kept.entry(row) for row in page.rows)
        return AuditFound(entries, id_before(page, entries[-1].id if entries else None))


def _way_to_jobs(query: JobQuery) -> Way:
    """The index that should leave the fewest rows to look at."""
    if query.parent is not None:
        return Way("of_parent", query.parent)
    if query.status in {"queued", "running"}:
        return Way(f"among_{query.status}")
    if query.tag is not None:
        return Way("of_tag", query.tag)
    if query.status in _UNSUCCESSFUL:
        return Way("among_unsuccessful", query.status)
    if query.dead:
        return Way("among_failures")
    if query.source is not None:
        return Way("of_source", query.source)
    return Way("of_tenant", query.tenant) if query.tenant else Way("among_all")


def _way_to_entries(query: AuditQuery) -> Way:
    if query.target is not None:
        return Way("audit_of_target", query.target)
    if query.action is not None and "." in query.action:
        return Way("audit_of_action", query.action)
    return Way("audit_all") if query.principal is None else Way("audit_of_principal", query.principal)


def between(before: str | None, since: int | None, until: int | None) -> tuple[int, int]:
    """The first key that is too new, and the oldest that is not too old."""
    newest = NEWEST if before is None else ids.key(before)
    if until is not None:
        newest = min(newest, first_key(until))
    return newest, 0 if since is None else first_key(since)


def id_before(page: Page, last: str | None) -> str | None:
    """The id to go on before, or after: of the last row that is shown if it is that one."""
    if page.next is None:
        return None
    return last if last is not None and ids.key(last) == page.next else ids.join(page.next, 0)


def page_of(connection: Connection, sql: Mapping[str, Statement], wanted: Wanted) -> Page:
    """Ask for a page, in the connection's thread.

    Both questions see the same state: a row that leaves the index between them would move the place where the next page
    begins.

    Args:
        connection: where.
        sql: has the two questions of each way: for the page, and for where one that came out short has stopped.
        wanted: what is asked for.
    """
    way, span, limit, asked, looks = wanted
    inner = (*span, looks, None if way.value is UNSET else way.value)
    connection.execute("BEGIN")
    try:
        rows = connection.execute(sql[f"page_{way.name}"].text, (*inner, limit + 1, *asked)).fetchall()
        if len(rows) > limit:
            return Page(rows[:limit], cast("int", rows[limit - 1][0]))
        reach = sql[f"reach_{way.name}"].text
        given = inner[:3] if way.value is UNSET else inner
        ((looked, last),) = cast("list[tuple[int, int | None]]", connection.execute(reach, given).fetchall())
        return Page(rows, last if looked == looks else None)
    finally:
        connection.execute("COMMIT")
