"""The secrets of an endpoint through its rotations: made, given, ending, over."""

from collections.abc import Iterable

from msgspec.structs import replace

from hookyard.errors import Refused
from hookyard.outbound.endpoints.bodies import SecretKind
from hookyard.outbound.endpoints.check import secret_problem
from hookyard.outbound.endpoints.private import KeptSecret
from hookyard.outbound.signing import new_key, new_secret
from hookyard.webhook_secret import PRIVATE


def made_secret(kind: SecretKind) -> str:
    """A new one."""
    return new_secret() if kind == "v1" else new_key()


def kind_of(secret: str) -> SecretKind:
    """What it signs."""
    return "v1a" if secret.startswith(PRIVATE) else "v1"


def shared(made: Iterable[str]) -> tuple[str, ...]:
    """Those that a receiver has to have; of a key pair it gets the public half, and nobody the private one."""
    return tuple(secret for secret in made if kind_of(secret) == "v1")


def checked_secret(given: str, kind: SecretKind, kept: Iterable[KeptSecret]) -> str:
    """One that a caller gave.

    Raises:
        Refused: it is none, or of the other kind, or among those that are kept (`invalid_input`).
    """
    why = secret_problem(given)
    if why is None and kind_of(given) != kind:
        why = f"the secret signs {kind_of(given)}, and not {kind}"
    if why is None and any(secret.value == given for secret in kept):
        why = "it has this secret already"
    if why is not None:
        raise Refused("invalid_input", f"{why[0].upper()}{why[1:]}.", path="$.secret")
    return given


def ending(secret: KeptSecret, at: int) -> KeptSecret:
    """The same, with an end at that time at the latest."""
    return replace(secret, until=at if secret.until is None else min(secret.until, at))


def lasting(secrets: Iterable[KeptSecret], now: int) -> tuple[KeptSecret, ...]:
    """Those that are not over."""
    return tuple(secret for secret in secrets if secret.until is None or secret.until > now)
