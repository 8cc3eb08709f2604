"""Calls configured HTTP services: callers choose a target and what is below it, never where it is."""

import asyncio
from typing import Final

import httpx

from hookyard import Context, Plugin
from hookyard_http_request.answer import Answer, read, take
from hookyard_http_request.config import Config, SecretHeader, Target
from hookyard_http_request.sending import Call, Get, find, prepare, refusal
from hookyard_http_request.verdict import is_expected, unanswered, unexpected

__all__ = ["Answer", "Call", "Config", "Get", "SecretHeader", "Target", "call", "get", "plugin"]

_AN_HOUR: Final = 3600
_EXCERPT: Final = 2000

plugin = Plugin("http_request", config=Config, secrets=("*",))


# A target's own timeout ends a call, at the latest when this one does.
@plugin.command(read_only=True, idempotent=True, timeout=_AN_HOUR)
async def get(data: Get, ctx: Context[Config]) -> Answer:
    """Read from a configured service."""
    return await _call(data, ctx)


@plugin.command(timeout=_AN_HOUR)
async def call(data: Call, ctx: Context[Config]) -> Answer:
    """Call a configured service.

    A call that may have arrived is made again only where that does no harm: with GET, HEAD, PUT, DELETE and OPTIONS,
    or to a target that knows repeated calls by its idempotency header.
    """
    return await _call(data, ctx)


async def _call(data: Get, ctx: Context[Config]) -> Answer:
    target = find(ctx.config, data.target)
    secrets = {
        header: each.prefix + (await ctx.secrets.get(each.secret)).strip()
        for header, each in target.secret_headers.items()
    }
    outgoing = prepare(data, target, secrets, ctx.job.id)
    try:
        request = outgoing.of(ctx.http, target.timeout)
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        raise refusal(data, "path", f"no URL can be made of it: {error}") from error
    try:
        async with asyncio.timeout(target.timeout):
            response = await ctx.http.send(request, stream=True, follow_redirects=False)
            try:
                if not is_expected(response.status_code, data.expect or target.expect):
                    body = await read(response.aiter_bytes(_EXCERPT), _EXCERPT)
                    raise unexpected(data.target, outgoing.method, target, response, body)
                answer = await take(response, data.answer_headers, data.target, target, ctx)
            finally:
                await response.aclose()
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
        raise unanswered(data.target, outgoing.method, target, error) from error
    ctx.log.info("http.answered", target=data.target, status=answer.status, size=answer.size)
    return answer
