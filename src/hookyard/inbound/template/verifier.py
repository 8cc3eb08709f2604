"""A compiled template: finds what signed a request, and signs as its sender does."""

from collections.abc import Callable, Sequence
from secrets import token_hex
from typing import Final

from hookyard.config.model.schemes import TemplateScheme
from hookyard.inbound.decoding import decoded_as
from hookyard.inbound.places import compile_place
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.template.content import Content
from hookyard.inbound.template.encoding import DECODERS, Encoding, encode
from hookyard.inbound.template.extraction import Extraction
from hookyard.inbound.template.key import Keys, SharedKeys
from hookyard.inbound.template.mac import Hmac, Mac, Token
from hookyard.inbound.template.quick import quick_of
from hookyard.inbound.template.timestamp import Timestamp
from hookyard.inbound.urlencoded import field_of, is_form
from hookyard.inbound.verifier import BadSignature, Key, Pair
from hookyard.model.inbound import DELIVERY

_LARGEST: Final = 2 << 20
"""Bytes of a body that has to be decoded before anybody has vouched for it: it takes many times its size."""


class Template:
    """Verifies what one template describes; see `hookyard.inbound.verifier.Verifier`.

    Args:
        settings: without contradictions.
        tolerance: milliseconds, instead of the template's own.
    """

    def __init__(self, settings: TemplateScheme, tolerance: int | None) -> None:
        self._encoding: Encoding = settings.encoding
        self._is_token = settings.mac == "token"
        self._mac, self._keys = _mac_and_keys(settings)
        self._content = Content(settings.content)
        self._extraction = Extraction(settings.signature, _decoder(settings, self._mac))
        timestamp = settings.timestamp
        self._timestamp = None if timestamp is None else Timestamp(timestamp, settings.signature, tolerance)
        self.tolerance = None if self._timestamp is None else self._timestamp.tolerance
        signs_time = "timestamp" in self._content.tokens
        self._time_after = self._timestamp is not None and not signs_time
        signs_id = "id" in self._content.tokens and settings.delivery is not None
        self._id = compile_place(settings.delivery, settings.signature) if signs_id and settings.delivery else None
        self._field = settings.form if settings.form_signs == "field" else None
        self._body_before = bool(
            self._extraction.needs_body
            or (self._timestamp is not None and signs_time and self._timestamp.place.needs_body)
            or (self._id is not None and self._id.needs_body)
        )
        self._plain = self._content.is_body and self._field is None and not self._body_before
        self._quick = quick_of(settings) if self._plain and self._timestamp is None else None
        self.needs_url = bool(self._content.tokens & {"url", "path"})
        """Whether the source must say its URL, because it is signed."""

    def load(self, secret: str) -> object:
        """The key of a configured secret.

        Raises:
            SecretError: it cannot be one of this template.
        """
        return self._keys.load(secret)

    def verify(self, request: InboundRequest, keys: Sequence[Key]) -> Key:
        """Return the key that signed the request.

        Raises:
            BadSignature: none of them did.
        """
        if not keys:
            raise BadSignature("no_secret")
        if self._quick is not None and (found := self._quick(request, keys)) is not None:
            return found
        if self._plain:
            given = self._extraction.find(request, None)
            content: Sequence[bytes] = (request.body,)
        else:
            body = self._signed(request)
            if self._body_before and len(body) > _LARGEST:
                raise BadSignature("malformed", f"over {_LARGEST} bytes, of which the signature stands in some")
            tree = decoded_as(object, body) if self._body_before else None
            given = self._extraction.find(request, tree)
            content = self._pieces(request, body, tree)
        key = self._mac.matching(keys, content, given)
        if key is None:
            raise BadSignature("mismatch")
        if self._time_after and self._timestamp is not None:
            self._timestamp.check(request, decoded_as(object, self._signed(request)))
        return key

    def sign(self, request: InboundRequest, secret: str) -> InboundRequest:
        """Return the request as its sender would have sent it at `request.now`."""
        material = self._keys.load_signing(secret)
        if self._is_token:
            return self._extraction.put(self._extraction.without(request), secret)
        request = self._extraction.without(request)
        if self._timestamp is not None:
            request = self._timestamp.put(request)
        if self._id is not None and self._id.find(request, decoded_as(object, request.body)) is None:
            request = self._id.put(request, f"msg_{token_hex(8)}")
        body = self._signed(request)
        pieces = self._pieces(request, body, decoded_as(object, body) if self._body_before else None)
        return self._extraction.put(request, encode(self._mac.sign(material, pieces), self._encoding))

    def pair(self) -> Pair:
        """Make up a secret."""
        return self._keys.pair()

    def _signed(self, request: InboundRequest) -> bytes:
        """What of the body is signed: all of it, or what a form has in its field."""
        if self._field is None:
            return request.body
        if b"content-type" in request.repeated:
            raise BadSignature("repeated", "content-type")
        if not is_form(request):
            return request.body
        held = field_of(request.body, self._field)
        if held is None:
            raise BadSignature("malformed", f"the form has no {self._field}, or not once")
        return held

    def _pieces(self, request: InboundRequest, body: bytes, tree: object | None) -> list[bytes]:
        timestamp = delivery = None
        if self._timestamp is not None and not self._time_after:
            timestamp = self._timestamp.check(request, tree)
        if self._id is not None:
            delivery = self._id.find(request, tree)
            if delivery is None:
                raise BadSignature("missing", "the delivery id, which is signed")
            ends = self._content.after_id
            if not DELIVERY.fullmatch(delivery) or (ends and ends in delivery):
                raise BadSignature("malformed", "the delivery id, which is signed")
        return self._content.pieces(request, body, timestamp, delivery)


def _mac_and_keys(settings: TemplateScheme) -> tuple[Mac, Keys]:
    if settings.mac == "token":
        return Token(), SharedKeys("raw", token=True, basic=settings.signature.basic)
    if settings.mac.startswith("hmac-"):
        return Hmac(settings.mac), SharedKeys(settings.key)
    # Loaded by those who need it: most sources share a secret, and this is a large library.
    from hookyard.inbound.template.public import PublicKey
    from hookyard.inbound.template.public_key import PublicKeys

    return PublicKey(settings.mac), PublicKeys(settings.mac, settings.key)


def _decoder(settings: TemplateScheme, mac: Mac) -> Callable[[bytes], bytes | None]:
    """How one entry becomes a signature; what cannot be one by its length is none."""
    if settings.mac == "token":
        return lambda text: text or None
    decode, fits = DECODERS[settings.encoding], mac.fits

    def decoder(text: bytes) -> bytes | None:
        decoded = decode(text)
        return decoded if decoded is not None and fits(decoded) else None

    return decoder
