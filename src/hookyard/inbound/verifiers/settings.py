"""Which settings of a preset a verifier takes, and what is wrong with those it was given."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from hookyard.config.model import PresetScheme
from hookyard.config.schedules.rule import parse_instant
from hookyard.inbound.problem import Found, SchemeError, tolerance_problems
from hookyard.timetable import RuleError

_PREFIX: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,62}[A-Za-z0-9])?")
_TOPIC: Final = re.compile(r"arn:aws(-[a-z]+)*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?")
_COMPONENT: Final = re.compile(
    r"[a-z0-9!#$%&'*+.^_`|~-]+|@(method|authority|scheme|target-uri|request-target|path|query)"
)


def refuse(name: str, settings: PresetScheme, tolerance: int | None) -> None:
    """Refuse settings that are wrong, all of them at once.

    Raises:
        SchemeError: they are.
        KeyError: there is no verifier of this name.
    """
    says_when, check = PROBLEMS[name]
    problems = [*tolerance_problems(tolerance, says_when=says_when), *check(settings)]
    if problems:
        raise SchemeError(problems)


def _standard_webhooks(settings: PresetScheme) -> Iterator[Found]:
    if settings.prefix is not None and not _PREFIX.fullmatch(settings.prefix):
        yield "prefix", "must be letters, digits and `-`, such as `svix`; the `-` before `id` is not part of it"


def _gitlab(settings: PresetScheme) -> Iterator[Found]:
    if settings.until is not None:
        try:
            parse_instant(settings.until, "until")
        except RuleError as error:
            yield error.path, error.problem
    if settings.accept == "either" and settings.until is None:
        yield "until", "is missing: `accept: either` is for the time of a move, and must say when the token ends"
    if settings.accept != "either" and settings.until is not None:
        yield "until", "has no use without `accept: either`"


def _aws_sns(settings: PresetScheme) -> Iterator[Found]:
    if not settings.topics:
        yield "topics", "is missing: anybody at Amazon can have a topic, so name those that may send"
    for at, topic in enumerate(settings.topics):
        if not _TOPIC.fullmatch(topic):
            yield (
                f"topics[{at}]",
                f"{topic!r} is no ARN of a topic, such as arn:aws:sns:eu-central-1:123456789012:builds",
            )


def _rfc9421(settings: PresetScheme) -> Iterator[Found]:
    for at, component in enumerate(settings.components):
        if not _COMPONENT.fullmatch(component):
            yield (
                f"components[{at}]",
                f"{component!r} is neither a header in lower case nor a component such as @method",
            )
    if settings.components and "content-digest" not in settings.components:
        yield "components", "must have content-digest, without which nobody signs the body"


def _nothing(_settings: PresetScheme) -> Iterator[Found]:
    return iter(())


PROBLEMS: Final[Mapping[str, tuple[bool, Callable[[PresetScheme], Iterator[Found]]]]] = {
    "aws-sns": (True, _aws_sns),
    "azure-devops": (False, _nothing),
    "azure-event-grid": (False, _nothing),
    "cloudevents": (False, _nothing),
    "gitlab": (True, _gitlab),
    "microsoft-graph": (False, _nothing),
    "rfc9421": (True, _rfc9421),
    "standard-webhooks": (True, _standard_webhooks),
    "twilio": (False, _nothing),
    "websub": (False, _nothing),
}
"""Per verifier whether its sender says when it sent, and what finds fault with the settings that only it has."""
