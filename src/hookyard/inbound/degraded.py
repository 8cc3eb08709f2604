"""Sources with nothing wrong in them that are of no use all the same: told at check and at start, which go on."""

from collections.abc import Iterator

from hookyard.config.model import Config, PluginScheme, PresetScheme, SourceSettings, TemplateScheme
from hookyard.config.schedules.rule import parse_instant
from hookyard.inbound import presets
from hookyard.inbound.handshakes import BY_NAME
from hookyard.inbound.problem import Found
from hookyard.inbound.secrets import secrets_of
from hookyard.inbound.terms import terms_of
from hookyard.timetable import RuleError


def degraded_sources(config: Config, now: int) -> Iterator[Found]:
    """All that is to be told.

    Args:
        config: the configuration.
        now: milliseconds UTC.
    """
    for name, source in config.sources.items():
        where = f"sources.{name}"
        yield from _expired(source, now, where)
        if not isinstance(source.scheme, TemplateScheme | PluginScheme):
            settings = PresetScheme(preset=source.scheme) if isinstance(source.scheme, str) else source.scheme
            yield from _moved(settings, now, where)
            yield from _unanswered(source, settings, where)


def _expired(source: SourceSettings, now: int, where: str) -> Iterator[Found]:
    """All of the secrets have stopped being good."""
    secrets = secrets_of(source.secrets, "", [])
    if secrets and not any(secret.good_at(now) for secret in secrets):
        yield f"{where}.secrets", "every secret has expired: nobody gets in"


def _moved(settings: PresetScheme, now: int, where: str) -> Iterator[Found]:
    """The time is over in which GitLab's secret token was enough."""
    if settings.accept != "either" or settings.until is None:
        return
    try:
        is_over = parse_instant(settings.until, "") <= now
    except RuleError:  # which is a problem of its own
        return
    if is_over:
        why = "the time of the move is over: who sends only the secret token does not get in"
        yield f"{where}.scheme.until", f"{why}; leave out accept, until and the token"


def _unanswered(source: SourceSettings, settings: PresetScheme, where: str) -> Iterator[Found]:
    """The sender asks before it sends, and is answered by nothing that is configured; old subscriptions may go on."""
    terms = terms_of(source)
    for name in presets.load(settings.preset).handshakes:
        needs = BY_NAME[name].needs
        if needs and not any(getattr(terms, term) for term in needs):
            there = " or ".join("scheme.topics" if term == "topics" else f"handshake.{term}" for term in sorted(needs))
            yield f"{where}.handshake", f"{settings.preset} asks before it sends, and is not answered without {there}"
