"""The three fields of an RFC 9421 signature, read strictly: only what such a signature needs, written canonically.

Sources: RFC 9421, sections 4.1 and 4.2; RFC 9530, section 2; RFC 8941, section 4.1, for the canonical form.
"""

import re
from dataclasses import dataclass
from typing import Final

from hookyard.client.verify.found import VerificationError
from hookyard.client.verify.signatures import MOST, base64

_LONGEST: Final = 8192
_KEY: Final = r"[a-z*][a-z0-9_.*-]{0,63}"
_STRING: Final = r'"(?:[ !#-\[\]-~]|\\["\\])*"'
_NAMES: Final = re.compile(r'"(@?[a-z0-9!#$%&\'*+.^_`|~-]+)"(?: |$)')
_PARAMETER: Final = re.compile(rf";({_KEY})=(-?[0-9]{{1,15}}|{_STRING})")
_INPUT: Final = re.compile(
    rf'({_KEY})=(\(((?:"[^"\s]*"(?: "[^"\s]*")*)?)\)((?:;{_KEY}=(?:-?[0-9]{{1,15}}|{_STRING}))*))'
)
_BINARY: Final = re.compile(rf"({_KEY})=:([A-Za-z0-9+/=]*):")
_COMMA: Final = re.compile(r"[ \t]*,[ \t]*")


@dataclass(frozen=True, slots=True)
class Labelled:
    """One signature, and what it says that it covers."""

    label: str
    components: tuple[str, ...]
    parameters: dict[str, int | str]
    text: str
    """Components and parameters, as they are signed."""
    signature: bytes


def labelled(inputs: str, signatures: str) -> list[Labelled]:
    """The signatures that are in both fields.

    Raises:
        VerificationError: a field is malformed, no label is in both, or there are more than anybody needs.
    """
    covered = {found[1]: found for found in _members(_INPUT, inputs, "signature-input")}
    signed = binaries(signatures, "signature")
    labels = [label for label in covered if label in signed]
    if not labels:
        raise VerificationError("malformed", "no label is in both signature and signature-input")
    return [_one(covered[label], signed[label]) for label in labels]


def binaries(text: str, name: str) -> dict[str, bytes]:
    """A dictionary of bytes, such as `signature` and `content-digest` are.

    Raises:
        VerificationError: it is none.
    """
    found: dict[str, bytes] = {}
    for member in _members(_BINARY, text, name):
        raw = base64(member[2])
        if raw is None:
            raise VerificationError("malformed", f"{name} has no canonical base64 for {member[1]}")
        found[member[1]] = raw
    return found


def _members(pattern: re.Pattern[str], text: str, name: str) -> list[re.Match[str]]:
    if len(text) > _LONGEST:
        raise VerificationError("malformed", f"{name} is longer than {_LONGEST} characters")
    found: list[re.Match[str]] = []
    place = 0
    while True:
        member = pattern.match(text, place)
        if member is None:
            raise VerificationError("malformed", f"{name} is not written as RFC 9421 has it")
        if any(member[1] == other[1] for other in found):
            raise VerificationError("repeated", f"{name} has {member[1]} twice")
        found.append(member)
        if len(found) > MOST:  # before the next is compared with all of them
            raise VerificationError("malformed", f"{name} has more than {MOST} members")
        if member.end() == len(text):
            break
        comma = _COMMA.match(text, member.end())
        if comma is None:
            raise VerificationError("malformed", f"{name} is not written as RFC 9421 has it")
        place = comma.end()
    return found


def _one(member: re.Match[str], signature: bytes) -> Labelled:
    label, text, inner, tail = member[1], member[2], member[3], member[4]
    components: list[str] = []
    place = 0
    while place < len(inner):
        name = _NAMES.match(inner, place)
        if name is None:
            raise VerificationError("malformed", f"{label} covers a component that has no plain name")
        components.append(name[1])
        place = name.end()
    parameters: dict[str, int | str] = {}
    for found in _PARAMETER.finditer(tail):
        if found[1] in parameters:
            raise VerificationError("repeated", f"{label} has the parameter {found[1]} twice")
        value = found[2]
        parameters[found[1]] = re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else int(value)
    if len(set(components)) != len(components):
        raise VerificationError("repeated", f"{label} covers a component twice")
    return Labelled(label, tuple(components), parameters, text, signature)
