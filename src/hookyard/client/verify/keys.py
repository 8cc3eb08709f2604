"""The secrets and public keys that a receiver holds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hookyard.webhook_secret import PRIVATE, PUBLIC, PublicKey, secret_key


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """One of them, and its place among those that were given. It does not show when it is printed."""

    number: int
    shared: bytes | None = None
    public: PublicKey | None = None

    def __repr__(self) -> str:
        return f"VerifyingKey({self.number})"


def known(secrets: str | Iterable[str]) -> Sequence[VerifyingKey]:
    """Read them.

    Raises:
        SecretError: one of them is none.
        ValueError: there is none.
    """
    texts = [secrets] if isinstance(secrets, str) else list(secrets)
    if not texts:
        msg = "verify needs at least one secret"
        raise ValueError(msg)
    return [
        VerifyingKey(number, public=PublicKey.of(text))
        if text.startswith((PUBLIC, PRIVATE))
        else VerifyingKey(number, shared=secret_key(text))
        for number, text in enumerate(texts)
    ]
