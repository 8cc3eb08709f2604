"""An event that is about to be planned, as the filters and the orders of endpoints look at it."""

from typing import cast

import msgspec
from msgspec import Struct

_UNREAD = object()


class Told(Struct, kw_only=True):
    """What happened, and how it is said."""

    event: str
    body: bytes
    """`{"type": ..., "timestamp": ..., "data": ...}`."""
    plugin: str
    command: str
    tenant: str
    job_id: str | None = None
    request_id: str = ""
    event_id: str | None = None
    too_large: bool = False
    """Whether it cannot be sent: the body then says only what it is of."""
    whole: bytes | None = None
    """The body with what was left out of it as too large, if that can be looked at."""
    _tree: object = _UNREAD

    @property
    def looked_at(self) -> bytes:
        """What filters and orders are asked of: who is to be told does not depend on what can be sent."""
        return self.body if self.whole is None else self.whole

    @property
    def tree(self) -> object:
        """That, decoded: once, however many endpoints look at it; None when it nests too deep."""
        if self._tree is _UNREAD:
            try:
                self._tree = msgspec.json.decode(self.looked_at)
            except (RecursionError, msgspec.DecodeError):
                self._tree = None
        return self._tree

    @property
    def data(self) -> object:
        """Its `data`, decoded."""
        tree = self.tree
        return cast("dict[str, object]", tree).get("data") if isinstance(tree, dict) else None
