"""The secrets of a source: which there are, until when, and the keys they become."""

from collections.abc import Iterable

from hookyard.config.model import SecretSettings
from hookyard.config.schedules.rule import parse_instant
from hookyard.config.values import Secret
from hookyard.inbound.problem import Found
from hookyard.inbound.verifier import Key, Lasting, Verifier
from hookyard.timetable import RuleError
from hookyard.webhook_secret import SecretError


class SourceSecret(Lasting, frozen=True, kw_only=True):
    """One secret of a source. It does not show when it is printed."""

    text: str
    number: int
    """Its place in the configuration, from 0."""
    id: str | None = None
    """What signatures call it, where they do."""

    def __repr__(self) -> str:
        return f"SourceSecret(number={self.number})"


def secrets_of(
    settings: Iterable[Secret | SecretSettings], where: str, problems: list[Found]
) -> tuple[SourceSecret, ...]:
    """Read the secrets of a source, and add what is wrong with them to `problems`.

    Args:
        settings: as the configuration has them.
        where: the key path of the list.
        problems: where to report.
    """
    found: list[SourceSecret] = []
    for number, one in enumerate(settings):
        given = SecretSettings(value=one) if isinstance(one, Secret) else one
        until = None
        if given.until is not None:
            try:
                until = parse_instant(given.until, f"{where}[{number}].until")
            except RuleError as error:
                problems.append((error.path, error.problem))
        found.append(SourceSecret(text=given.value.reveal(), number=number, until=until, id=given.id))
    return tuple(found)


def keys_of(secrets: Iterable[SourceSecret], verifier: Verifier, problems: list[tuple[int, str]]) -> tuple[Key, ...]:
    """Make the keys that a verifier verifies with, and add what is wrong with a secret to `problems`.

    A problem is the secret's number, from 0, and a sentence.
    """
    found: list[Key] = []
    for secret in secrets:
        try:
            material = verifier.load(secret.text)
        except SecretError as error:
            problems.append((secret.number, f"the secret {error}"))
        else:
            found.append(Key(material=material, number=secret.number, until=secret.until, id=secret.id))
    return tuple(found)
