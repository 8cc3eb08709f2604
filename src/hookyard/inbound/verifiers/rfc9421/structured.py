"""The two fields of HTTP Message Signatures, read as RFC 8941 has it.

Source: RFC 9421, sections 4.1 and 4.2.
"""

import re
from base64 import b64encode
from typing import Final, cast

import http_sf
from http_sf.types import InnerListType
from msgspec import Struct

from hookyard.inbound.verifier import BadSignature

_LONGEST: Final = 8192
_MOST: Final = 8
"""Signatures of one request that are looked at."""
_NAME: Final = re.compile(r"@?[a-z0-9!#$%&'*+.^_`|~-]+")


class Labelled(Struct, frozen=True):
    """One signature, and what it says that it covers."""

    label: str
    components: tuple[str, ...]
    parameters: dict[str, object]
    """`created`, `expires`, `keyid`, `alg` and whatever else."""
    text: str
    """Components and parameters, written as they were signed."""
    signature: bytes


def dictionary(text: bytes, what: str) -> dict[str, object]:
    """A field that is a dictionary, its members as the library has them.

    Args:
        text: of the field.
        what: its name, for the log.

    Raises:
        BadSignature: it is none.
    """
    if len(text) > _LONGEST:
        raise BadSignature("malformed", f"{what} is too long")
    try:
        return cast("dict[str, object]", http_sf.parse(text, tltype="dictionary"))
    except ValueError:  # the library's own error is one, and so are those of its numbers and texts
        raise BadSignature("malformed", f"{what} is no dictionary of RFC 8941") from None


def labelled(inputs: bytes, signatures: bytes) -> list[Labelled]:
    """The signatures that are in both fields.

    Raises:
        BadSignature: a field is malformed, no label is in both, or there are more than anybody needs.
    """
    covered, signed = dictionary(inputs, "signature-input"), dictionary(signatures, "signature")
    labels = [label for label in covered if label in signed]
    if not labels:
        raise BadSignature("missing", "no label is in both signature and signature-input")
    if len(labels) > _MOST:
        raise BadSignature("malformed", f"there are more than {_MOST} signatures")
    found = [_one(label, covered[label], signed[label]) for label in labels]
    for one in found:
        # The library passes over the bits that base64 leaves open, so one signature could be written in several ways.
        if not re.search(b":" + re.escape(b64encode(one.signature).rstrip(b"=")) + b"={0,2}:", signatures):
            raise BadSignature("malformed", f"{one.label} is not canonical base64")
    return found


def written(components: tuple[str, ...], parameters: dict[str, int]) -> str:
    """Components and parameters as they are signed."""
    return _text(([(name, {}) for name in components], {**parameters}))


def _one(label: str, covered: object, signed: object) -> Labelled:
    if not isinstance(covered, tuple) or not isinstance(signed, tuple):
        raise BadSignature("malformed", f"{label} is no signature")
    # The library's item is a value and its parameters; an inner list is a list of items and its parameters.
    items, parameters = cast("tuple[object, dict[str, object]]", covered)
    signature = cast("tuple[object, dict[str, object]]", signed)[0]
    if not isinstance(items, list) or not isinstance(signature, bytes):
        raise BadSignature("malformed", f"{label} is no signature")
    components = tuple(_component(item) for item in cast("list[tuple[object, dict[str, object]]]", items))
    if len(set(components)) != len(components):
        raise BadSignature("malformed", f"{label} covers a component twice")
    return Labelled(label, components, parameters, _text(cast("InnerListType", covered)), signature)


def _component(item: tuple[object, dict[str, object]]) -> str:
    name, parameters = item
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise BadSignature("malformed", "a component has no name")
    if parameters:
        raise BadSignature("malformed", f"the component {name} has parameters, and none are understood")
    return name


def _text(inner: InnerListType) -> str:
    return http_sf.ser({"s": inner}).removeprefix("s=")
