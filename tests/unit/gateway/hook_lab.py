"""What the tests of the way in share: sources, and requests signed for them or not quite."""

import hmac
import re
from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace
from tests.unit.gateway.lab import CAP, JSON, SECRET, Headers, House, Reply, config_of, house_of

from hookyard.config.model import Config, LimitSettings, RouteSettings, Server, SourceSettings
from hookyard.config.values import Secret, Size

PUSH = b'{"who": "Ada"}'
ROUTES = (
    RouteSettings(on="push", run="hello/greet", with_={"name": "$.who"}, priority=5),
    RouteSettings(on="star", run="hello/greet"),
)
_IDS = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")


def signed(body: bytes, event: str = "push", delivery: str = "d-1", secret: str = SECRET) -> Headers:
    """GitHub's headers."""
    digest = hmac.digest(secret.encode(), body, "sha256").hex().encode()
    return [
        (b"x-github-event", event.encode()),
        (b"x-github-delivery", delivery.encode()),
        (b"x-hub-signature-256", b"sha256=" + digest),
        JSON,
    ]


def hook(house: House, body: bytes | Iterable[bytes], headers: Headers, source: str = "hub") -> Reply:
    """One webhook."""
    return house.call("POST", f"/hooks/{source}", headers, body)


def push(house: House, who: str = "Ada", delivery: str = "d-1", source: str = "hub", event: str = "push") -> Reply:
    """A push that is signed as it must be."""
    body = b'{"who": "%s"}' % who.encode()
    return hook(house, body, signed(body, event, delivery), source)


def github(routes: tuple[RouteSettings, ...] = ROUTES, **settings: Any) -> SourceSettings:  # noqa: ANN401  any of its fields
    """A source of GitHub's."""
    return replace(SourceSettings(scheme="github", secrets=(Secret(SECRET),), routes=routes), **settings)


def config_with(
    sources: dict[str, SourceSettings], *, limits: LimitSettings | None = None, proxies: tuple[str, ...] = ()
) -> Config:
    """The usual configuration with these sources."""
    usual = config_of()
    server = Server(max_body=Size(CAP), trusted_proxies=proxies)
    return replace(usual, server=server, sources=sources, limits=limits or usual.limits)


def hub_of(*, lean: bool = True, **settings: Any) -> House:  # noqa: ANN401  likewise
    """A gateway with one source of GitHub's, `hub`."""
    return house_of(config_with({"hub": github(**settings)}), lean=lean)


def shown(reply: Reply) -> tuple[int, dict[bytes, bytes], bytes, int]:
    """A response with every id alike, and how much of the request had not been read by then."""
    headers = {name: _IDS.sub(b"ID", value) for name, value in reply.headers}
    return reply.status, headers, _IDS.sub(b"ID", reply.body), reply.unread
