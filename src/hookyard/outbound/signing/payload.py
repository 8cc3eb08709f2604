"""The body that is an event's own data, with nothing of Hookyard's round it.

Of an event that a command emitted that is what the command said, of one of Hookyard's own the `data` of the body.
"""

from typing import Final

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType


class _Event(Struct):
    """The body as it is stored, its data left as it is."""

    data: Raw


class _Emitted(Struct):
    """What data has both of where a command emitted it: a job's has no payload, of Hookyard's own is no job's."""

    job_id: str | UnsetType = UNSET
    payload: Raw | UnsetType = UNSET


_event: Final = msgspec.json.Decoder(_Event).decode
_emitted: Final = msgspec.json.Decoder(_Emitted).decode


def bare(body: bytes) -> bytes:
    """What the event says, byte for byte: any JSON.

    Args:
        body: as it is stored.
    """
    data = _event(body).data
    try:
        emitted = _emitted(data)
    except msgspec.ValidationError:  # data of another shape
        return bytes(data)
    if isinstance(emitted.job_id, UnsetType) or isinstance(emitted.payload, UnsetType):
        return bytes(data)
    return bytes(emitted.payload)
