"""Standard Webhooks, `v1` and `v1a`."""

import re
from collections.abc import Sequence
from typing import Final

from hookyard.client.verify.clock import Moment
from hookyard.client.verify.found import VerificationError, Verified
from hookyard.client.verify.headers import Fields
from hookyard.client.verify.keys import VerifyingKey
from hookyard.client.verify.signatures import ED25519, MAC, base64, entries, whose

_ID: Final = re.compile(r"[!-\-/-~]{1,255}")
"""Printable ASCII but a dot, which could shift what is signed."""
_SIZES: Final = {"v1": MAC, "v1a": ED25519}


def check(fields: Fields, body: bytes, keys: Sequence[VerifyingKey], moment: Moment) -> Verified:
    """Verify.

    Raises:
        VerificationError: it does not.
    """
    identifier, timestamp, header = (fields.one(f"webhook-{name}") for name in ("id", "timestamp", "signature"))
    if not _ID.fullmatch(identifier):
        raise VerificationError("malformed", "webhook-id is no id: printable ASCII without a dot, at most 255")
    sent = moment.check(timestamp, "webhook-timestamp")
    usable = entries(header, "webhook-signature", " ", lambda entry: _decoded(entry) is not None)
    found: dict[str, list[bytes]] = {"v1": [], "v1a": []}
    for entry in usable:
        found[entry.partition(",")[0]].append(_decoded(entry) or b"")
    wanted = [version for version, ours in (("v1", _shared(keys)), ("v1a", _public(keys))) if ours]
    if not usable:
        raise VerificationError("malformed", f"no {' or '.join(wanted)} signature is in webhook-signature")
    if not any(found[version] for version in wanted):
        other = "v1a, by a key pair: give its public key" if found["v1a"] else "v1, by a shared secret: give that"
        raise VerificationError("version", f"no {wanted[0]} signature is in webhook-signature; it is signed {other}")
    content = f"{identifier}.{timestamp}.".encode() + body
    owner = whose(keys, found["v1"], found["v1a"], content)
    if owner is None:
        by = f"no {' or '.join(wanted)} signature in webhook-signature is by one of the secrets"
        raise VerificationError("mismatch", by)
    key, pair = owner
    return Verified("standard", "v1a" if pair else "v1", key.number, identifier, sent)


def _decoded(entry: str) -> bytes | None:
    """The bytes of a signature that could be one: of a version that is known, and as long as those are."""
    version, _, encoded = entry.partition(",")
    raw = base64(encoded) if version in _SIZES else None
    return raw if raw is not None and len(raw) == _SIZES[version] else None


def _shared(keys: Sequence[VerifyingKey]) -> bool:
    return any(key.shared is not None for key in keys)


def _public(keys: Sequence[VerifyingKey]) -> bool:
    return any(key.public is not None for key in keys)
