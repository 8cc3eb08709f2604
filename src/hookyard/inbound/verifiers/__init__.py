"""The senders that no template describes: each module is one of them.

Presets name them (`verifier: gitlab`); what they need of a library is loaded with the first source that uses it.
"""

from msgspec.structs import replace

from hookyard.config.model import Place, PresetScheme, ReadingSettings
from hookyard.config.schedules.rule import parse_instant
from hookyard.inbound.reading import Reading
from hookyard.inbound.verifier import Verifier
from hookyard.inbound.verifiers.settings import refuse


def build(name: str, settings: PresetScheme, *, tolerance: int | None = None) -> Verifier:
    """Make a verifier.

    Args:
        name: of it, as a preset has it.
        settings: of the source.
        tolerance: milliseconds by which the time of sending may be off; the sender's own if left out.

    Raises:
        SchemeError: settings are missing or wrong.
        KeyError: there is none of this name.
    """
    refuse(name, settings, tolerance)
    given = {} if tolerance is None else {"tolerance": tolerance}
    match name:
        case "standard-webhooks":
            from hookyard.inbound.verifiers.standard_webhooks import StandardWebhooks

            return StandardWebhooks(settings.prefix or "webhook", **given)
        case "gitlab":
            from hookyard.inbound.verifiers.gitlab import GitLab

            until = None if settings.until is None else parse_instant(settings.until, "until")
            return GitLab(settings.accept or "signature", until, **given)
        case "aws-sns":
            from hookyard.inbound.verifiers.aws_sns import AwsSns

            return AwsSns(settings.topics, **given)
        case "rfc9421":
            from hookyard.inbound.verifiers.rfc9421 import MessageSignatures

            return MessageSignatures(settings.components, **given)
        case _:
            return _without_time(name, settings)


def reader(name: str, settings: PresetScheme, reading: ReadingSettings) -> Reading:
    """What finds out what the verified requests of a sender are.

    Args:
        name: of its verifier.
        settings: of the source.
        reading: as the preset has it.

    Raises:
        SchemeError: a place of the reading is none.
    """
    from hookyard.inbound.verifiers.readers import TELLS, Chosen

    match name:
        case "cloudevents":
            from hookyard.inbound.verifiers.cloud_reading import CloudEventReading

            return CloudEventReading(reading)
        case "standard-webhooks":
            header = f"{settings.prefix or 'webhook'}-id"
            return Chosen(replace(reading, delivery=Place(header=header)), (header,), TELLS[name])
        case "gitlab":
            # Only the first is signed; a GitLab that sends none has no id that stays the same.
            return Chosen(reading, ("webhook-id", "Idempotency-Key"))
        case "twilio":
            return Chosen(reading, ("I-Twilio-Idempotency-Token",))
        case "azure-event-grid" | "microsoft-graph":
            return Chosen(reading, tell=TELLS[name])
        case _:
            return Reading(reading)


def _without_time(name: str, settings: PresetScheme) -> Verifier:
    """Those that do not say when they sent."""
    match name:
        case "twilio":
            from hookyard.inbound.verifiers.twilio import Twilio

            return Twilio()
        case "cloudevents":
            from hookyard.inbound.verifiers.cloudevents import CloudEvents

            return CloudEvents()
        case "microsoft-graph":
            from hookyard.inbound.verifiers.microsoft_graph import MicrosoftGraph

            return MicrosoftGraph()
        case "websub":
            from hookyard.inbound.verifiers.websub import WebSub

            return WebSub()
        case _:
            from hookyard.inbound.verifiers.tokens import token_in_a_place

            return token_in_a_place(name, settings)
