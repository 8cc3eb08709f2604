"""Documents of senders: certificates that are fetched while a request waits, and for no longer than it must."""

import asyncio

import pytest

from hookyard.errors import Refused
from hookyard.gateway.documents import Documents
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifiers.aws_sns import AwsSns
from hookyard.inbound.verifiers.aws_sns.forge import pair, sign

TOPIC = "arn:aws:sns:eu-central-1:123456789012:builds"
NOW = 1_700_000_000_000


def test_who_needs_nothing_does_not_wait_for_what_is_fetched_for_others() -> None:
    async def run() -> None:
        known, unknown = pair(), pair()
        requests = [
            sign(InboundRequest(headers={}, body=b"hello", now=NOW), one.signing, TOPIC) for one in (known, unknown)
        ]
        verifier = AwsSns([TOPIC])
        url = verifier.needs(requests[0])
        assert url is not None
        verifier.take(url, known.verifying.encode())
        asked, answer = asyncio.Event(), asyncio.Event()

        async def fetch(url: str) -> bytes:
            asked.set()
            await answer.wait()
            return unknown.verifying.encode()

        documents = Documents("s", verifier, fetch)
        waiting = asyncio.create_task(documents.have(requests[1]))
        await asked.wait()
        await asyncio.wait_for(documents.have(requests[0]), 10)
        assert not waiting.done()
        answer.set()
        await waiting
        verifier.verify(requests[1], ())

    asyncio.run(run())


def test_a_sender_that_does_not_answer_is_asked_to_come_again() -> None:
    async def fetch(url: str) -> bytes:
        raise TimeoutError

    request = sign(InboundRequest(headers={}, body=b"hello", now=NOW), pair().signing, TOPIC)
    with pytest.raises(Refused) as caught:
        asyncio.run(Documents("s", AwsSns([TOPIC]), fetch).have(request))
    assert caught.value.code == "sender_unreachable"
    assert caught.value.retry_after is not None
