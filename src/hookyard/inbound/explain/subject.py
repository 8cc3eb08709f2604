"""What a capture is held against: one source's verifier and secrets."""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from hookyard.config.model import TemplateScheme
from hookyard.inbound.scheme import Scheme
from hookyard.inbound.secrets import SourceSecret
from hookyard.inbound.verifier import Key, Verifier
from hookyard.webhook_secret import SecretError

_FOREVER: Final = 1 << 62


class Subject(Struct, frozen=True, kw_only=True):
    """One source, as far as verification goes."""

    name: str
    """Of the source."""
    scheme: str
    """The preset's name, or words for another scheme."""
    verifier: Verifier
    template: TemplateScheme | None = None
    """What the verifier was compiled from, if it was."""
    secrets: tuple[SourceSecret, ...] = ()
    made: Scheme | None = None
    """All of the scheme, where there is more than the verifier."""
    never_with: frozenset[bytes] = frozenset()
    """Lower-case names of headers that give another sender away."""
    url: str = ""
    """Where the sender reaches it, by the configuration."""

    def keys(self, problems: list[tuple[int, str]]) -> list[Key]:
        """The keys of all secrets that can be some; a problem is a secret's number, from 0, and a sentence."""
        found: list[Key] = []
        for given in self.secrets:
            try:
                material = self.verifier.load(given.text)
            except SecretError as error:
                problems.append((given.number, f"the secret {error}"))
                continue
            found.append(Key(material=material, number=given.number, until=given.until, id=given.id))
        return found


def current(keys: Sequence[Key], now: int) -> list[Key]:
    """Those that are good at a time."""
    return [key for key in keys if now < (_FOREVER if key.until is None else key.until)]
