"""How one source's sender signs and what its requests say: a preset or a template, ready for use."""

from typing import Final

from msgspec import Struct

from hookyard.config.model import PresetName, PresetScheme, TemplateScheme
from hookyard.inbound import handshakes, presets
from hookyard.inbound.handshake import Guarding, Handshake
from hookyard.inbound.preset import Host, Preset
from hookyard.inbound.problem import SchemeError
from hookyard.inbound.reading import Reading
from hookyard.inbound.template import compile_template
from hookyard.inbound.verifier import Verifier

_SPECIAL: Final = ("prefix", "accept", "until", "topics", "header", "components")
"""Settings that only those presets take that name them."""


class Scheme(Struct, frozen=True, kw_only=True):
    """Everything that follows from a source's `scheme`."""

    name: str
    """Of the preset; `template` for one of the configuration's own."""
    verifier: Verifier
    reader: Reading
    never_with: frozenset[bytes] = frozenset()
    """Headers, in lower case, that give another sender away."""
    handshakes: tuple[Handshake, ...] = ()
    host: Host | None = None
    """Whose typed events it sends."""
    preset: Preset | None = None
    template: TemplateScheme | None = None
    """What the verifier was compiled from, if it was."""


def scheme_of(settings: PresetName | PresetScheme | TemplateScheme) -> Scheme:
    """Make the scheme that a source's configuration asks for.

    Raises:
        SchemeError: the settings contradict themselves.
    """
    if isinstance(settings, TemplateScheme):
        return Scheme(
            name="template",
            verifier=compile_template(settings),
            reader=Reading(settings),
            never_with=_lower(settings.never_with),
            template=settings,
        )
    if isinstance(settings, str):
        settings = PresetScheme(preset=settings)
    return _of_preset(settings, presets.load(settings.preset))


def _of_preset(settings: PresetScheme, preset: Preset) -> Scheme:
    reading = preset.template or preset.reading
    verifier, shakes = _verifier(settings, preset), tuple(handshakes.BY_NAME[name] for name in preset.handshakes)
    for each in shakes:
        if isinstance(each, Guarding):
            verifier = each.guard(verifier)
    return Scheme(
        name=settings.preset,
        verifier=verifier,
        reader=_reader(settings, preset),
        never_with=_lower(reading.never_with),
        handshakes=shakes,
        host=preset.host,
        preset=preset,
        template=preset.template,
    )


def _verifier(settings: PresetScheme, preset: Preset) -> Verifier:
    if foreign := [key for key in _SPECIAL if key not in preset.settings and getattr(settings, key)]:
        raise SchemeError([(key, f"has no use with {settings.preset}") for key in foreign])
    if preset.template is not None:
        return compile_template(preset.template, tolerance=settings.tolerance)
    # Loaded by those who need it: it brings a large library.
    from hookyard.inbound import verifiers

    return verifiers.build(preset.verifier or "", settings, tolerance=settings.tolerance)


def _reader(settings: PresetScheme, preset: Preset) -> Reading:
    if preset.template is not None:
        return Reading(preset.template)
    from hookyard.inbound import verifiers  # as above

    return verifiers.reader(preset.verifier or "", settings, preset.reading)


def _lower(names: tuple[str, ...]) -> frozenset[bytes]:
    return frozenset(name.lower().encode() for name in names)
