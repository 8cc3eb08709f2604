"""The part of the store contract about partial results, and about what all artifacts take."""

from msgspec.structs import replace

from hookyard.model import ErrorInfo, Item, ItemStatus, Job
from hookyard.store.contract import ItemsPut, PutArtifact, PutItems, Stale
from hookyard.testing.store_probe import TOKEN, Probe, StoreCase
from hookyard.testing.store_told import artifact


def item(store: Probe, job: Job, name: str, status: ItemStatus = "done", data: bytes | None = b"1") -> Item:
    """A partial result."""
    error = ErrorInfo("boom", "it broke", details={"n": 1}) if status == "failed" else None
    return Item(job_id=job.id, name=name, status=status, data=data, error=error, at=store.now)


def items_op(store: Probe, job: Job, *items: Item, token: int = TOKEN) -> PutItems:
    """Partial results told."""
    return PutItems(now=store.now, job_id=job.id, token=token, items=items)


def kept(store: Probe, job: Job, *, after: str = "", limit: int = 200) -> tuple[Item, ...]:
    """A page of a job's items, without their numbers."""
    return tuple(replace(one, number=0) for one in store.items(job, after=after, limit=limit))


class ItemContract(StoreCase):
    """What partial results promise."""

    def test_items_are_kept_by_name_and_counted(self, store: Probe) -> None:
        job, other = store.running(), store.running()
        first = [item(store, job, name) for name in ("b", "a")]
        second = [item(store, job, "c", "failed", None), item(store, job, "é")]
        results = store.all(items_op(store, job, *first), items_op(store, other), items_op(store, job, *second))
        assert results == [ItemsPut(2, 0), ItemsPut(0, 0), ItemsPut(3, 1)]
        assert kept(store, job) == (first[1], first[0], *second)
        assert kept(store, job, after="a", limit=2) == (first[0], second[0])
        assert kept(store, other) == ()

    def test_an_item_told_again_replaces_the_earlier_one(self, store: Probe) -> None:
        job = store.running()
        old, new = item(store, job, "a", "failed"), item(store, job, "a", data=b"[2]")
        assert store.all(items_op(store, job, old), items_op(store, job, new)) == [ItemsPut(0, 1), ItemsPut(1, 0)]
        assert kept(store, job) == (new,)
        assert store.all(items_op(store, job, new, old)) == [ItemsPut(0, 1)]
        assert kept(store, job) == (old,)

    def test_items_can_be_read_in_the_order_of_telling_and_one_told_again_comes_once_more(self, store: Probe) -> None:
        job, other = store.running(), store.running()

        def told(after: int = 0, limit: int = 200) -> list[tuple[int, str]]:
            found = store.runner.run(store.store.items_told(job.id, after=after, limit=limit))
            return [(one.number, one.name) for one in found]

        tell = [items_op(store, job, *(item(store, job, name) for name in names)) for names in ("ba", "c", "bdb")]
        store.all(tell[0], items_op(store, other, item(store, other, "x")), items_op(store, job))
        assert told() == [(1, "b"), (2, "a")]
        store.all(tell[1])
        store.all(tell[2])
        assert told() == [(2, "a"), (3, "c"), (5, "d"), (6, "b")]
        assert told(after=3, limit=1) == [(5, "d")]
        assert store.items(job) == tuple(sorted(store.runner.run(store.store.items_told(job.id)), key=lambda i: i.name))
        assert store.runner.run(store.store.items_told(other.id, after=1)) == ()

    def test_items_belong_to_the_job_of_the_operation(self, store: Probe) -> None:
        job, other = store.running(), store.running()
        store.do(items_op(store, job, item(store, other, "a")), ItemsPut)
        assert kept(store, job) == (item(store, job, "a"),)
        assert kept(store, other) == ()

    def test_only_the_holder_of_the_lease_tells_items(self, store: Probe) -> None:
        job, queued = store.running(), store.enqueue()
        one = item(store, job, "a")
        stale = [items_op(store, job, one, token=5), items_op(store, queued, one), items_op(store, store.job(), one)]
        assert store.all(*stale) == [Stale()] * 3
        store.all(items_op(store, job, one), store.finish_op(job))
        assert store.all(items_op(store, job, item(store, job, "b"))) == [Stale()]
        assert kept(store, job) == (one,)

    def test_hundreds_of_items_are_told_at_once(self, store: Probe) -> None:
        job = store.running()
        told = [item(store, job, f"{at:04}", "failed" if at % 3 else "done") for at in range(300)]
        assert store.all(items_op(store, job, *told)) == [ItemsPut(100, 200)]
        again = [replace(one, status="done", error=None) for one in told[:150]]
        assert store.all(items_op(store, job, *again)) == [ItemsPut(200, 100)]
        assert kept(store, job, limit=1000) == (*again, *told[150:])

    def test_what_all_artifacts_take_is_known(self, store: Probe) -> None:
        job, other = store.running(), store.running()
        assert store.runner.run(store.store.artifact_bytes()) == 0
        made = [artifact(job, "a"), artifact(job, "b"), artifact(other, "a")]
        store.all(*(PutArtifact(now=store.now, token=TOKEN, artifact=one) for one in made))
        store.all(PutArtifact(now=store.now, token=TOKEN, artifact=replace(made[0], size=1)))
        assert store.runner.run(store.store.artifact_bytes()) == 1 + made[1].size + made[2].size
