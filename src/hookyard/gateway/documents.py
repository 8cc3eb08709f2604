"""What a verifier has to have of its sender's, such as a certificate, before it can verify."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from hookyard import log
from hookyard.errors import Refused
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifier import Fetching

_log = log.get("gateway")
_RETRY_AFTER: Final = 10


Fetch = Callable[[str], Awaitable[bytes]]
"""Gets the document at a URL, as :meth:`hookyard.egress.visitor.Visitor.get` does. Raises OSError: it cannot be had."""


async def no_fetches(url: str) -> bytes:
    """Get nothing.

    Raises:
        OSError: always.
    """
    del url
    msg = "nothing is fetched from here"
    raise OSError(msg)


class Documents:
    """Gets what one source's verifier lacks, one at a time.

    Args:
        source: its name, for the log.
        verifier: says what it lacks, and refuses to want what is not its sender's.
        fetch: gets it.
    """

    __slots__ = ("_fetch", "_source", "_turn", "_verifier")

    def __init__(self, source: str, verifier: Fetching, fetch: Fetch) -> None:
        self._source = source
        self._verifier = verifier
        self._fetch = fetch
        self._turn = asyncio.Lock()

    async def have(self, request: InboundRequest) -> None:
        """See to it that nothing is lacking.

        Raises:
            BadSignature: what is lacking is not the sender's, or not what it should be.
            Refused: it cannot be had now (`sender_unreachable`): the request may be genuine.
        """
        if self._verifier.needs(request) is None:
            return  # and does not stand behind those for whom something is fetched
        async with self._turn:  # those that come meanwhile find it there, and ask for nothing
            url = self._verifier.needs(request)
            if url is None:
                return
            try:
                document = await self._fetch(url)
            except OSError as error:
                _log.warning("webhook.fetch_failed", source=self._source, url=url, why=str(error))
                raise Refused("sender_unreachable", retry_after=_RETRY_AFTER) from error
            self._verifier.take(url, document)
