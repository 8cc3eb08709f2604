"""The part of the store contract about endpoints: what is kept of them, and how they do."""

from msgspec.structs import replace

from hookyard.model import MOST_COUNTED, Backlog, Delivery, Endpoint
from hookyard.store.contract import (
    AbandonDelivery,
    AppendAudit,
    AppendEvents,
    DeleteEndpoint,
    Done,
    Exists,
    MarkEndpoint,
    NotFound,
    PutEndpoint,
    ReplacePrivate,
    Several,
    Stale,
    Together,
)
from hookyard.testing.store_kept import entry
from hookyard.testing.store_orders import add, chain, statuses
from hookyard.testing.store_probe import Probe, StoreCase


def endpoint(name: str = "ops", **changes: object) -> Endpoint:
    """An endpoint that somebody made."""
    made = Endpoint(
        epoch=1 << 61,
        name=name,
        tenant="acme",
        origin="http",
        spec=b'{"url":"https://example.com"}',
        private=b'{"secrets":["whsec_x"]}',
        created_at=5,
        created_by="token:a",
        updated_at=6,
    )
    return replace(made, **changes)


def endpoints(store: Probe) -> tuple[Endpoint, ...]:
    """All of them."""
    return store.runner.run(store.store.endpoints())


def backlog(store: Probe, name: str = "ops") -> Backlog:
    """How many deliveries of one are open."""
    return store.runner.run(store.store.backlog(name))


class EndpointContract(StoreCase):
    """What the operations on endpoints, and the questions about them, promise."""

    def test_endpoints_are_kept_by_name(self, store: Probe) -> None:
        marked = endpoint("b", disabled_at=7, disabled_reason="gone", failing_since=3, tenant="", origin="config")
        ops = [PutEndpoint(now=store.now, endpoint=one) for one in (marked, endpoint("a"), endpoint("ä"))]
        assert store.all(*ops) == [Done()] * 3
        if self.keeps:
            store.reopen()
        assert endpoints(store) == (endpoint("a"), marked, endpoint("ä"))
        changed = endpoint("b", spec=b"{}", updated_at=9)
        assert store.all(PutEndpoint(now=store.now, endpoint=changed)) == [Done()]
        assert endpoints(store)[1] == changed

    def test_one_of_a_name_that_is_taken_is_not_new(self, store: Probe) -> None:
        ops = [
            PutEndpoint(now=store.now, endpoint=endpoint(created_by=who), only_new=True) for who in ("first", "second")
        ]
        assert store.all(*ops) == [Done(), Exists()]
        assert endpoints(store) == (endpoint(created_by="first"),)
        noted = Together(now=store.now, ops=(ops[1], AppendAudit(now=store.now, entry=entry(store))))
        assert store.all(noted) == [Several((Exists(), Stale()))], "nothing is to be noted of it"

    def test_how_one_is_is_noted_and_its_settings_stay(self, store: Probe) -> None:
        store.all(PutEndpoint(now=store.now, endpoint=endpoint()))
        mark = MarkEndpoint(now=store.now, name="ops", failing_since=11, disabled_at=12, disabled_reason="failing")
        assert store.all(mark, replace(mark, name="none")) == [Done(), NotFound()]
        assert endpoints(store) == (endpoint(failing_since=11, disabled_at=12, disabled_reason="failing"),)
        store.all(replace(mark, failing_since=None, disabled_at=None, disabled_reason=None))
        assert endpoints(store) == (endpoint(),)

    def test_what_is_never_shown_of_one_is_replaced_only_where_it_stands_as_expected(self, store: Probe) -> None:
        store.all(PutEndpoint(now=store.now, endpoint=endpoint(private=b"old", epoch=3)))
        op = ReplacePrivate(now=store.now, name="ops", epoch=3, before=b"old", after=b"new\0\xff")
        others = (replace(op, name="none"), replace(op, epoch=4), replace(op, before=b"older"))
        assert store.all(*others) == [NotFound()] * 3
        assert endpoints(store) == (endpoint(private=b"old", epoch=3),)
        assert store.all(op, op) == [Done(), NotFound()]
        assert endpoints(store) == (endpoint(private=b"new\0\xff", epoch=3),)

    def test_deliveries_of_one_that_is_forgotten_stay(self, store: Probe) -> None:
        store.all(PutEndpoint(now=store.now, endpoint=endpoint()))
        (delivery,) = add(store, store.delivery())
        op = DeleteEndpoint(now=store.now, name="ops")
        assert store.all(op, op) == [Done(), NotFound()]
        assert endpoints(store) == ()
        assert [one.id for one in store.claim_deliveries()] == [delivery.id]

    def test_the_tries_of_the_newest_deliveries_are_shown_the_newest_first(self, store: Probe) -> None:
        told = [
            self._tried(store, "ops", answer=500, error="http_500", rounds=3),
            self._tried(store, "else", answer=200, error=None, rounds=1),
            self._tried(store, "ops", answer=200, error=None, rounds=1),
            self._tried(store, "ops", answer=None, error="refused", rounds=2),
        ]
        add(store, store.delivery())
        ask = store.store.endpoint_attempts
        found = store.runner.run(ask("ops"))
        expected = [(told[3].id, 2), (told[3].id, 1), (told[2].id, 1), *((told[0].id, at) for at in (3, 2, 1))]
        assert [(one.delivery_id, one.number) for one in found] == expected
        first = found[0]
        assert (first.event, first.status, first.error, first.duration) == ("job.succeeded", None, "refused", 12)
        assert first.started_at == store.tries(told[3])[1].started_at
        assert store.runner.run(ask("ops", limit=1)) == (), "the newest has not been tried"
        assert [one.number for one in store.runner.run(ask("ops", limit=3))] == [2, 1, 1]
        assert [one.number for one in store.runner.run(ask("ops", limit=4))] == [2, 1, 1, 3, 2, 1]
        assert store.runner.run(ask("none")) == store.runner.run(ask("ops", limit=0)) == ()

    def _tried(self, store: Probe, name: str, *, answer: int | None, error: str | None, rounds: int) -> Delivery:
        (delivery,) = add(store, replace(store.delivery(), endpoint=name))
        for at in range(1, rounds + 1):
            store.clock.advance(3)
            (sending,) = store.claim_deliveries()
            op = store.settle_op(sending, status="pending" if at < rounds else "failed", answer=answer)
            store.all(replace(op, attempt=replace(op.attempt, error=error)))
        return delivery

    def test_who_has_a_name_now_is_told_nothing_of_who_had_it_before(self, store: Probe) -> None:
        old, new = add(store, *(replace(store.delivery(), epoch=epoch) for epoch in (1, 2)))
        tried = store.settle_op(store.claim_deliveries(1)[0], status="failed", answer=500)
        store.all(tried)
        assert tried.delivery_id == old.id
        run, ask = store.runner.run, store.store
        assert [one.delivery_id for one in run(ask.endpoint_attempts("ops", epoch=1))] == [old.id]
        assert run(ask.endpoint_attempts("ops", epoch=2)) == ()
        nothing = Backlog(pending=0, held=0, sending=0, failed=0, oldest=None)
        assert run(ask.backlog("ops", epoch=1)) == replace(nothing, failed=1)
        assert run(ask.backlog("ops", epoch=2)) == replace(nothing, pending=1, oldest=new.created_at)
        assert run(ask.backlog("ops", epoch=3)) == nothing

    def test_what_is_open_of_an_endpoint_is_counted(self, store: Probe) -> None:
        assert backlog(store) == Backlog(pending=0, held=0, sending=0, failed=0, oldest=None)
        oldest = store.now
        first, second, third = chain(store)
        store.clock.advance(10)
        given_up, later, done = add(store, *(store.delivery() for _ in range(3)))
        add(store, replace(store.delivery(), endpoint="else"), replace(store.delivery(), endpoint=None))
        store.all(AbandonDelivery(now=store.now, delivery_id=given_up.id))
        assert backlog(store) == Backlog(pending=3, held=2, sending=0, failed=1, oldest=oldest)
        claimed = store.claim_deliveries(3)
        assert {one.id for one in claimed} == {first.id, later.id, done.id}
        assert backlog(store) == Backlog(pending=0, held=2, sending=3, failed=1, oldest=oldest)
        store.all(*(store.settle_op(one) for one in claimed))
        assert statuses(store, second, third) == ["pending", "held"]
        assert backlog(store) == Backlog(pending=1, held=1, sending=0, failed=1, oldest=oldest)

    def test_counting_ends_where_it_is_not_worth_the_time(self, store: Probe) -> None:
        many = tuple(store.delivery(delay=5) for _ in range(MOST_COUNTED + 1))
        store.all(AppendEvents(now=store.now, events=(), deliveries=many))
        assert backlog(store).pending == MOST_COUNTED
