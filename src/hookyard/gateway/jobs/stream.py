"""Server-sent events of one job: what its reader has not been told yet, for as long as there can be more."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Final

import msgspec
from litestar.types import Receive, Scope, Send
from msgspec import Struct
from msgspec.structs import replace

from hookyard.errors import StoreUnavailable
from hookyard.gateway.answer import Headers
from hookyard.gateway.dispatching import Dispatcher, Watched
from hookyard.gateway.jobs.cursor import Cursor
from hookyard.gateway.jobs.items import item_view
from hookyard.gateway.jobs.life import Moment, life, place_of, stamp
from hookyard.gateway.jobs.log import line_view
from hookyard.gateway.views import progress_view
from hookyard.log import get
from hookyard.model import TERMINAL, Job
from hookyard.store.contract import Store

HEADERS: Final[Headers] = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would hold it back
]
_BEAT: Final = 15.0
"""Seconds of silence after which a comment says that the connection lives."""
_STUCK: Final = 60.0
"""Seconds that a reader may leave what it was sent unread; what waits for it meanwhile is one event."""
_PAGE: Final = 200
_PAGE_OF_ITEMS: Final = 50
_FIRST: Final = b"retry: 2000\n\n"
_encode: Final = msgspec.json.Encoder().encode

log = get("gateway")


class Feed:
    """Tells the events of one job, each once.

    Args:
        store: where they come from.
        job_id: whose they are.
        cursor: how far the reader is.
        lines: whether the lines of the job's log are events too.
        items: whether its partial results are.
    """

    def __init__(self, store: Store, job_id: str, cursor: Cursor, *, lines: bool, items: bool) -> None:
        self._store = store
        self._job_id = job_id
        self._cursor = cursor
        self._lines = lines
        self._items = items
        self.over = False
        """Whether the reader has been told the end."""

    async def news(self) -> AsyncIterator[bytes]:
        """What there is to tell now."""
        job = await self._store.job(self._job_id)
        if job is None:  # deleted: there is no more to come
            self.over = True
            return
        moments = list(life(job, await self._store.attempts(job.id)))
        for moment in moments:
            if moment.place.closes:
                async for piece in self._up_to(moment.place.attempt):
                    yield piece
            if moment.event == "finished":
                async for piece in self._results():
                    yield piece
            if self._cursor.place is None or moment.place > self._cursor.place:
                self._cursor = replace(self._cursor, place=moment.place)
                yield self._event(moment.event, moment.data)
            if moment.event == "started":
                for piece in self._progress(job, moments):
                    yield piece
        async for piece in self._up_to(None):
            yield piece
        async for piece in self._results():
            yield piece
        self.over = job.status in TERMINAL

    def _progress(self, job: Job, moments: list[Moment]) -> list[bytes]:
        """The last progress, if it belongs to the attempt that the reader was told of last."""
        progress = job.progress
        if progress is None or place_of(progress, moments) != self._cursor.place:
            return []
        mark = stamp(progress)
        if mark == self._cursor.progress or mark[0] < self._cursor.progress[0]:
            return []
        self._cursor = replace(self._cursor, progress=mark)
        return [self._event("progress", progress_view(progress))]

    async def _up_to(self, attempt: int | None) -> AsyncIterator[bytes]:
        """The lines of the log that are of this attempt or before it, page by page."""
        while self._lines:
            found = await self._store.log_lines(self._job_id, after=self._cursor.line, limit=_PAGE)
            for line in found:
                if attempt is not None and line.attempt > attempt:
                    return
                self._cursor = replace(self._cursor, line=line.number)
                yield self._event("log", line_view(line))
            if len(found) < _PAGE:
                return

    async def _results(self) -> AsyncIterator[bytes]:
        """The partial results that are new, page by page; of one told again the last word."""
        while self._items:
            found = await self._store.items_told(self._job_id, after=self._cursor.item, limit=_PAGE_OF_ITEMS)
            for item in found:
                self._cursor = replace(self._cursor, item=item.number)
                yield self._event("item", item_view(item))
            if len(found) < _PAGE_OF_ITEMS:
                return

    def _event(self, name: str, data: Struct) -> bytes:
        # What came as JSON is kept as it came: a line break in it is white space, and would end the field.
        body = _encode(data).replace(b"\r", b" ").replace(b"\n", b" ")
        return b"id: %s\nevent: %s\ndata: %s\n\n" % (str(self._cursor).encode(), name.encode(), body)


class EventStream:
    """The ASGI application that sends a feed until its job has ended, its reader has gone, or the server drains."""

    def __init__(
        self,
        feed: Feed,
        dispatcher: Dispatcher,
        job_id: str,
        draining: Callable[[], bool],
        lapsed: Callable[[], bool],
    ) -> None:
        self._feed = feed
        self._dispatcher = dispatcher
        self._job_id = job_id
        self._draining = draining
        self._lapsed = lapsed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        del scope
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await _put(send, _FIRST)
        gone = asyncio.create_task(_gone(receive))
        try:
            with self._dispatcher.watch(self._job_id) as watched:
                await self._tell(send, watched, gone)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            log.info("gateway.reader_stuck", job_id=self._job_id)
        except StoreUnavailable as error:
            # The reader comes back with the last id, and is told the rest then.
            log.warning("gateway.stream_cut", job_id=self._job_id, why=error.detail)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            gone.cancel()

    async def _tell(self, send: Send, watched: Watched, gone: "asyncio.Task[None]") -> None:
        changed = asyncio.create_task(watched.changed())
        try:
            # Whose credential is over is told nothing more.
            while not self._lapsed():
                async for piece in self._feed.news():
                    await _put(send, piece)
                if self._feed.over or self._draining() or gone.done():
                    return
                done, _ = await asyncio.wait((changed, gone), timeout=_BEAT, return_when=asyncio.FIRST_COMPLETED)
                if changed in done:
                    changed = asyncio.create_task(watched.changed())
                elif not done:
                    await _put(send, b": \n\n")
        finally:
            changed.cancel()


async def _put(send: Send, piece: bytes) -> None:
    async with asyncio.timeout(_STUCK):
        await send({"type": "http.response.body", "body": piece, "more_body": True})


async def _gone(receive: Receive) -> None:
    """Return when the reader has hung up."""
    while (await receive())["type"] != "http.disconnect":
        pass
