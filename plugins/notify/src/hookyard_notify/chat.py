"""One message to one chat, over HTTP."""

import asyncio
import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final, cast
from urllib.parse import quote

import httpx
import msgspec

from hookyard import CommandError, Context, RetryLater
from hookyard_notify.config import Chat, Config
from hookyard_notify.providers import PROVIDERS, Body

_EXCERPT: Final = 300
_LARGEST: Final = 65_536
_USUAL_WAIT: Final = 30.0
_LONGEST_WAIT: Final = 3600.0


async def post(name: str, chat: Chat, text: str, ctx: Context[Config]) -> int:
    """Send a text that fits; returns the status.

    Raises:
        CommandError: the chat did not take it.
        RetryLater: it takes it later.
    """
    request = await _request(name, chat, PROVIDERS[chat.kind].body(text, chat.username), ctx)
    try:
        async with asyncio.timeout(chat.timeout):
            response = await ctx.http.send(request, stream=True, follow_redirects=False)
            try:
                body = await _read(response)
            finally:
                await response.aclose()
    except (TimeoutError, httpx.TimeoutException) as error:
        msg = f"chat {name!r}: {chat.kind} did not answer within {chat.timeout:g} s"
        raise CommandError(msg, code="timeout") from error
    except httpx.HTTPError as error:
        # The name of the error only: its text could have the URL, which is a secret.
        msg = f"chat {name!r}: {chat.kind} cannot be reached: {type(error).__name__}"
        raise CommandError(msg, code="unreachable") from error
    _judge(name, chat, response, body)
    return response.status_code


async def _request(name: str, chat: Chat, body: Body, ctx: Context[Config]) -> httpx.Request:
    timeout = httpx.Timeout(chat.timeout)
    if chat.kind == "matrix":
        token = (await ctx.secrets.get(chat.token_secret or "")).strip()
        # The job's id makes a repeated attempt the same message.
        room = quote(chat.room or "", safe="")
        path = f"/_matrix/client/v3/rooms/{room}/send/m.room.message/{ctx.job.id}"
        url = (chat.url or "").rstrip("/") + path
        headers = {"authorization": f"Bearer {token}"}
        return ctx.http.build_request("PUT", url, json=body, headers=headers, timeout=timeout)
    url = (await ctx.secrets.get(chat.url_secret or "")).strip()
    try:
        request = ctx.http.build_request("POST", url, json=body, timeout=timeout)
    except (httpx.InvalidURL, UnicodeError, ValueError):
        raise _no_url(name, chat) from None
    if request.url.scheme not in {"https", "http"} or not request.url.host:
        raise _no_url(name, chat)
    return request


def _no_url(name: str, chat: Chat) -> CommandError:
    msg = f"chat {name!r}: the secret {chat.url_secret!r} holds no https URL"
    return CommandError(msg, code="configuration", retryable=False)


async def _read(response: httpx.Response) -> bytes:
    found = bytearray()
    async for piece in response.aiter_bytes(_LARGEST):
        found += piece
        if len(found) >= _LARGEST:
            break
    return bytes(found)


def _judge(name: str, chat: Chat, response: httpx.Response, body: bytes) -> None:
    """Raise what an answer means that is not a success.

    Raises:
        CommandError: it was refused.
        RetryLater: there were too many messages.
    """
    status = response.status_code
    answer = _object(body)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise RetryLater(_wait(response.headers.get("retry-after"), answer), f"chat {name!r}: {chat.kind} is busy")
    # Rocket.Chat says some refusals with 200.
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES and answer.get("success") is not False:
        return
    excerpt = " ".join(body[:_EXCERPT].decode("utf-8", "replace").split())
    raise CommandError(
        f"chat {name!r}: {chat.kind} answered {status}" + (f": {excerpt}" if excerpt else ""),
        code="refused",
        retryable=status >= HTTPStatus.INTERNAL_SERVER_ERROR,
        details={"chat": name, "status": status},
    )


def _object(body: bytes) -> Mapping[str, object]:
    try:
        found: object = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return {}
    return cast("dict[str, object]", found) if isinstance(found, dict) else {}


def _wait(header: str | None, answer: Mapping[str, object]) -> float:
    """Seconds: Discord says them in its answer too, with fractions, and Matrix in milliseconds."""
    millis = answer.get("retry_after_ms")
    given = millis / 1000 if isinstance(millis, (int, float)) else answer.get("retry_after", header)
    try:
        seconds = float(given) if isinstance(given, (int, float, str)) else _USUAL_WAIT
    except ValueError:
        return _USUAL_WAIT
    return min(max(seconds, 0.0), _LONGEST_WAIT) if math.isfinite(seconds) else _USUAL_WAIT
