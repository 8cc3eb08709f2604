"""Whose request a capture seems to be, by the headers that the presets read."""

from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from typing import cast

from msgspec import Struct

from hookyard.config.model import PresetName, PresetScheme
from hookyard.inbound import presets
from hookyard.inbound.explain.exemplar import exemplar_of
from hookyard.inbound.places import places_of
from hookyard.inbound.preset import Preset
from hookyard.inbound.problem import SchemeError
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.template import compile_template
from hookyard.inbound.verifier import Verifier

_WHENEVER = 1_700_000_000_000
_COMMON = frozenset({b"authorization", b"content-type", b"content-digest", b"date", b"host", b"user-agent"})
"""Headers that anybody may send."""


class Look(Struct, frozen=True):
    """A sender by its headers."""

    name: str
    title: str
    proof: frozenset[bytes]
    """Without these nothing of it verifies."""
    marks: frozenset[bytes]
    """All that tell it."""
    never_with: frozenset[bytes]


def looks_like(request: InboundRequest, but: str) -> Look | None:
    """The preset whose headers a request has, most of them, and not those of `but` itself."""
    there = request.headers.keys()
    found = [
        (len(look.marks & there), look)
        for look in _looks()
        if look.proof and look.proof <= there and not look.never_with & there
    ]
    best = max(found, key=lambda one: one[0], default=(0, None))[1]
    own = next((len(look.marks & there) for look in _looks() if look.name == but), 0)
    return None if best is None or best.name == but or own >= len(best.marks & there) else best


def others(but: str) -> Iterator[tuple[str, Verifier]]:
    """The verifier of every other preset that needs no settings: the title, and it."""
    for name in presets.names():
        if name != but:
            verifier = verifier_of(name)
            if verifier is not None:
                yield presets.load(name).title, verifier


@cache
def verifier_of(name: str) -> Verifier | None:
    """The verifier of a preset; None when it cannot be had without settings."""
    preset = presets.load(name)
    with suppress(SchemeError):
        if preset.template is not None:
            return compile_template(preset.template)
        from hookyard.inbound import verifiers  # large libraries, for those who need them

        return verifiers.build(preset.verifier or "", PresetScheme(preset=cast("PresetName", name)), tolerance=None)
    return None


@cache
def _looks() -> tuple[Look, ...]:
    found: list[Look] = []
    for name in presets.names():
        preset = presets.load(name)
        verifier = verifier_of(name)
        needed = frozenset[bytes]() if verifier is None else exemplar_of(verifier, _WHENEVER).headers.keys() - _COMMON
        never = (preset.reading if preset.template is None else preset.template).never_with
        marks = needed | set(_read(preset)) - _COMMON
        found.append(
            Look(
                name,
                preset.title,
                frozenset(needed),
                frozenset(marks),
                frozenset(each.lower().encode() for each in never),
            )
        )
    return tuple(found)


def _read(preset: Preset) -> Iterator[bytes]:
    """The headers that its event and its delivery id stand in."""
    reading = preset.reading if preset.template is None else preset.template
    for place in (*places_of(reading.event), *places_of(reading.delivery)):
        if place.header is not None:
            yield place.header.lower().encode()
