"""Webhooks as their senders make them: signed, and handed to the gateway without a socket."""

import hmac
import json
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias, cast, get_args

import msgspec
from msgspec import Struct

from hookyard.clock import rfc3339
from hookyard.config.model import (
    PluginScheme,
    PresetName,
    PresetScheme,
    RouteSettings,
    SourceSettings,
    TemplateScheme,
)
from hookyard.config.values import Secret
from hookyard.inbound import own
from hookyard.inbound.scheme import Scheme, scheme_of
from hookyard.inbound.sending import signed
from hookyard.model import Job, JobStatus
from hookyard.webhook_secret import secret_key

SECRET: Final = "whsec_" + b64encode(b"only good for tests, and for all of them").decode()
"""What webhooks are signed with where the test does not say."""

AnyScheme: TypeAlias = PresetName | PresetScheme | TemplateScheme | PluginScheme
"""As a source of the configuration has it."""


App: TypeAlias = Callable[[Any, Any, Any], Awaitable[None]]
"""An ASGI application."""


class WebhookAnswer(Struct, frozen=True):
    """What the sender of a webhook is answered, and what became of it."""

    status: int
    """HTTP status."""
    body: bytes
    job: Job | None
    """The job, which has ended; None when there was none, because it was refused or ignored."""

    @property
    def json(self) -> Any:  # noqa: ANN401  JSON
        """The body."""
        return json.loads(self.body)


def scheme_named(source: str) -> AnyScheme:
    """How a source of this name signs, where the test does not say.

    Raises:
        LookupError: that cannot be known.
    """
    known = get_args(get_args(PresetName)[0])
    if source in known:
        return cast("PresetName", source)
    if source == own.plugin.name:
        return PluginScheme(plugin=own.plugin.name)
    msg = f"how {source!r} signs is not known; give scheme=, such as the name of a preset or a TemplateScheme"
    raise LookupError(msg)


def source_of(scheme: AnyScheme, secret: str, routes: tuple[RouteSettings, ...]) -> SourceSettings:
    """The source as a configuration would have it."""
    return SourceSettings(scheme=scheme, secrets=(Secret(secret),), routes=routes)


def content_of(body: object) -> bytes:
    """What is sent: bytes and text as they are, all else as JSON."""
    if isinstance(body, str):
        return body.encode()
    return body if isinstance(body, bytes) else msgspec.json.encode(body)


class Sending(Struct, frozen=True, kw_only=True):
    """One webhook on its way."""

    scheme: AnyScheme
    """How it is signed."""
    secret: str
    event: str
    delivery: str
    """The sender's id of it."""
    now: int
    """Milliseconds UTC, of sending."""

    def request(self, body: object) -> tuple[dict[str, str], bytes]:
        """The headers, the signature among them, and what is sent.

        Raises:
            SchemeError: the scheme contradicts itself.
        """
        if not isinstance(self.scheme, PluginScheme):
            return self._signed(scheme_of(self.scheme), content_of(body))
        if self.scheme.plugin == own.plugin.name:
            return self._standard(body)
        return {}, content_of(body)  # only the plugin knows how

    def _signed(self, scheme: Scheme, body: bytes) -> tuple[dict[str, str], bytes]:
        sent = signed(scheme, body, self.secret, event=self.event, delivery=self.delivery, now=self.now)
        return {name.decode(): value.decode("latin-1") for name, value in sent.headers.items()}, sent.body

    def _standard(self, body: object) -> tuple[dict[str, str], bytes]:
        data = msgspec.Raw(body) if isinstance(body, (bytes, str)) else body
        content = msgspec.json.encode({"type": self.event, "timestamp": rfc3339(self.now), "data": data})
        seconds = str(self.now // 1000)
        digest = hmac.digest(secret_key(self.secret), f"{self.delivery}.{seconds}.".encode() + content, "sha256")
        headers = {
            "webhook-id": self.delivery,
            "webhook-timestamp": seconds,
            "webhook-signature": f"v1,{b64encode(digest).decode()}",
        }
        return headers, content


def job_of(answer: bytes) -> str | None:
    """The id of the job that an answer speaks of, if it does."""

    class Stored(Struct):
        job_id: str | None = None
        status: str | int = ""

    found = msgspec.json.decode(answer, type=Stored)
    return found.job_id if found.status in get_args(JobStatus) else None


async def post(app: App, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
    """Hand a request to an ASGI application; returns the status and the body of its answer."""
    asked = False
    status, answer = 0, b""
    named = {name.lower(): value for name, value in headers.items()} | {"content-length": str(len(body))}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in named.items()],
        "client": ("192.0.2.1", 1),  # of the addresses that are for documentation (RFC 5737)
        "server": ("localhost", 80),
    }

    async def receive() -> dict[str, object]:
        nonlocal asked
        if asked:
            return {"type": "http.disconnect"}
        asked = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status, answer
        if message["type"] == "http.response.start":
            status = message["status"]
        elif message["type"] == "http.response.body":
            answer += message["body"]

    await app(scope, receive, send)
    return status, answer
