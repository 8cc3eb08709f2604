"""What of an endpoint is never shown: secrets, values of headers, certificates.

It is stored as JSON of its own, encrypted where there are keys for that, as that of this very endpoint: its name, its
tenant and its epoch are what it cannot be read without.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from hookyard.model import Endpoint
from hookyard.outbound.endpoints.keyring import Keyring
from hookyard.outbound.sender import Identity


class Quietly:
    """Shows nothing of what it holds, neither in a log nor in a traceback."""

    def __repr__(self) -> str:
        """Its class alone."""
        return f"{type(self).__name__}(***)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Likewise."""
        return [("", "***")]


class KeptSecret(Quietly, Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One secret."""

    value: str
    """`whsec_` or `whsk_` and base64."""
    created_at: int | None = None
    """None where nobody wrote that down: those of the configuration."""
    until: int | None = None
    """When it stops signing, in milliseconds."""


class Request(Struct, frozen=True):
    """A request that may come again, since whoever made it got no answer."""

    key: str
    """Of whose it is and of its idempotency key, a digest."""
    body: str
    """Another, of what it asks for."""


class Private(Quietly, Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All of it of one endpoint."""

    secrets: tuple[KeptSecret, ...] = ()
    """Those that sign first come first."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    ca: str | None = None
    cert: str | None = None
    key: str | None = None
    request: Request | None = None
    """What it was made for, when that has an idempotency key."""

    @property
    def identity(self) -> Identity | None:
        """Its certificates; None when it has none of its own."""
        if self.ca is None and self.cert is None and self.key is None:
            return None
        return Identity(ca=self.ca, cert=self.cert, key=self.key)


_decoder: Final = msgspec.json.Decoder(Private)


def decode_private(row: Endpoint, keyring: Keyring) -> Private:
    """Read what is stored of an endpoint.

    Raises:
        LockedError: it is encrypted under a key that is not there, or was changed, or is another's.
        msgspec.DecodeError: it is something else.
    """
    return _decoder.decode(keyring.decrypt(row.private, _whose(row)))


def with_private(row: Endpoint, private: Private, keyring: Keyring) -> Endpoint:
    """The row of an endpoint with this in it, encrypted if there is a key."""
    plain = msgspec.json.encode(private, order="deterministic")
    return replace(row, private=keyring.encrypt(plain, _whose(row)))


def encrypted_anew(row: Endpoint, keyring: Keyring) -> bytes:
    """What is stored of an endpoint, whatever it is, under the first key.

    Raises:
        LockedError: as :func:`decode_private`.
    """
    return keyring.encrypt(keyring.decrypt(row.private, _whose(row)), _whose(row))


def _whose(row: Endpoint) -> bytes:
    return msgspec.json.encode((row.name, row.tenant, row.epoch))
