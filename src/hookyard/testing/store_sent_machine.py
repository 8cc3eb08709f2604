"""The third state machine: deliveries in orders, sent again, given up, deleted and missed, on a store and the model."""

import asyncio
import shutil
import tempfile
from abc import abstractmethod
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from hookyard.model import Delivery, DeliveryStatus
from hookyard.store.contract import (
    AbandonDelivery,
    AppendEvents,
    Cancel,
    DeliveryQuery,
    Done,
    EndedQuery,
    Failed,
    FinishDelivery,
    Op,
    PurgeDeliveries,
    Result,
    Store,
)
from hookyard.store.memory import MemoryStore
from hookyard.testing.store_draw_sent import Numbers, Sent, numbers

_MOST: Final = 1000
STATUSES: tuple[DeliveryStatus | None, ...] = (None, "pending", "held", "sending", "delivered", "failed")


class SentMachine(RuleBasedStateMachine):
    """Subclass it, say how the store is opened, and give it to `hypothesis.stateful.run_state_machine_as_test`."""

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._folder = Path(tempfile.mkdtemp(prefix="hookyard-sent-"))
        self._model = MemoryStore()
        self._store = self._runner.run(self.open_store(self._folder))
        self._sent = Sent()
        self._owed: set[str] = set()
        """Deliveries that were added and have not come to an end that anybody was told of."""

    @abstractmethod
    async def open_store(self, folder: Path) -> Store:
        """Open the store under test on this folder."""

    @rule(drawn=numbers(), millis=st.sampled_from([0, 1, 5, 40]), by_kind=st.booleans())
    def apply_a_batch(self, drawn: list[Numbers], millis: int, *, by_kind: bool) -> None:
        self._sent.now += millis
        self._sent.stored = self._runner.run(_deliveries(self._model))
        ops = [self._sent.dress(one) for one in drawn]
        if by_kind:  # as the coalescer sorts them, so that more of one kind come together
            ops.sort(key=lambda op: type(op).__name__)
        expected = self._model.apply(ops)
        results = self._store.apply(ops)
        assert list(map(_comparable, results)) == list(map(_comparable, expected))
        for op, result in zip(ops, results, strict=True):
            self._account(op, result)

    @rule()
    def close_and_open_again(self) -> None:
        self._close()
        self._store = self._runner.run(self.open_store(self._folder))

    @rule(
        endpoint=st.sampled_from([None, "e", "f"]),
        status=st.sampled_from(STATUSES),
        tenant=st.sampled_from([None, "", "acme"]),
        callback=st.booleans(),
        place=st.integers(0, 30),
        limit=st.integers(1, 5),
    )
    def list_deliveries(
        self,
        endpoint: str | None,
        status: DeliveryStatus | None,
        tenant: str | None,
        place: int,
        limit: int,
        *,
        callback: bool,
    ) -> None:
        known = self._sent.deliveries
        before = known[-1 - place] if place < len(known) else None
        query = DeliveryQuery(
            endpoint=endpoint, status=status, tenant=tenant, callback=callback, before=before, limit=limit
        )
        found = self._runner.run(self._store.find_deliveries(query))
        assert found == self._runner.run(self._model.find_deliveries(query))

    @invariant()
    def the_store_holds_what_the_model_holds(self) -> None:
        stored = self._runner.run(_everything(self._store, self._sent))
        assert stored == self._runner.run(_everything(self._model, self._sent))

    @invariant()
    def of_each_order_one_goes_and_nothing_is_lost(self) -> None:
        stored = self._runner.run(_deliveries(self._store))
        assert self._owed <= stored.keys(), "nothing that is open is ever lost"
        open_ones = [one for one in stored.values() if one.status in {"pending", "held", "sending"}]
        assert {one.id for one in open_ones if one.completed_at is not None} == set()
        orders: defaultdict[tuple[str | None, str], list[Delivery]] = defaultdict(list)
        for one in open_ones:
            assert one.status != "held" or one.order_key is not None, "what is in no order waits for nothing"
            assert (one.next_at is None) <= (one.status != "pending"), "what waits for its time has one"
            if one.order_key is not None:
                orders[one.endpoint, one.order_key].append(one)
        for order, those in orders.items():
            going = [one for one in those if one.status != "held"]
            assert len(going) == 1, f"of {order} one and only one is pending or being sent"

    def teardown(self) -> None:
        self._close()
        self._runner.close()
        shutil.rmtree(self._folder)

    def _close(self) -> None:
        self._runner.run(self._store.aclose())
        self._store.close()

    def _account(self, op: Op, result: Result) -> None:
        """What is owed: what was added, until somebody ends it or deletes it; nothing else makes it go."""
        if isinstance(op, PurgeDeliveries):
            self._owed &= self._runner.run(_deliveries(self._store)).keys()
        elif not isinstance(result, Done):
            return
        elif isinstance(op, AppendEvents | Cancel):
            self._owed |= {one.id for one in op.deliveries}
        elif isinstance(op, AbandonDelivery) or (isinstance(op, FinishDelivery) and op.status != "pending"):
            self._owed.discard(op.delivery_id)


async def _deliveries(store: Store) -> dict[str, Delivery]:
    found = (await store.find_deliveries(DeliveryQuery(limit=_MOST))).deliveries
    return {one.id: one for one in found}


async def _everything(store: Store, sent: Sent) -> Sequence[object]:
    known = list((await _deliveries(store)).keys())
    return [
        known,
        *[await store.delivery(one) for one in known],
        *[await store.delivery_attempts(one) for one in known],
        *[await store.deliveries(one) for one in sent.jobs],
        *[await store.backlog(name) for name in "ef"],
        *[await store.endpoint_attempts(name, limit=4) for name in "ef"],
        await store.endpoints(),
        await store.ended(EndedQuery(since=0, until=sent.now + 1, limit=_MOST)),
        await store.last_id(),
    ]


def _comparable(result: Result) -> Result:
    """Stores need not agree in the words of a failure."""
    return Failed("") if isinstance(result, Failed) else result
