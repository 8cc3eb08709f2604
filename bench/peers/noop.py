"""The bare no-op: reads the body, answers 202 with the bytes of an ordinary answer, and keeps nothing."""

import gc
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]

BODY = b'{"job_id":"01900000-0000-7000-8000-000000000000","status":"queued","plugin":"bench","command":"echo"}'
START: Message = {
    "type": "http.response.start",
    "status": 202,
    "headers": [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(BODY)).encode()),
    ],
}
END: Message = {"type": "http.response.body", "body": BODY}


async def app(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    await send(START)
    await send(END)


# As Hookyard does after its start.
gc.collect()
gc.freeze()
