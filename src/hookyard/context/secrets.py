"""The secrets that a plugin declares."""

from hookyard.context.messages import GetSecret
from hookyard.context.port import Port


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
