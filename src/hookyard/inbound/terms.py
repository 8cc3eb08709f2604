"""What the handshakes of a source go by, of its configuration."""

from typing import Final

from hookyard.config.model import HandshakeSettings, PluginScheme, PresetScheme, SourceSettings, TemplateScheme
from hookyard.inbound import presets
from hookyard.inbound.handshake import Terms
from hookyard.inbound.handshakes import BY_NAME
from hookyard.inbound.problem import Found

_NOTHING: Final = HandshakeSettings()


def terms_of(settings: SourceSettings) -> Terms:
    """Take them together."""
    shake = settings.handshake
    return Terms(
        verify_token=None if shake.verify_token is None else shake.verify_token.reveal(),
        origins=shake.origins,
        rate=shake.rate,
        topics=settings.scheme.topics if isinstance(settings.scheme, PresetScheme) else (),
    )


def useless_terms(settings: SourceSettings, where: str) -> list[Found]:
    """Those that no handshake of the source's sender looks at, so that somebody thinks them in force who is wrong.

    Args:
        settings: of the source.
        where: the key path of its `handshake`.
    """
    scheme = settings.scheme
    who = "a template"
    names: tuple[str, ...] = ()
    if isinstance(scheme, PluginScheme):
        who = "a plugin"
    elif not isinstance(scheme, TemplateScheme):
        who = scheme if isinstance(scheme, str) else scheme.preset
        names = presets.load(who).handshakes
    read = frozenset[str]().union(*(BY_NAME[name].reads for name in names))
    keys = HandshakeSettings.__struct_fields__
    given = [key for key in keys if getattr(settings.handshake, key) != getattr(_NOTHING, key)]
    return [(f"{where}.{key}", f"has no use with {who}") for key in given if key not in read]
