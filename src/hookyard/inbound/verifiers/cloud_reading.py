"""A verified request as a CloudEvent, in whichever of the three modes it came.

Sources: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md and
formats/json-format.md. Whatever the mode, commands see the event as its JSON format has it: an event in the binary
mode is written as one. What is the same by `source` and `id` is the same delivery.
"""

import re
from base64 import b64encode
from hashlib import sha256
from typing import Annotated, Final, Literal, TypeVar

import msgspec
from msgspec import Meta, Raw, Struct
from msgspec.structs import replace

from hookyard.config.model import ReadingSettings
from hookyard.errors import Refused
from hookyard.inbound.decoding import NO_JSON, decoded
from hookyard.inbound.places import InHeader
from hookyard.inbound.reading import Reading
from hookyard.inbound.received import Received
from hookyard.inbound.request import InboundRequest
from hookyard.model.inbound import EVENT

BATCH: Final = "cloudevents.batch"
"""The event of a request in the batch mode, whose body is the list."""
EMPTY: Final = "cloudevents.empty"
"""The event of a batch of nothing, which only asks if anybody is there."""
_STRUCTURED: Final = b"application/cloudevents"
_ID: Final = re.compile(r"[!-~]{1,200}")
_ATTRIBUTE: Final = re.compile(rb"ce-([a-z0-9]{1,64})")
_VALUE: Final = re.compile(rb"[ -~]*")
_PERCENT: Final = re.compile(rb"%([0-9A-Fa-f]{2})?")
_ESCAPED: Final = re.compile(rb"\\(.)")
_OTHERS: Final = re.compile(rb"(?!.*(json|xml|form))[a-z]+/")
"""Media types of data that is no JSON and is taken as it is; forms and XML are read or refused as anywhere."""
_T = TypeVar("_T")
_Text = Annotated[str, Meta(min_length=1, max_length=4096)]


class Event(Struct, frozen=True):
    """What every event must have."""

    specversion: Literal["1.0"]
    id: _Text
    source: _Text
    type: _Text

    def delivery(self) -> str:
        """What stands for `source` and `id` together, as 1 to 255 printable ASCII characters."""
        if _ID.fullmatch(self.id):
            return f"{self.id}@{sha256(self.source.encode()).hexdigest()[:32]}"
        return sha256(f"{len(self.source)} {self.source}{self.id}".encode()).hexdigest()


class _Attribute(InHeader):
    """An attribute in the binary mode; whoever writes one there makes the request an event."""

    def put(self, request: InboundRequest, value: str | int) -> InboundRequest:
        """Set the header, and what every event must have beside it."""
        request = super().put(request, value)
        return replace(request, headers={b"ce-specversion": b"1.0", b"ce-source": b"/hookyard", **request.headers})


class CloudEventReading(Reading):
    """Finds out what a verified request is.

    Args:
        settings: of what is no part of CloudEvents.
    """

    def __init__(self, settings: ReadingSettings) -> None:
        super().__init__(settings)
        self.event, self.delivery = _Attribute("ce-type"), _Attribute("ce-id")
        self._plain = Reading(replace(settings, event=None, delivery=None))

    def read(self, request: InboundRequest, *, source: str, keep_headers: bool) -> Received:
        """Return what a request is; see :class:`Reading`.

        Raises:
            Refused: it is no CloudEvent of version 1.0, or not one in JSON.
        """
        kind = request.headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        is_plain = kind.startswith(_STRUCTURED) or not _OTHERS.match(kind)
        is_plain = is_plain and (bool(request.body) or kind.startswith(_STRUCTURED))
        # What stands for data that is no JSON is put in below; whether it may be compressed and so on is said here.
        given = request if is_plain else replace(request, body=b"null", headers=_as_json(request))
        received = self._plain.read(given, source=source, keep_headers=keep_headers)
        received.digest = sha256(request.body).digest()
        if kind.startswith(_STRUCTURED + b"-batch"):
            return self._batch(received)
        if not kind.startswith(_STRUCTURED):
            received.body = _written(request, kind, received.body if is_plain else None)
        event = _checked(received.body, Event)
        if not EVENT.fullmatch(event.type):
            raise Refused("invalid_request", "The type of the CloudEvent is no name of an event.")
        received.event, received.delivery = event.type, event.delivery()
        return received

    def _batch(self, received: Received) -> Received:
        events = _checked(received.body, list[Event])
        received.event = BATCH if events else EMPTY
        received.delivery = sha256("\n".join(event.delivery() for event in events).encode()).hexdigest()
        received.ping = not events
        return received


def percent_decoded(value: bytes) -> str:
    """The text of a header in the binary mode: unquoted, then decoded once, as strict UTF-8.

    Raises:
        ValueError: it is not printable ASCII, `%` begins nothing, or the bytes are not UTF-8, overlong forms included.
    """
    if not _VALUE.fullmatch(value):
        msg = "is not printable ASCII"
        raise ValueError(msg)
    if len(value) > 1 and value.startswith(b'"') and value.endswith(b'"'):
        value = _ESCAPED.sub(rb"\1", value[1:-1])
    return _PERCENT.sub(_byte, value).decode()


def _byte(found: re.Match[bytes]) -> bytes:
    if found[1] is None:
        msg = "has a % that begins nothing"
        raise ValueError(msg)
    return bytes.fromhex(found[1].decode())


def _written(request: InboundRequest, kind: bytes, data: bytes | None) -> bytes:
    """An event in the binary mode, in its JSON format.

    Args:
        request: as it came.
        kind: the media type of its data.
        data: that, when it is JSON.
    """
    members: dict[str, object] = {}
    for name, value in request.headers.items():
        found = _ATTRIBUTE.fullmatch(name)
        if found is None:
            continue
        if name in request.repeated:
            raise Refused("invalid_request", f"The header {name.decode()} came several times.")
        try:
            members[found[1].decode()] = percent_decoded(value)
        except ValueError:
            raise Refused("invalid_request", f"The header {name.decode()} is malformed.") from None
    if kind:
        members["datacontenttype"] = request.headers[b"content-type"].decode("latin-1").strip()
    if data is not None:
        # Written as it came, so it has to be one value: what begins like one could add members of its own.
        members["data"] = _whole(data)
    elif request.body:
        members |= _no_json(request.body, kind)
    return msgspec.json.encode(members)


def _whole(data: bytes) -> Raw:
    decoded(data)
    return Raw(data)


def _no_json(body: bytes, kind: bytes) -> dict[str, object]:
    """The member that holds data that is no JSON."""
    if kind.startswith(b"text/"):
        try:
            return {"data": body.decode()}
        except UnicodeDecodeError:
            pass
    return {"data_base64": b64encode(body).decode()}


def _as_json(request: InboundRequest) -> dict[bytes, bytes]:
    return {**request.headers, b"content-type": b"application/json"}


def _checked(body: bytes, kind: type[_T]) -> _T:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise Refused("invalid_request", f"It is no CloudEvent of version 1.0: {error}") from error
    except NO_JSON as error:
        raise Refused("invalid_json") from error
