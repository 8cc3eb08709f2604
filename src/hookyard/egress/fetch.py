"""Getting a small document that the configuration or a sender names, such as an issuer's keys."""

import asyncio
from typing import Final

import httpx

from hookyard.errors import EgressDenied

LARGEST: Final = 1 << 20
PATIENCE: Final = 10.0
"""Seconds, for all of it."""


async def fetch(url: str) -> bytes:
    """What is at a URL: no redirects, no proxies of the environment, and at most a MiB of it.

    The URL is the operator's own word, so it may lead anywhere, also into one's own network.

    Raises:
        OSError: it cannot be had, or is too large.
    """
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as client:
        return await read(client, url, {"Accept": "application/json"}, patience=PATIENCE)


async def read(client: httpx.AsyncClient, url: str, headers: dict[str, str] | None = None, *, patience: float) -> bytes:
    """What a client finds at a URL, without following redirects: at most a MiB.

    Args:
        client: guarded, where the URL is a stranger's word.
        url: where to look.
        headers: of the request.
        patience: seconds, for all of it.

    Raises:
        OSError: it cannot be had, may not be asked for, or is too large.
    """
    body = bytearray()
    try:
        async with (
            # The client's own limit is for each piece: one byte now and then would keep it waiting for hours.
            asyncio.timeout(patience),
            client.stream("GET", url, headers=headers, follow_redirects=False) as answer,
        ):
            if answer.status_code != 200:  # noqa: PLR2004  OK
                msg = f"it answered {answer.status_code}"
                raise OSError(msg)
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) > LARGEST:
                    msg = f"it is larger than {LARGEST} bytes"
                    raise OSError(msg)
    except TimeoutError as error:
        msg = f"it took longer than {patience:g} s"
        raise OSError(msg) from error
    except EgressDenied as error:
        raise OSError(str(error).removeprefix("the plugin ")) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise OSError(f"{type(error).__name__}: {error}") from error
    return bytes(body)
