"""Partial results in the model."""

from msgspec.structs import replace

from hookyard.model import Item
from hookyard.store.contract import ItemsPut, PutItems, Result, Stale
from hookyard.store.memory.data import Data
from hookyard.store.memory.rows import stored


def put_items(data: Data, op: PutItems) -> Result:
    """Keep partial results of a running job."""
    if data.held(op.job_id, op.token) is None:
        return Stale()
    kept = data.items.setdefault(op.job_id, {})
    for item in op.items:
        number = data.items_told[op.job_id] = data.items_told.get(op.job_id, 0) + 1
        kept[item.name] = replace(item, job_id=op.job_id, number=number, error=stored(item.error))
    statuses = [item.status for item in kept.values()]
    return ItemsPut(statuses.count("done"), statuses.count("failed"))


def page(data: Data, job_id: str, after: str, limit: int) -> tuple[Item, ...]:
    """The partial results of a job, by name."""
    kept = data.items.get(job_id, {})
    return tuple(kept[name] for name in sorted(kept) if name > after)[:limit]


def told(data: Data, job_id: str, after: int, limit: int) -> tuple[Item, ...]:
    """The same, by number."""
    kept = sorted(data.items.get(job_id, {}).values(), key=lambda item: item.number)
    return tuple(item for item in kept if item.number > after)[:limit]
