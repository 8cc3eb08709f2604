"""A subscriber: receives webhooks on loopback and verifies them as any receiver should."""

import asyncio
from typing import Any

import msgspec
from msgspec import Struct

from hookyard.cli.receiver import Incoming, Reply
from hookyard.cli.receiver import Receiver as Server
from hookyard.client import VerificationError, verify


class Received(Struct, frozen=True):
    """One verified webhook."""

    webhook_id: str
    type: str
    job_id: str
    body: dict[str, Any]


class Receiver:
    """An HTTP server that answers 204 to a webhook whose signature is right, and 401 to any other."""

    def __init__(self) -> None:
        self._server = Server(self._take)
        self._secret = ""
        self._arrived: dict[str, Received] = {}
        self._news = asyncio.Condition()

    @property
    def url(self) -> str:
        """Where it receives."""
        return f"{self._server.base}/webhooks"

    async def start(self, secret: str) -> None:
        """Begin to receive what is signed with this secret."""
        self._secret = secret
        await self._server.start()

    async def stop(self) -> None:
        """Stop receiving."""
        await self._server.stop()

    async def of_job(self, job_id: str) -> Received:
        """The verified webhook about this job, as soon as it is here."""
        async with self._news:
            await self._news.wait_for(lambda: job_id in self._arrived)
            return self._arrived[job_id]

    async def _take(self, incoming: Incoming) -> Reply:
        headers = dict(incoming.headers)
        try:
            verify(headers, incoming.body, [self._secret])
        except VerificationError:
            return Reply(401)
        await self._keep(headers["webhook-id"], incoming.body)
        return Reply(204)

    async def _keep(self, webhook_id: str, body: bytes) -> None:
        event = msgspec.json.decode(body, type=dict[str, Any])
        job_id = event["data"]["job_id"]
        async with self._news:
            self._arrived[job_id] = Received(webhook_id, event["type"], job_id, event)
            self._news.notify_all()
