"""Where the signature stands, and how several are told apart."""

from binascii import b2a_base64
from collections.abc import Callable
from typing import Final

import msgspec

from hookyard.config.model.schemes import Place, SignatureSettings
from hookyard.inbound.places import LONGEST, CompiledPlace, compile_place, entries, parts, with_header
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.template.encoding import decode_base64
from hookyard.inbound.verifier import BadSignature

AUTHORIZATION: Final = b"authorization"
_BASIC: Final = b"basic "


class Extraction:
    """Finds signatures, decoded.

    Args:
        settings: where they stand.
        decode: how they are written; None when it is no signature of this kind.
    """

    def __init__(self, settings: SignatureSettings, decode: Callable[[bytes], bytes | None]) -> None:
        self._settings = settings
        self._decode = decode
        self._prefix = settings.prefix.encode()
        self._single = not settings.separator and not settings.part
        self._place: CompiledPlace | None = None
        self.header: bytes | None = None
        """The lower-case name of the header that is read."""
        if settings.basic:
            self.header = AUTHORIZATION
        elif settings.header is not None:
            self.header = settings.header.lower().encode()
        else:
            self._place = compile_place(Place(query=settings.query, json=settings.json))
        self.needs_body = settings.json is not None

    def find(self, request: InboundRequest, body: object | None) -> list[bytes]:
        """Every signature there is, at least one.

        Raises:
            BadSignature: there is none (`missing`), its header came several times (`repeated`), or nothing of it is a
                signature of this kind (`malformed`).
        """
        text = self._text(request, body)
        if not text or len(text) > LONGEST:
            raise BadSignature("malformed", "it is empty" if not text else "it is too long")
        if self._single:
            one = self._entry(text)
            if one is None:
                raise BadSignature("malformed")
            return [one]
        found = [one for each in self._entries(text) if (one := self._entry(each)) is not None]
        if not found:
            raise BadSignature("malformed")
        return found

    def _text(self, request: InboundRequest, body: object | None) -> bytes:
        if self.header is None:
            assert self._place is not None  # noqa: S101  one of the two
            found = self._place.find(request, body)
            if found is None:
                raise BadSignature("missing")
            return found.encode(errors="replace")
        if self.header in request.repeated:
            raise BadSignature("repeated", self.header.decode())
        text = request.headers.get(self.header)
        if text is None:
            raise BadSignature("missing", self.header.decode())
        return text

    def _entries(self, text: bytes) -> list[bytes]:
        how, whole = self._settings, text.decode("latin-1")
        if not how.part:
            return [each.encode("latin-1") for each in entries(whole, how.separator)]
        return [value.encode("latin-1") for name, value in parts(whole, how.separator, how.assign) if name == how.part]

    def _entry(self, text: bytes) -> bytes | None:
        if self._settings.basic:
            # RFC 7617: the name of the scheme in any case.
            is_basic = text[: len(_BASIC)].lower() == _BASIC
            return (decode_base64(text[len(_BASIC) :].strip(b" ")) or None) if is_basic else None
        return self._decode(text[len(self._prefix) :]) if text.startswith(self._prefix) else None

    def without(self, request: InboundRequest) -> InboundRequest:
        """The request before it is signed."""
        if self.header is None:
            return request
        headers = {name: value for name, value in request.headers.items() if name != self.header}
        return msgspec.structs.replace(request, headers=headers, repeated=request.repeated - {self.header})

    def put(self, request: InboundRequest, signature: str) -> InboundRequest:
        """The request with a signature, behind what stands there already."""
        how = self._settings
        if how.basic:
            basic = b"Basic " + b2a_base64(signature.encode(), newline=False)
            return with_header(request, AUTHORIZATION, basic)
        text = how.prefix + signature
        if how.part:
            text = how.part + how.assign + text
        if self.header is None:
            assert self._place is not None  # noqa: S101  one of the two
            return self._place.put(request, text)
        before = request.headers.get(self.header)
        whole = text.encode() if not before else before + how.separator.encode() + text.encode()
        return with_header(request, self.header, whole)
