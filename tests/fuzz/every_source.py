"""A gateway with a source for every preset, and requests for them that are signed and then spoilt."""

from collections.abc import Iterator, Mapping
from functools import cache

import msgspec
from msgspec import Struct
from tests.unit.gateway.lab import Headers, House, Reply, config_of, house_of

from hookyard.config.model import (
    Config,
    Place,
    PluginScheme,
    PresetScheme,
    RouteSettings,
    Server,
    SignatureSettings,
    SourceSettings,
    TemplateScheme,
    TimestampSettings,
)
from hookyard.config.values import Secret
from hookyard.inbound import presets
from hookyard.inbound.scheme import Scheme, scheme_of
from hookyard.inbound.sending import signed
from hookyard.inbound.verifier import BadSignature, Pair

URL = "https://hooks.example.com"
TOPIC = "arn:aws:sns:eu-central-1:123456789012:builds"
_OF_THEIR_OWN: Mapping[str, PresetScheme] = {
    "aws-sns": PresetScheme(preset="aws-sns", topics=(TOPIC,)),
    "gitlab": PresetScheme(preset="gitlab", accept="either", until="2100-01-01T00:00:00Z"),
    "websub": PresetScheme(preset="websub", topics=("https://example.com/feed",)),
}
_TEMPLATE = TemplateScheme(
    signature=SignatureSettings(header="X-Sig", separator=",", part="v1"),
    content="{method}.{timestamp}.{id}.{body}",
    timestamp=TimestampSettings(part="t", unit="ms"),
    delivery=Place(query="id"),
    event=Place(json="$.type"),
)
_ROUTES = (
    RouteSettings(on="p*", if_="event.who.startsWith('A') || has(event.x)", run="hello/greet", with_={"name": "$.who"}),
    RouteSettings(on="c*", run="hello/greet", with_={"name": "$(headers['user-agent'] + source.event)"}),
    RouteSettings(on="[a-m]*", run="hello/look", with_="$.data"),
    RouteSettings(run="hello/look"),
)


class Sender(Struct, frozen=True, kw_only=True):
    """Who sends to one source."""

    source: str
    scheme: Scheme
    secret: str

    def request(self, body: bytes, event: str, delivery: str, now: int, content_type: bytes) -> "Sent":
        """A request as it would be sent."""
        headers = {b"content-type": content_type, b"user-agent": b"fuzz"}
        url = f"{URL}/hooks/{self.source}"
        try:
            made = signed(
                self.scheme, body, self.secret, event=event, delivery=delivery, now=now, url=url, headers=headers
            )
        except (BadSignature, msgspec.MsgspecError):  # what no sender could sign
            return Sent(headers=list(headers.items()), body=body)
        return Sent(headers=list(made.headers.items()), body=made.body, query=made.query)


class Sent(Struct, kw_only=True):
    """A request on its way."""

    headers: Headers
    body: bytes
    query: bytes = b""
    method: str = "POST"


@cache
def senders() -> dict[str, Sender]:
    """One for each source of :func:`house`."""
    found: dict[str, Sender] = {}
    for name, source, pair in _made():
        assert not isinstance(source.scheme, PluginScheme)
        found[name] = Sender(source=name, scheme=scheme_of(source.scheme), secret=pair.signing)
    return found


@cache
def house() -> House:
    """The gateway."""
    config = config_of()
    sources = {name: source for name, source, _ in _made()}
    server = Server(max_body=config.server.max_body, public_url=URL)
    return house_of(Config(server=server, sources=sources), fetch=_certificate)


async def _certificate(url: str) -> bytes:
    """What Amazon has published, as far as this test goes."""
    assert url.startswith("https://sns.eu-central-1.amazonaws.com/")
    return _certificates()


@cache
def _certificates() -> bytes:
    return next(pair.verifying for name, _, pair in _made() if name == "aws-sns").encode()


@cache
def _made() -> tuple[tuple[str, SourceSettings, Pair], ...]:
    return tuple(_each())


def _each() -> Iterator[tuple[str, SourceSettings, Pair]]:
    schemes: dict[str, PresetScheme | TemplateScheme] = {"template": _TEMPLATE}
    for name in presets.names():
        schemes[name] = _OF_THEIR_OWN.get(name) or msgspec.convert({"preset": name}, PresetScheme)
    for name, scheme in schemes.items():
        ready = scheme_of(scheme)
        pair: Pair = ready.verifier.pair()
        needs = ready.preset is None or ready.preset.needs_secrets
        source = SourceSettings(
            scheme=scheme,
            secrets=(Secret(pair.verifying),) if needs else (),
            routes=_ROUTES,
            take="all" if name < "m" else "first",
        )
        yield name, source, pair


def send(sent: Sent, source: str, *, pieces: bool = False) -> Reply:
    """Hand it to the gateway."""
    half = len(sent.body) // 2
    body = [sent.body[:half], sent.body[half:]] if pieces else sent.body
    return house().call(sent.method, f"/hooks/{source}", sent.headers, body, query=sent.query)
