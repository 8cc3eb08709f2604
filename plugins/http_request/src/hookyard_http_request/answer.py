"""What came back: within bounds, in the result or as an artifact."""

from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

import httpx
import msgspec
from msgspec import Meta, Struct

from hookyard import CommandError, Context
from hookyard_http_request.config import Config, Target

_ARTIFACT: Final = "body"


class Answer(Struct, kw_only=True):
    """What a service answered."""

    status: int
    headers: Annotated[dict[str, str], Meta(description="Those asked for that were there, by lower-case name.")]
    size: Annotated[int, Meta(description="Bytes of the body.")]
    media_type: Annotated[str, Meta(description="Of the body, without parameters; empty when it was not said.")]
    json: Annotated[Any, Meta(description="The body, when it is JSON.")] = None
    text: Annotated[str | None, Meta(description="The body, when it is other text.")] = None
    artifact: Annotated[
        str | None, Meta(description="The job's artifact that holds the body, when it is large or no text.")
    ] = None


async def take(
    response: httpx.Response, wanted: tuple[str, ...], name: str, target: Target, ctx: Context[Config]
) -> Answer:
    """Read an answer.

    Raises:
        CommandError: it is larger than the target's may be.
    """
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    answer = Answer(
        status=response.status_code,
        headers={each.lower(): response.headers[each] for each in wanted if each in response.headers},
        size=0,
        media_type=media_type,
    )
    pieces = response.aiter_bytes(65_536)
    head = await read(pieces, target.max_body + 1)
    answer.size = len(head)
    if answer.size <= target.max_body and (not head or _is_text(media_type)):
        _decode(head, response, answer)
        return answer
    answer.artifact = _ARTIFACT
    async with ctx.artifacts.open(_ARTIFACT, media_type or "application/octet-stream") as sink:
        await sink.write(head)
        async for piece in pieces:
            answer.size += len(piece)
            if answer.size > target.max_artifact:
                msg = f"target {name!r}: it answered with more than {target.max_artifact} bytes"
                raise CommandError(msg, code="too_large", retryable=False)
            await sink.write(piece)
    return answer


async def read(pieces: AsyncIterator[bytes], size: int) -> bytes:
    """What comes until there are so many bytes, or a piece more."""
    found = bytearray()
    async for piece in pieces:
        found += piece
        if len(found) >= size:
            break
    return bytes(found)


def _is_text(media_type: str) -> bool:
    kind, _, rest = media_type.partition("/")
    suffix = rest.rpartition("+")[2]
    return kind == "text" or suffix in {"json", "xml", "x-www-form-urlencoded", "yaml", "javascript", "x-ndjson"}


def _decode(body: bytes, response: httpx.Response, answer: Answer) -> None:
    if answer.media_type.rpartition("/")[2].rpartition("+")[2] == "json" and body:
        try:
            answer.json = msgspec.json.decode(body)
        except msgspec.DecodeError:
            pass  # then it is text that calls itself JSON
        else:
            return
    try:
        answer.text = body.decode(response.charset_encoding or "utf-8", "replace")
    except LookupError:  # no codec of that name
        answer.text = body.decode("utf-8", "replace")
