"""What `hookyard listen` does from its start to its end."""

import asyncio
import signal
from collections.abc import Callable, Sequence

import uvloop
from msgspec import Struct

from hookyard.cli.listen.answers import Answers
from hookyard.cli.listen.arrival import Arrival
from hookyard.cli.listen.judge import Judge
from hookyard.cli.listen.listener import Listener
from hookyard.cli.listen.registering import Registered, Registration
from hookyard.cli.receiver import Receiver
from hookyard.client.verify import Form
from hookyard.clock import SystemClock

_ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Asked(Struct, frozen=True, kw_only=True):
    """What was asked for on the command line."""

    host: str
    port: int
    form: Form | None
    """The only form that is taken."""
    secrets: Sequence[str]
    answers: Answers
    delay: int
    """Milliseconds."""
    count: int | None
    tell: Callable[[Arrival], None]
    begin: Callable[[str, Registered | None], None]
    """Called with the URL, once webhooks are taken there."""
    public_url: str | None
    """How it is called from elsewhere."""
    registration: Callable[[str], Registration] | None
    """Makes an endpoint of the URL that is listened at; None: there is none to be made."""


def run(asked: Asked) -> int:
    """Do it, on a loop of its own; see :func:`listen`."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(listen(asked))


async def listen(asked: Asked) -> int:
    """Listen until as many have come as were waited for, or until a signal comes.

    Returns:
        The exit code: 1 when something came that did not verify, or an endpoint was left behind.

    Raises:
        CannotListen: the address cannot be bound.
        Refused: the gateway makes no endpoint.
    """
    judge = Judge(asked.secrets, asked.form, "")
    listener = Listener(judge, asked.answers, SystemClock(), asked.tell, delay=asked.delay, count=asked.count)
    receiver = Receiver(listener.take, host=asked.host, port=asked.port)
    url = asked.public_url or f"{receiver.base}/"
    listener.use(Judge(asked.secrets, asked.form, url))
    loop = asyncio.get_running_loop()
    for each in _ENDS:
        loop.add_signal_handler(each, listener.over.set)
    await receiver.start()
    try:
        left = await _until_over(asked, listener, url)
    finally:
        await receiver.stop()
    return 1 if left or listener.unverified else 0


async def _until_over(asked: Asked, listener: Listener, url: str) -> bool:
    """Listen; returns whether an endpoint was left behind."""
    if asked.registration is None:
        asked.begin(url, None)
        await listener.over.wait()
        return False
    registration = asked.registration(url)
    # In threads: a gateway that is slow to answer is no reason to answer its webhooks late. A signal that comes
    # meanwhile is looked at when it is known what there is to undo.
    registered = await asyncio.to_thread(registration.make)
    try:
        listener.use(Judge((*asked.secrets, *registered.secrets), asked.form, url))
        asked.begin(url, registered)
        await listener.over.wait()
    finally:
        undone = await asyncio.to_thread(registration.undo, registered)
    return not undone
