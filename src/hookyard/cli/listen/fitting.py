"""The configuration of an endpoint that fits a listener, for whoever has no endpoint yet."""

from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

import msgspec

_HTTP: Final = 80
_HTTPS: Final = 443


def fitting(url: str, secrets: Sequence[str], events: Sequence[str], form: str | None) -> Iterator[str]:
    """The lines of it as YAML, with what `outbound` must allow."""
    yield "endpoints:"
    yield "  listen:"
    yield f"    url: {url}"
    yield f"    secrets: {_flow(secrets)}"
    yield f"    events: {_flow(events)}"
    if form == "plain":
        yield "    signature: plain"
    elif form == "http":
        yield "    http_signature: true"
    target = urlsplit(url)
    plain = target.scheme == "http"
    port = target.port or (_HTTP if plain else _HTTPS)
    network = _network(target.hostname or "")
    if plain or port != _HTTPS or network:
        yield "outbound:"
    if plain:
        yield "  allow_http: true"
    if port != _HTTPS:
        yield f"  allow_ports: [{_HTTPS}, {port}]"
    if network:
        yield f"  allow_networks: [{_quoted(network)}]"


def _network(host: str) -> str | None:
    """What has to be allowed for an address that is not public."""
    try:
        address = ip_address(host)
    except ValueError:
        return None
    return None if address.is_global else f"{address}/{address.max_prefixlen}"


def _flow(values: Sequence[str]) -> str:
    return f"[{', '.join(map(_quoted, values))}]"


def _quoted(text: str) -> str:
    return msgspec.json.encode(text).decode()  # a JSON string is a YAML string
