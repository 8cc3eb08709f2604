"""A partial result, as it is shown."""

from msgspec import UNSET, Raw, Struct, UnsetType

from hookyard.clock import rfc3339
from hookyard.model import ErrorInfo, Item, ItemStatus


class ItemView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A partial result: one of the things that a job works through."""

    name: str
    status: ItemStatus
    data: Raw | UnsetType = UNSET
    """What came of it."""
    error: ErrorInfo | UnsetType = UNSET
    at: str
    """When it was said."""


def item_view(item: Item) -> ItemView:
    """Show a partial result."""
    return ItemView(
        name=item.name,
        status=item.status,
        data=UNSET if item.data is None else Raw(item.data),
        error=UNSET if item.error is None else item.error,
        at=rfc3339(item.at),
    )
