"""The running of a command, as `run_middleware` wraps it."""

from collections.abc import Awaitable
from typing import Protocol

from msgspec import Struct


class Ran(Struct, frozen=True, kw_only=True):
    """How the command went; only to be looked at, since a middleware changes nothing of it."""

    ok: bool
    error: str | None = None
    """The name of the exception's type, such as `CommandError`; None when it went well."""
    ms: int = 0
    """How long it took."""


class Proceed(Protocol):
    """Runs the command, and the middlewares within; what an `async def` awaits, once."""

    def __call__(self) -> Awaitable[Ran]:
        """Let the command run, and wait for its end."""
        ...


class ProceedSync(Protocol):
    """The same for a `def`, which calls it once."""

    def __call__(self) -> Ran:
        """Let the command run, and wait for its end."""
        ...
