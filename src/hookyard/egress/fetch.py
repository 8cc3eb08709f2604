"""Getting a small document that the configuration names, such as an issuer's keys."""

from typing import Final

import httpx

LARGEST: Final = 1 << 20
_TIMEOUT: Final = 10.0


async def fetch(url: str) -> bytes:
    """What is at a URL: no redirects, no proxies of the environment, and at most a MiB of it.

    The URL is the operator's own word, so it may lead anywhere, also into one's own network.

    Raises:
        OSError: it cannot be had, or is too large.
    """
    body = bytearray()
    try:
        async with (
            httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=_TIMEOUT) as client,
            client.stream("GET", url, headers={"Accept": "application/json"}) as answer,
        ):
            if answer.status_code != 200:  # noqa: PLR2004  OK
                msg = f"it answered {answer.status_code}"
                raise OSError(msg)
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) > LARGEST:
                    msg = f"it is larger than {LARGEST} bytes"
                    raise OSError(msg)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise OSError(f"{type(error).__name__}: {error}") from error
    return bytes(body)
