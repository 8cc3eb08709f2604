"""The ways to write a signature that are not the one that a scheme reads."""

import binascii
import re
from base64 import b64encode, urlsafe_b64decode
from collections.abc import Iterator
from contextlib import suppress
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from hookyard.inbound.explain.exemplar import CORE, Exemplar
from hookyard.inbound.request import InboundRequest

_HEX: Final = re.compile(rb"[0-9A-Fa-f]+")
_TIME: Final = re.compile(rb"[0-9]{10}")
_LONGEST_PREFIX: Final = 16
"""Bytes; what is longer may hold a signature, and signatures are not shown."""
_SIZES: Final = {20: "SHA-1", 32: "SHA-256", 48: "SHA-384", 64: "SHA-512 or Ed25519"}


def edits(request: InboundRequest, exemplar: Exemplar) -> Iterator[tuple[str, InboundRequest]]:
    """The request with its signature written as the scheme reads it: words for how it was written, and the request.

    The words continue "the signature ...".
    """
    name = exemplar.signature
    if name is None or not exemplar.core or exemplar.is_token:
        return
    for where in (name, *similar(name, request)):
        value = request.headers.get(where)
        if value is None:
            continue
        stands = "" if where == name else f"stands in {where.decode('latin-1')}"
        for says, text in _values(value, exemplar):
            words = " and ".join(part for part in (stands, says) if part)
            if words:
                headers = {**request.headers, name: text}
                yield words, replace(request, headers=headers, repeated=request.repeated - {name})


def similar(name: bytes, request: InboundRequest) -> list[bytes]:
    """The headers that hold something like a signature, or are called almost so; the nearest name first."""
    wanted = set(name.split(b"-"))
    found: list[tuple[int, bytes]] = []
    for each, value in request.headers.items():
        shared = len(wanted & set(each.split(b"-")) - {b"x"})
        looks = b"signature" in each or b"hmac" in each or b"digest" in each
        if each != name and ((looks and CORE.search(value)) or shared > 1):
            found.append((-shared, each))
    return [each for _, each in sorted(found)]


class Written(Struct, frozen=True):
    """Something in a header that could be a signature."""

    start: int
    end: int
    before: bytes
    how: Literal["hex", "base64"]
    text: bytes
    decoded: bytes


def written(value: bytes) -> Iterator[Written]:
    """All that could be signatures in a header's value."""
    for match in CORE.finditer(value):
        core = match[0]
        if _HEX.fullmatch(core) and len(core) % 2 == 0:
            decoded = bytes.fromhex(core.decode())
            yield Written(match.start(), match.end(), value[: match.start()], "hex", core, decoded)
            continue
        with suppress(binascii.Error, ValueError):
            text = core.rstrip(b"=").translate(bytes.maketrans(b"+/", b"-_"))
            decoded = urlsafe_b64decode(text + b"=" * (-len(text) % 4))
            yield Written(match.start(), match.end(), value[: match.start()], "base64", core, decoded)


def _values(value: bytes, exemplar: Exemplar) -> Iterator[tuple[str, bytes]]:
    """The value as it should be written, in place and by the exemplar's prefix."""
    yield "", value
    bare = value.strip().strip(b"'\"").strip()
    if bare != value:
        yield "has quotes or blanks around it", bare
    wanted = "hex" if _HEX.fullmatch(exemplar.core) else "base64"
    fixed = _TIME.search(exemplar.prefix) is None
    for found in written(bare):
        other = fixed and exemplar.prefix != found.before
        begins = f"has {_shown(found.before)} before it and not {_shown(exemplar.prefix)}"
        if other:
            yield begins, exemplar.prefix + found.text
        text = found.decoded.hex().encode() if wanted == "hex" else b64encode(found.decoded)
        if text.lower() != found.text.lower():
            says = f"is written in {found.how} and not in {wanted}"
            yield says, found.before + text + bare[found.end :]
            if other:
                yield f"{says}, and {begins}", exemplar.prefix + text


def _shown(prefix: bytes) -> str:
    if not prefix:
        return "nothing"
    return repr(prefix.decode("latin-1")) if len(prefix) <= _LONGEST_PREFIX else "something else"


def size_of(value: bytes) -> str | None:
    """What a header's signature seems to be by its length, in words; None when there is none in it."""
    longest = max(written(value), key=lambda found: len(found.text), default=None)
    if longest is None:
        return None
    hash_name = _SIZES.get(len(longest.decoded))
    how = "hex digits" if longest.how == "hex" else "characters of base64"
    return f"{len(longest.text)} {how}{'' if hash_name is None else f', as of {hash_name}'}"
