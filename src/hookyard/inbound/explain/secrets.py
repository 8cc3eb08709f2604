"""The keys that a sender may have made of a secret where the source makes another one of it."""

import binascii
from base64 import b64decode, urlsafe_b64decode
from collections.abc import Iterator, Sequence
from contextlib import suppress
from urllib.parse import unquote

from msgspec import Struct

from hookyard.inbound.secrets import SourceSecret
from hookyard.inbound.verifier import Key, Verifier
from hookyard.webhook_secret import PREFIX, SecretError


class Variant(Struct, frozen=True):
    """A key, and words for how it was made, which continue "the secret ..."."""

    key: Key
    says: str


def variants(
    verifier: Verifier, secrets: Sequence[SourceSecret], known: Sequence[Key], material: object
) -> list[Variant]:
    """Every other key that is tried.

    Args:
        verifier: of the source.
        secrets: as configured.
        known: their keys, which are not tried again.
        material: of some secret of this scheme: where it is bytes, any other bytes may be a key too.
    """
    found: list[Variant] = []
    seen = [key.material for key in known]
    for given in secrets:
        for says, made in _made(verifier, given.text, raw=isinstance(material, bytes)):
            if made not in seen:
                seen.append(made)
                key = Key(material=made, number=given.number, until=given.until, id=given.id)
                found.append(Variant(key, says))
    return found


def _made(verifier: Verifier, text: str, *, raw: bool) -> Iterator[tuple[str, object]]:
    for says, each in _texts(text):
        with suppress(SecretError):
            yield says, verifier.load(each)
    if raw:
        for says, each in (("", text), *_texts(text)):
            for how, key in _keys(each):
                yield f"{says + ', and ' if says else ''}{how}", key


def _texts(text: str) -> Iterator[tuple[str, str]]:
    """Other texts that may have been meant."""
    bare = text.strip()
    if bare != text:
        yield "without the white space around it", bare
    for quote in ("'", '"'):
        if len(bare) > 1 and bare[0] == bare[-1] == quote:
            yield "without the quotes around it", bare[1:-1]
    if bare.startswith(PREFIX):
        yield f"without its {PREFIX!r}", bare.removeprefix(PREFIX)
    else:
        yield f"with {PREFIX!r} before it", PREFIX + bare
    if "%" in bare:
        yield "with its percent-encoding undone", unquote(bare)
    if not text.endswith("\n"):
        yield "with a line end (LF) after it", text + "\n"
        yield "with a line end (CRLF) after it", text + "\r\n"
    yield "in quotes", f'"{text}"'


def _keys(text: str) -> Iterator[tuple[str, bytes]]:
    """What the bytes of a key can be made of its text."""
    plain = text.encode("utf-8", "surrogatepass")
    if plain:
        yield "as it is written, without decoding it", plain
    with suppress(ValueError):
        yield "decoded from hex", bytes.fromhex(text)
    padded = text + "=" * (-len(text) % 4)
    with suppress(binascii.Error, ValueError):
        yield "decoded from base64", b64decode(padded, validate=True)
    if "-" in text or "_" in text:
        with suppress(binascii.Error, ValueError):
            yield "decoded from base64url", urlsafe_b64decode(padded)
