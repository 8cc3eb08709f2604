"""Endpoints."""

from hookyard.model import DisabledReason, Endpoint
from hookyard.store.contract.base import Op, Result


class Exists(Result, frozen=True):
    """There is one of this name already; nothing changed."""


class PutEndpoint(Op, frozen=True, kw_only=True):
    """Keep an endpoint by its name, whatever was there -> Done | Exists."""

    endpoint: Endpoint
    only_new: bool = False
    """Exists instead, when there is one of this name."""


class DeleteEndpoint(Op, frozen=True, kw_only=True):
    """Forget an endpoint -> Done | NotFound.

    Its deliveries stay; those that are open fail when their time comes, whatever has its name by then: each is
    of the :attr:`Endpoint.epoch` that it was made for.
    """

    name: str


class MarkEndpoint(Op, frozen=True, kw_only=True):
    """Note how an endpoint is, and leave its settings as they are -> Done | NotFound."""

    name: str
    failing_since: int | None
    disabled_at: int | None
    disabled_reason: DisabledReason | None


class ReplacePrivate(Op, frozen=True, kw_only=True):
    """Write what is never shown of an endpoint in another form -> Done | NotFound.

    NotFound when it is not as expected any more: another one has its name, or somebody changed it.
    """

    name: str
    epoch: int
    before: bytes
    """How it is expected to stand there, to the byte."""
    after: bytes

    def __repr__(self) -> str:
        """Of which one; what it holds is not for a log."""
        return f"ReplacePrivate(name={self.name!r})"
