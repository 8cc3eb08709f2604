"""What may be shown of an endpoint, as JSON: so it is stored, and so it comes over HTTP."""

from typing import Final

import msgspec

from hookyard.config.model import EndpointRules
from hookyard.config.plain import plain_of
from hookyard.config.scalars import parse_value

_FIELDS: Final = EndpointRules.__struct_fields__
_decoder: Final = msgspec.json.Decoder(EndpointRules, dec_hook=parse_value)


def decode_spec(spec: bytes) -> EndpointRules:
    """Read one.

    Raises:
        msgspec.DecodeError: it is not JSON, or (a `ValidationError`) nothing that an endpoint is.
    """
    return _decoder.decode(spec)


def encode_spec(rules: EndpointRules) -> bytes:
    """Write one, without what has its default."""
    return msgspec.json.encode(spec_of(rules), order="deterministic")


def spec_of(rules: EndpointRules) -> dict[str, object]:
    """The same as plain data."""
    return plain_of(rules_of(rules))


def rules_of(settings: EndpointRules) -> EndpointRules:
    """The rules alone, of what says more: secrets, headers and certificates stay behind."""
    if type(settings) is EndpointRules:
        return settings
    return EndpointRules(**{name: getattr(settings, name) for name in _FIELDS})
