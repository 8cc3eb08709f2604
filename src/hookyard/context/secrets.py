"""The secrets that a plugin declares."""

from collections.abc import Iterable

from hookyard.context.messages import GetSecret
from hookyard.context.port import Port

FAMILY = "*"
"""Ends a declared name that stands for every secret whose name begins so, of those the configuration has."""


def declares(declared: Iterable[str], name: str) -> bool:
    """Whether a secret of this name is among the declared ones, or of a family of them."""
    return any(
        name.startswith(each.removesuffix(FAMILY)) if each.endswith(FAMILY) else name == each for each in declared
    )


class Secrets:
    """`ctx.secrets` of an `async def` command."""

    __slots__ = ("_port",)

    def __init__(self, port: Port) -> None:
        self._port = port

    async def get(self, name: str) -> str:
        """The value of a secret that the plugin declares.

        Raises:
            SecretUnavailable: it declares none of this name, or nobody has it.
        """
        return await self._port.ask(GetSecret(name))


class SyncSecrets:
    """`ctx.secrets` of a `def` command."""

    __slots__ = ("_port",)

    def __init__(self, port: Port) -> None:
        self._port = port

    def get(self, name: str) -> str:
        """The value of a secret that the plugin declares.

        Raises:
            SecretUnavailable: it declares none of this name, or nobody has it.
        """
        return self._port.ask_blocking(GetSecret(name))
