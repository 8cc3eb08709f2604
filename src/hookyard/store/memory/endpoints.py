"""Endpoints in the model."""

from msgspec.structs import replace

from hookyard.store.contract import (
    DeleteEndpoint,
    Done,
    Exists,
    MarkEndpoint,
    NotFound,
    PutEndpoint,
    ReplacePrivate,
    Result,
)
from hookyard.store.memory.data import Data


def put_endpoint(data: Data, op: PutEndpoint) -> Result:
    """Keep an endpoint."""
    if op.only_new and op.endpoint.name in data.endpoints:
        return Exists()
    data.endpoints[op.endpoint.name] = op.endpoint
    return Done()


def delete_endpoint(data: Data, op: DeleteEndpoint) -> Result:
    """Forget an endpoint."""
    return Done() if data.endpoints.pop(op.name, None) is not None else NotFound()


def mark_endpoint(data: Data, op: MarkEndpoint) -> Result:
    """Note how an endpoint is."""
    endpoint = data.endpoints.get(op.name)
    if endpoint is None:
        return NotFound()
    data.endpoints[op.name] = replace(
        endpoint, failing_since=op.failing_since, disabled_at=op.disabled_at, disabled_reason=op.disabled_reason
    )
    return Done()


def replace_private(data: Data, op: ReplacePrivate) -> Result:
    """Write what is never shown of an endpoint in another form."""
    endpoint = data.endpoints.get(op.name)
    if endpoint is None or (endpoint.epoch, endpoint.private) != (op.epoch, op.before):
        return NotFound()
    data.endpoints[op.name] = replace(endpoint, private=op.after)
    return Done()
