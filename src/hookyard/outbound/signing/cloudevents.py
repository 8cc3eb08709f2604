"""The CloudEvents 1.0 envelope, in the structured mode of its JSON format.

Sources: CloudEvents 1.0.2, "Context Attributes"; its JSON event format; its HTTP protocol binding, section 3.2.
"""

from typing import Final, Literal

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

CONTENT_TYPE: Final = "application/cloudevents+json"


class _Event(Struct):
    """The body as it is stored, its data left as it is."""

    type: str
    timestamp: str
    data: Raw


class _About(Struct):
    """What of the data is looked at."""

    job_id: str | UnsetType = UNSET


class _CloudEvent(Struct, frozen=True, kw_only=True):
    """The order of the members is the order in which they are written: the same event is the same bytes."""

    specversion: Literal["1.0"] = "1.0"
    id: str
    source: str
    type: str
    time: str
    subject: str | UnsetType = UNSET
    datacontenttype: Literal["application/json"] = "application/json"
    data: Raw


_event: Final = msgspec.json.Decoder(_Event).decode
_about: Final = msgspec.json.Decoder(_About).decode
_encode: Final = msgspec.json.Encoder().encode


def enveloped(identifier: str, source: str, body: bytes) -> bytes:
    """The body as CloudEvents has it; its `data` goes over byte for byte.

    Args:
        identifier: the delivery's id.
        source: a URI-reference that names this Hookyard.
        body: as it is stored.
    """
    event = _event(body)
    try:
        subject = _about(event.data).job_id
    except msgspec.ValidationError:  # data of another shape is about no job
        subject = UNSET
    made = _CloudEvent(
        id=identifier, source=source, type=event.type, time=event.timestamp, subject=subject or UNSET, data=event.data
    )
    return _encode(made)
