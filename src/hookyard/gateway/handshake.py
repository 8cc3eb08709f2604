"""What a sender is answered that asks before it sends: without a signature where it signs none, or once verified."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from hookyard import log
from hookyard.bound import Bound
from hookyard.errors import Refused
from hookyard.gateway.answer import Answer
from hookyard.inbound.handshake import Handshake, Reply, Terms
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifier import Key

_log = log.get("gateway")

_NO_CONTENT: Final = 204

Visit = Callable[[str], Awaitable[None]]
"""Asks a URL of a sender's, as :meth:`hookyard.egress.visitor.Visitor.visit` does. Raises OSError: it may not be asked,
or does not answer as it should."""


async def no_visits(url: str) -> None:
    """Ask nobody.

    Raises:
        OSError: always.
    """
    del url
    msg = "nothing is visited from here"
    raise OSError(msg)


def before(
    handshakes: Sequence[Handshake],
    request: InboundRequest,
    keys: Sequence[Key],
    terms: Terms,
    *,
    source: str,
    bound: Bound,
) -> Answer | None:
    """Answer a question that senders do not sign; None when it is none.

    Args:
        handshakes: of the source, in the order in which they are asked.
        request: as it came; its body is not looked at.
        keys: of the source, without those that have expired.
        terms: of the source.
        source: its name, for the log.
        bound: of the log: anybody may ask.
    """
    for handshake in handshakes:
        reply = handshake.before(request, keys, terms)
        if reply is not None:
            if (unsaid := bound.take()) is not None:
                facts = {"unsaid": unsaid} if unsaid else {}
                _log.info("webhook.handshake", source=source, handshake=handshake.name, **facts)
            return _answer(reply)
    return None


async def after(  # noqa: PLR0917  in the order of the contract it hands them to
    handshakes: Sequence[Handshake],
    request: InboundRequest,
    event: str,
    body: object,
    key: Key,
    terms: Terms,
    visit: Visit,
    *,
    source: str,
) -> Answer | None:
    """Answer a question that was verified; None when it is none. A source without handshakes need not ask.

    Args:
        handshakes: of the source, in the order in which they are asked.
        request: as it came.
        event: its event, by the scheme.
        body: its body, decoded; None when it has none.
        key: the key that signed it.
        terms: of the source.
        visit: asks the URL that a sender wants to be asked.
        source: its name, for the log.

    Raises:
        Refused: it is a question, and none that can be answered; or the sender did not answer in its turn
            (`sender_unreachable`).
    """
    for handshake in handshakes:
        reply = handshake.after(request, event, body, key, terms)
        if reply is not None:
            if reply.visit is not None:
                await _visited(reply.visit, visit, source, handshake.name)
            _log.info("webhook.handshake", source=source, handshake=handshake.name)
            return _answer(reply)
    return None


async def _visited(url: str, visit: Visit, source: str, handshake: str) -> None:
    try:
        await visit(url)
    except OSError as error:
        # Neither the caller nor the log sees the URL: whoever has it can confirm the subscription.
        _log.warning("webhook.visit_failed", source=source, handshake=handshake, why=str(error))
        raise Refused("sender_unreachable") from error


def _answer(reply: Reply) -> Answer:
    headers = [(name.encode(), value.encode()) for name, value in reply.headers]
    if reply.content_type is not None:
        headers.append((b"content-type", reply.content_type.encode()))
    if reply.status != _NO_CONTENT:  # it has no body, and so none of a length (RFC 9110, section 8.6)
        headers.append((b"content-length", b"%d" % len(reply.body)))
    return Answer(reply.status, reply.body, headers)
