"""Somebody says that a receiver is mended: an open breaker tries it now, and once."""

from collections.abc import Awaitable, Callable

import pytest
from msgspec.structs import replace
from tests.unit.outbound.courier.lab import OK, House, ScriptedSender, endpoint, run

from hookyard.config.model import Config, EndpointBreaker
from hookyard.config.values import Duration
from hookyard.egress.guard import Target
from hookyard.model import AuditEntry, Delivery
from hookyard.outbound.recovery import Recovery, Stretch
from hookyard.outbound.sender import Answer, SendError
from hookyard.store.contract import AppendEvents, Done

DOWN = SendError("connect")
COOLDOWN = 600_000


class Down(House):
    """An endpoint whose breaker is open, with a delivery that failed for good and one that was put off."""

    def __init__(self) -> None:
        self.answer: Answer | SendError = DOWN
        self.scripted = ScriptedSender(self._script)
        breaker = EndpointBreaker(failures=2, cooldown=Duration(COOLDOWN), longest=Duration(2 * COOLDOWN))
        schedule = (Duration(0), Duration(100))
        super().__init__(
            Config(endpoints={"main": replace(endpoint(), breaker=breaker, schedule=schedule)}), sender=self.scripted
        )
        self.recovery: Recovery = self.outbound.recovery(self.store)

    def _script(self, _: Target) -> Answer | SendError:
        return self.answer

    async def break_down(self) -> None:
        """The first delivery uses its attempts up, and the second finds the breaker open."""
        self.end_job()
        await self.pass_time(1_000)
        await self.pass_time(1_000)
        self.end_job()
        await self.pass_time(1_000)
        assert await self.statuses() == {"failed": 1, "pending": 1}
        assert self.outbound.state("main").breaker == "open"
        assert len(self.scripted.sent) == 2

    def audit(self) -> AuditEntry:
        return AuditEntry(
            id=self.ids(), at=self.clock.now(), principal="token:t", action="endpoint.recover", target="main"
        )

    async def recover(self, *, waiting: bool = True, dry_run: bool = False, after: str | None = None) -> None:
        stretch = Stretch(since=0, dry_run=dry_run, after=after)
        await self.recovery.recover("main", stretch, audit=self.audit(), waiting=waiting)

    async def resend(self) -> None:
        (failed,) = [each for each in await self.deliveries() if each.status == "failed"]
        await self.recovery.resend(failed.id, tenant="", audit=self.audit())

    async def test(self) -> None:
        await self.recovery.test("main", event=None, tenant="", audit=self.audit())

    async def another(self) -> Delivery:
        """One more that is due now, and that nobody has told the courier of."""
        (waits,) = [each for each in await self.deliveries() if each.status == "pending"]
        due = replace(waits, id=self.ids(), created_at=self.clock.now(), next_at=self.clock.now(), put_off=False)
        assert self.store.apply([AppendEvents(now=self.clock.now(), events=(), deliveries=(due,))]) == [Done()]
        return due

    async def recover_failed(self) -> None:
        await self.recover(waiting=False)


Act = Callable[[Down], Awaitable[None]]
ACTS: tuple[Act, ...] = (Down.recover, Down.recover_failed, Down.resend, Down.test)


@pytest.mark.parametrize("act", ACTS)
def test_the_breaker_tries_the_receiver_now_and_closes_when_that_arrives(
    act: Callable[[Down], Awaitable[None]],
) -> None:
    async def scenario() -> None:
        async with Down() as house:
            await house.break_down()
            house.answer = OK
            await act(house)
            await house.pass_time(10)
            assert house.outbound.state("main").breaker == "closed"
            await house.pass_time(5_000)
            statuses = await house.statuses()
            assert statuses["pending"] == 0, "what was put off comes too"

    run(scenario())


def test_when_it_is_still_down_one_request_has_shown_it_and_the_cooldown_is_as_long_as_before() -> None:
    async def scenario() -> None:
        async with Down() as house:
            await house.break_down()
            sent = len(house.scripted.sent)
            for tries in (1, 2):
                await house.recover()
                await house.pass_time(1)
                began = house.clock.now()
                state = house.outbound.state("main")
                assert (state.breaker, len(house.scripted.sent)) == ("open", sent + tries)
                assert state.breaker_until is not None
                assert began + COOLDOWN - 100 <= state.breaker_until <= began + COOLDOWN
            await house.pass_time(COOLDOWN // 2)
            assert len(house.scripted.sent) == sent + 2

    run(scenario())


@pytest.mark.parametrize("well", [True, False])
def test_what_is_due_first_is_what_is_tried_and_a_test_goes_when_that_has_arrived(well: bool) -> None:
    async def scenario() -> None:
        async with Down() as house:
            await house.break_down()
            await house.pass_time(COOLDOWN // 2)
            sent = len(house.scripted.sent)
            house.answer = OK if well else DOWN
            due = await house.another()
            sample = await house.recovery.test("main", event=None, tenant="", audit=house.audit())
            await house.pass_time(10)
            ids = [headers["webhook-id"] for _, headers, _ in house.scripted.sent[sent:]]
            assert ids[0] == due.id
            assert house.outbound.state("main").breaker == ("closed" if well else "open")
            assert (sample.id in ids[1:]) == (len(ids) > 1) == well

    run(scenario())


def test_a_dry_run_and_the_later_pages_of_a_recovery_try_nothing() -> None:
    async def scenario() -> None:
        async with Down() as house:
            await house.break_down()
            sent, until = len(house.scripted.sent), house.outbound.state("main").breaker_until
            await house.recover(dry_run=True)
            await house.recover(after=house.ids())
            await house.pass_time(5_000)
            assert (len(house.scripted.sent), house.outbound.state("main").breaker_until) == (sent, until)

    run(scenario())


def test_the_pause_that_a_receiver_asked_for_itself_holds_for_people_too() -> None:
    async def scenario() -> None:
        async with Down() as house:
            house.answer = Answer(status=429, retry_after="60")
            house.end_job()
            await house.pass_time(1_000)
            house.answer = OK
            await house.test()
            await house.pass_time(50_000)
            assert len(house.scripted.sent) == 1
            for _ in range(4):
                await house.pass_time(5_000)
            assert len(house.scripted.sent) == 3

    run(scenario())
