"""What a verified request is: its event, its delivery id, and the JSON in its body."""

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Final

from msgspec import UNSET, UnsetType

from hookyard.config.model import Place, ReadingSettings, TemplateScheme
from hookyard.errors import Refused
from hookyard.inbound.decoding import decoded
from hookyard.inbound.forms import read_form
from hookyard.inbound.media import media_of, utf8
from hookyard.inbound.places import CompiledPlace, compile_places
from hookyard.inbound.received import Received
from hookyard.inbound.request import InboundRequest
from hookyard.model.inbound import DELIVERY, EVENT

DEFAULT_EVENT: Final = "webhook"
_DELIVERY: Final = re.compile(DELIVERY.pattern.encode())
_MOST_EVENTS: Final = 256
_UNREAD: object | UnsetType = UNSET
_SECRET: Final = re.compile(r"authorization|cookie|signature|secret|token|password|passwd|credential|hmac|api-?key")


class Reading:
    """Finds out what a verified request is.

    Args:
        settings: where its parts stand.

    Raises:
        SchemeError: a place is none.
    """

    def __init__(self, settings: ReadingSettings) -> None:
        signature = settings.signature if isinstance(settings, TemplateScheme) else None
        self.event = compile_places(settings.event, signature)
        self.delivery = compile_places(settings.delivery, signature)
        self._needs_tree = any(place is not None and place.needs_body for place in (self.event, self.delivery))
        self._event_header, self._delivery_header = _bare_header(settings.event), _bare_header(settings.delivery)
        self._events: dict[bytes, str] = {}
        self.pings = frozenset(settings.pings)
        self._form = settings.form
        self._signature = "" if signature is None else (signature.header or "").lower()

    def read(self, request: InboundRequest, *, source: str, keep_headers: bool) -> Received:
        """Return what a request is; its signature has been found good.

        Args:
            request: as it came.
            source: its name.
            keep_headers: whether a route looks at headers.

        Raises:
            Refused: it has no event or no delivery id where its sender gives one in a header or in the query, or a
                body that is not understood.
        """
        headers, tree = request.headers, _UNREAD
        media = media_of(headers)
        if media.form:
            body, fields = read_form(request.body, self._form, media.codec)
            tree = UNSET if fields is None else fields
        else:
            body = utf8(request.body, media.codec)
        if self._needs_tree and tree is UNSET:
            tree = decoded(body)
        known = None if tree is UNSET else tree
        # A sender has few events, so that most are found in a table.
        event = None if request.repeated else self._events.get(headers.get(self._event_header, b""))
        if event is None:
            event = self._event_of(request, known)
        delivery = b"" if request.repeated else headers.get(self._delivery_header, b"")
        digest = sha256(request.body).digest()
        return Received(
            source=source,
            event=event,
            delivery=delivery.decode("ascii")
            if _DELIVERY.fullmatch(delivery)
            else self._delivery_of(request, known, digest),
            digest=digest,
            body=body,
            headers=headers_of(headers, self._signature) if keep_headers else {},
            ping=event in self.pings,
            _tree=tree,
        )

    def _event_of(self, request: InboundRequest, tree: object) -> str:
        event = _found(self.event, request, tree, EVENT, "event") or DEFAULT_EVENT
        if self._event_header in request.headers and len(self._events) < _MOST_EVENTS and not request.repeated:
            self._events[request.headers[self._event_header]] = event
        return event

    def _delivery_of(self, request: InboundRequest, tree: object, digest: bytes) -> str:
        return _found(self.delivery, request, tree, DELIVERY, "delivery id") or digest.hex()


def headers_of(headers: Mapping[bytes, bytes], signature: str = "") -> dict[str, str]:
    """The headers that routes may look at and the store may keep: without credentials and signatures.

    Args:
        headers: by lower-case name.
        signature: the name of the header that carries the signature.
    """
    named = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers.items())
    return {name: value for name, value in named if name != signature and not _SECRET.search(name)}


def _bare_header(settings: Place | Sequence[Place] | None) -> bytes:
    """The header that holds the value as it is; empty, which no header's name is, when none does."""
    if not isinstance(settings, Place) or settings.header is None or settings.prefix:
        return b""
    return settings.header.lower().encode()


def _found(
    place: CompiledPlace | None, request: InboundRequest, tree: object, form: re.Pattern[str], what: str
) -> str | None:
    """What stands at a place. Bodies are of many shapes, so that in them it may be missing."""
    if place is None:
        return None
    found = place.find(request, tree)
    if found is not None and form.fullmatch(found):
        return found
    if found is None and place.needs_body:
        return None
    name = what if place.header is None else f"header {place.header.decode()}"
    raise Refused("invalid_request", f"The {name} is {'missing' if found is None else 'malformed'}.")
