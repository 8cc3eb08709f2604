"""How what was put off for callback URLs is walked through, page by page, while more is put off."""

import asyncio

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs
from tests.unit.outbound.courier.lab import DirectWriter
from tests.unit.outbound.lines.test_lines import destination

from hookyard.ids import IdSource
from hookyard.model import Delivery
from hookyard.outbound.courier import catch_up
from hookyard.outbound.courier.catch_up import CatchUp
from hookyard.outbound.endpoints.making import place_of
from hookyard.outbound.lines import Line, Lines
from hookyard.store import rules
from hookyard.store.contract import AddMissed, DeliveriesMoved, Op, Result, ResumeCallbacks
from hookyard.store.memory import MemoryStore, recovery
from hookyard.testing import FakeClock

PAGE = 10
HOUR = 3_600_000


class Walks:
    """Lines over a store in memory in which deliveries are put off; nothing is sent."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.store = MemoryStore()
        self.writer = DirectWriter(self.store)
        self.lines = Lines(64, lambda: None)
        self.ids = IdSource(self.clock)
        self.catch_up = CatchUp(writer=self.writer, due=lambda _: None, clock=self.clock)

    def line(self, url: str) -> Line:
        """The line of a callback URL, whose last request went there."""
        line = self.lines.line(place_of(url))
        line.use(replace(destination(line.key), endpoint=None, url=url), self.clock.now())
        return line

    def put_off(self, url: str, identifier: str | None = None) -> str:
        """Have a delivery put off for its line and stored a second later, and return its id."""
        self.lines.turn(self.lines.line(place_of(url)), self.clock.now())
        self.clock.advance(catch_up.STORED)
        return self.store_put_off(url, identifier)

    def store_put_off(self, url: str, identifier: str | None = None) -> str:
        """Store a delivery that was put off, and return its id."""
        now = self.clock.now()
        one = Delivery(
            id=identifier or self.ids(), job_id=None, event="e", endpoint=None, url=url, body=b"{}", created_at=now,
            status="pending", attempt=0, next_at=now + HOUR, put_off=True,
        )  # fmt: skip
        assert self.store.apply([AddMissed(now=now, deliveries=(one,))]) == [DeliveriesMoved(1, None)]
        return one.id

    async def request_ended(self, line: Line) -> None:
        """What follows a request on a line, to its end."""
        if line.behind:
            self.catch_up.look(line)
            await self.catch_up.aclose()

    async def waits(self, identifier: str) -> bool:
        """Whether a delivery is still put off."""
        found = await self.store.delivery(identifier)
        assert found is not None
        return found.put_off


@pytest.fixture(autouse=True)
def _short_pages(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]
    monkeypatch.setattr(catch_up, "PAGES", 1)
    for room in (rules, recovery):
        monkeypatch.setattr(room, "RESUMED", PAGE)


def test_what_is_put_off_behind_a_walk_comes_forward_with_the_next() -> None:
    async def scenario() -> None:
        walks = Walks()
        ours, early = walks.line("https://b.example/"), walks.ids()
        for number in range(PAGE + 1):
            walks.put_off(f"https://a.example/{number}")
        late = walks.put_off("https://b.example/late")
        await walks.request_ended(ours)
        assert await walks.waits(late), "the first part saw those of others only"
        walks.put_off("https://b.example/early", early)
        await walks.request_ended(ours)
        assert not await walks.waits(late)
        assert await walks.waits(early), "this part began behind it"
        await walks.request_ended(ours)
        assert not await walks.waits(early)
        await walks.request_ended(ours)
        walks.writer.ops.clear()
        await walks.request_ended(ours)
        assert walks.writer.ops == [], "two walks to the end, and nothing was put off in the second"

    asyncio.run(scenario())


def test_what_was_on_its_way_to_the_store_when_a_walk_passed_comes_forward_with_the_next() -> None:
    async def scenario() -> None:
        walks = Walks()
        url = "https://b.example/"
        ours = walks.line(url)
        walks.lines.turn(ours, walks.clock.now())
        walks.clock.advance(catch_up.STORED - 1)
        await walks.request_ended(ours)
        one = walks.store_put_off(url)
        walks.clock.advance(1)
        await walks.request_ended(ours)
        assert not await walks.waits(one)
        walks.writer.ops.clear()
        await walks.request_ended(ours)
        assert walks.writer.ops == []

    asyncio.run(scenario())


SPELLINGS = (
    ("https://ci.example.com/1", "https://CI.Example.com:0443/2"),
    ("https://ci.example.com/1", "https://ci.example.com./2"),
    ("http://ci.example.com:8080/", "http://ci.example.com.:08080/?x=/"),
    ("https://[2001:db8::1]/", "https://[2001:0DB8:0:0:0:0:0:1]:443/"),
    ("https://192.0.2.1/", "https://[::ffff:c000:201]/"),
    ("https://xn--bcher-kva.example/", "https://XN--BCHER-KVA.example/"),
)


@pytest.mark.parametrize(("one", "other"), [*SPELLINGS, *((other, one) for one, other in SPELLINGS)])
def test_what_was_put_off_for_a_receiver_comes_forward_however_its_urls_are_spelled(one: str, other: str) -> None:
    async def scenario() -> None:
        walks = Walks()
        line = walks.line(one)
        assert walks.line(other) is line
        both = [walks.put_off(url) for url in (one, other)]
        await walks.request_ended(line)
        assert [await walks.waits(each) for each in both] == [False, False]

    asyncio.run(scenario())


def test_http_and_https_on_one_port_are_two_receivers_and_each_walks_by_itself() -> None:
    async def scenario() -> None:
        walks = Walks()
        plain, secure = (walks.line(f"{scheme}://ci.example.com:8080/") for scheme in ("http", "https"))
        assert plain is not secure
        first = walks.put_off("https://ci.example.com:8080/first")
        for number in range(PAGE):
            walks.put_off(f"https://a.example/{number}")
        last = walks.put_off("http://ci.example.com:8080/last")
        await walks.request_ended(plain)
        await walks.request_ended(secure)
        assert not await walks.waits(first), "from the oldest on, though the other has come farther"
        await walks.request_ended(plain)
        assert not await walks.waits(last)

    asyncio.run(scenario())


class SlowWriter(DirectWriter):
    """Takes operations, and applies them when a test says so."""

    def __init__(self, store: MemoryStore) -> None:
        super().__init__(store)
        self.open: list[tuple[ResumeCallbacks, asyncio.Future[Result]]] = []

    def submit(self, op: Op) -> asyncio.Future[Result]:
        assert isinstance(op, ResumeCallbacks)
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self.open.append((op, future))
        return future

    def commit(self) -> str:
        """Apply the one that there is, and return whose it was."""
        ((op, future),) = self.open
        self.open.clear()
        future.set_result(self.store.apply([op])[0])
        return op.origin


def test_however_many_lines_walk_one_page_at_a_time_is_in_the_store_and_they_take_turns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(catch_up, "PAGES", 2)

    async def scenario() -> None:
        walks = Walks()
        writer = SlowWriter(walks.store)
        catching = CatchUp(writer=writer, due=lambda _: None, clock=walks.clock)
        for number in range(3 * PAGE):
            walks.put_off(f"https://z.example/{number}")
        for name in "abc":
            catching.look(walks.line(f"https://{name}.example/"))
        seen: list[str] = []
        for _ in range(6):
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            seen.append(writer.commit())
        assert seen == [f"https://{name}.example" for name in "abcabc"]
        await catching.aclose()
        assert writer.open == []

    asyncio.run(scenario())


def test_the_log_names_the_origin_of_callback_urls_that_could_not_be_brought_forward_and_it_is_done_again() -> None:
    async def scenario() -> None:
        walks = Walks()
        line = walks.line("https://CI.example.com/hooks/1")
        one = walks.put_off("https://ci.example.com/hooks/2")
        walks.writer.broken = True
        with capture_logs() as lines:
            await walks.request_ended(line)
        (said,) = [each for each in lines if each["event"] == "delivery.not_brought_forward"]
        assert said["callback_origin"] == "https://ci.example.com"
        assert "endpoint" not in said
        walks.writer.broken = False
        await walks.request_ended(line)
        assert not await walks.waits(one)

    asyncio.run(scenario())
