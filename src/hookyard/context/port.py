"""What stands behind a context: the host, as one running command sees it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol, TypeVar

from hookyard.context.events import EventSpec
from hookyard.context.messages import Ask, Note

if TYPE_CHECKING:
    # Made on first use only: a plugin host that calls nobody never loads an HTTP client.
    import httpx

A = TypeVar("A")


class Port(Protocol):
    """The host's side of one attempt. In the server it is called directly, in a worker process over a channel.

    `tell` and `ask_blocking` may be called from any thread but, of the latter, the event loop's own.
    """

    @property
    def declared(self) -> Mapping[str, EventSpec]:
        """The types of events that the plugin declares."""
        ...

    def tell(self, note: Note) -> None:
        """Take a note; never fails and never waits, what comes too much is dropped and counted."""
        ...

    async def ask(self, question: Ask[A]) -> A:
        """Answer a question.

        Raises:
            HookyardError: the refusal that the question names.
            Cancelled: the attempt is over.
        """
        ...

    def ask_blocking(self, question: Ask[A]) -> A:
        """Answer a question to a thread, which waits."""
        ...

    def http(self) -> "httpx.AsyncClient":
        """The plugin's client for outgoing calls, guarded: shared by all its jobs, never to be closed by one."""
        ...

    def http_blocking(self) -> "httpx.Client":
        """The same for threads."""
        ...
