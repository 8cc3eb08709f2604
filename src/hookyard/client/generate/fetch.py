"""Asks a running gateway for its commands."""

from typing import Any

import httpx
import msgspec

from hookyard.client.generate.gateway import lock_of_gateway
from hookyard.errors import Refused
from hookyard.schema import Lock


def fetch(url: str, token: str | None) -> Lock:
    """The commands of a gateway.

    Args:
        url: where it is, without a path.
        token: sent as a bearer token, if there is one.

    Raises:
        Refused: it cannot be reached, or does not answer with its document.
        ConfigError: what answers is no Hookyard.
    """
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    place = f"{url.rstrip('/')}/openapi.json"
    try:
        answer = httpx.get(place, headers=headers, timeout=10)
        answer.raise_for_status()
        document = msgspec.json.decode(answer.content, type=dict[str, Any])
    except (httpx.HTTPError, httpx.InvalidURL, msgspec.DecodeError, RecursionError) as error:
        raise Refused("not_found", f"{place}: {error}") from error
    return lock_of_gateway(document, place)
