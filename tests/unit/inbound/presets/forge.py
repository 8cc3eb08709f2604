"""Requests of every preset: signed by its own verifier, and then spoilt in every way that a stranger could."""

import re
from functools import cache
from typing import Final

import msgspec
from msgspec import Struct

from hookyard.config.model import PresetScheme, ReadingSettings, TemplateScheme
from hookyard.inbound import verifiers
from hookyard.inbound.places import InPart, compile_places
from hookyard.inbound.preset import Preset
from hookyard.inbound.presets import load, names
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.template import compile_template
from hookyard.inbound.verifier import BadSignature, Fetching, Key, Pair, Step, Verifier

NOW: Final = 1_700_000_000_000
URL: Final = "https://hooks.example.com/hooks/source"
BODY: Final = '{"hello":"wörld","list":[1,2,{"three":null}]}'.encode()
TOPIC: Final = "arn:aws:sns:eu-central-1:123456789012:builds"

VARIANTS: Final[dict[str, dict[str, PresetScheme]]] = {
    "aws-sns": {"": PresetScheme(preset="aws-sns", topics=(TOPIC,))},
    "azure-devops": {
        "": PresetScheme(preset="azure-devops"),
        "header": PresetScheme(preset="azure-devops", header="X-Key"),
    },
    "azure-event-grid": {
        "": PresetScheme(preset="azure-event-grid"),
        "header": PresetScheme(preset="azure-event-grid", header="X-Key"),
    },
    "gitlab": {
        "": PresetScheme(preset="gitlab"),
        "token": PresetScheme(preset="gitlab", accept="token"),
        "either": PresetScheme(preset="gitlab", accept="either", until="2030-01-01T00:00:00Z"),
    },
    "standard-webhooks": {
        "": PresetScheme(preset="standard-webhooks"),
        "svix": PresetScheme(preset="standard-webhooks", prefix="svix"),
    },
    "websub": {"": PresetScheme(preset="websub", topics=("https://example.com/feed",))},
}
"""Settings of those that have some; the name of each is part of the test's."""
UNSIGNED: Final = {
    "azure-devops",
    "azure-devops-header",
    "azure-event-grid",
    "azure-event-grid-header",
    "cloudevents",
    "docker-hub",
    "gitlab-token",
    "microsoft-graph",
}
"""Those that only send a secret along: nobody can tell whether the body is the sender's."""
TOLERANCES: Final = {
    "aws-sns": 3_600_000, "gitlab": 300_000, "gitlab-either": 300_000, "rfc9421": 300_000,
    "standard-webhooks": 300_000, "standard-webhooks-svix": 300_000,
}  # fmt: skip
"""Milliseconds, of those that are classes; templates say it themselves."""
_SAYING: Final = re.compile(rb"content-type|ce-.*|x-amz-sns-message-id")


class Case(Struct, frozen=True, kw_only=True):
    """One preset with settings, its verifier, and two secrets."""

    name: str
    preset: Preset
    verifier: Verifier
    pair: Pair
    other: Pair

    @property
    def template(self) -> TemplateScheme | None:
        return self.preset.template

    @property
    def signs_body(self) -> bool:
        return self.name not in UNSIGNED

    @property
    def tolerance(self) -> int | None:
        """Milliseconds; None when its sender does not say when it sent."""
        if self.template is not None:
            return None if self.template.timestamp is None else int(self.template.timestamp.tolerance)
        return TOLERANCES.get(self.name)

    def key(self, pair: Pair | None = None, number: int = 0) -> Key:
        return Key(material=self.verifier.load((pair or self.pair).verifying), number=number)

    def unsigned(self, body: bytes = BODY, now: int = NOW) -> InboundRequest:
        """A request with everything but a signature."""
        request = InboundRequest(headers={b"content-type": b"application/json"}, body=body, now=now, url=URL)
        settings: ReadingSettings = self.template or self.preset.reading
        signature = None if self.template is None else self.template.signature
        for place, value in ((settings.event, "push"), (settings.delivery, "delivery-1")):
            made = compile_places(place, signature)
            if made is not None and not isinstance(made, InPart):
                request = made.put(request, value)
        return request

    def signed(self, body: bytes = BODY, now: int = NOW, pair: Pair | None = None) -> InboundRequest:
        """The request as its sender would have sent it."""
        return self.verifier.sign(self.unsigned(body, now), (pair or self.pair).signing)

    @property
    def good(self) -> InboundRequest:
        """Such a request, the same one every time: not every signature is made the same way twice."""
        return _good(self.name)

    def carriers(self) -> list[bytes]:
        """The headers that signing adds, but for those that say what the body is."""
        before, after = self.unsigned().headers, self.good.headers
        return sorted(name for name in after if after[name] != before.get(name) and not _SAYING.match(name))

    def may_be_good(self, name: bytes, value: bytes) -> bool:
        """Whether a header's value holds the genuine signature, perhaps among others and without its padding."""
        genuine = self.good.headers[name].lower()
        if name.endswith(b"-signature"):
            genuine = re.split(rb"[,=](?=[^,=]{16,}=*$)", genuine)[-1]
        return genuine.rstrip(b"=") in value.lower()

    def parameter(self) -> str | None:
        """The parameter of the query that signing adds."""
        query = self.good.query.decode()
        return query.rpartition("&")[2].partition("=")[0] or None

    def verify(self, request: InboundRequest, *keys: Key) -> Key:
        """Verify with these keys, or the right one; a sender's certificate is given, not fetched."""
        given = keys or (self.key(),)
        if isinstance(self.verifier, Fetching):
            assert self.verifier.needs(request) is None
        return self.verifier.verify(request, given)

    def step(self, request: InboundRequest, *keys: Key) -> Step | None:
        """The step at which it ends; None when it is found good. Any other exception is a defect, and goes through."""
        try:
            self.verify(request, *keys)
        except BadSignature as error:
            return error.step
        return None


@cache
def case(identity: str) -> Case:
    """A preset by its name, or by name and variant, as :func:`identities` has them."""
    name = next(name for name in sorted(names(), key=len, reverse=True) if identity.startswith(name))
    preset = load(name)
    settings = VARIANTS.get(name, {}).get(identity[len(name) + 1 :])
    if preset.template is not None:
        verifier: Verifier = compile_template(preset.template)
    else:
        given = settings or msgspec.convert({"preset": name}, PresetScheme)
        verifier = verifiers.build(preset.verifier or "", given, tolerance=None)
    return Case(name=identity, preset=preset, verifier=verifier, pair=verifier.pair(), other=verifier.pair())


@cache
def _good(identity: str) -> InboundRequest:
    return case(identity).signed()


def identities() -> list[str]:
    """Every preset, and every variant of those with settings."""
    return [f"{name}-{variant}" if variant else name for name in names() for variant in VARIANTS.get(name, {"": None})]


def with_header(request: InboundRequest, name: bytes, value: bytes | None) -> InboundRequest:
    """The request with another value in a header; None takes it away."""
    headers = {key: one for key, one in request.headers.items() if key != name}
    return msgspec.structs.replace(request, headers=headers if value is None else {**headers, name: value})


def repeated(request: InboundRequest, name: bytes) -> InboundRequest:
    """The request with a header that came twice, as the server hands it on."""
    value = request.headers[name]
    headers = {**request.headers, name: value + b", " + value}
    return msgspec.structs.replace(request, headers=headers, repeated=frozenset({name}))


def flipped(data: bytes, bit: int) -> bytes:
    """The same with one bit the other way."""
    at = bit % (8 * len(data))
    return data[: at // 8] + bytes([data[at // 8] ^ (1 << at % 8)]) + data[at // 8 + 1 :]
