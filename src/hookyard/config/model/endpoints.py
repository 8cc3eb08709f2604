"""Subscribers of outgoing webhooks."""

from collections.abc import Callable
from typing import Annotated, Literal

from msgspec import Meta, field

from hookyard.config.model.parts import END, MINUTE, Envelope, Header, Positive, Section, Tenant, Text
from hookyard.config.model.secrets import SecretSettings
from hookyard.config.values import Duration, Rate, Secret

_DAY = 86_400_000


def _by_default(length: int) -> Callable[[], Duration]:
    """So many milliseconds; by a function, since msgspec writes no default of this type into a JSON Schema."""
    return lambda: Duration(length)


class OrderSettings(Section, frozen=True, kw_only=True):
    """One after the other: what has the same key is sent in the order in which it happened."""

    by: Annotated[
        str,
        Meta(
            pattern=r"^(endpoint|job|command|\$\..+)" + END,
            description="endpoint, job, command or a path into the body such as $.data.payload.customer",
        ),
    ] = "endpoint"
    """What makes the key: nothing but the endpoint, the `job`, the `command`, or a path into the body such as
    `$.data.payload.customer`; what has nothing there is in no order."""
    head: Literal["wait", "pass"] = "wait"
    """While the first of an order fails: the others `wait` until it arrives or its schedule is used up, or they `pass`
    it once it has failed `attempts` times."""
    attempts: Positive | None = None
    """Of `pass`, and only there: after how many failures of the first; 3 if left out."""


class EndpointBreaker(Section, frozen=True, kw_only=True):
    """After how many failures in a row an endpoint is left alone, and for how long."""

    failures: Positive = 10
    """So many attempts in a row that failed, of whichever deliveries."""
    cooldown: Duration = field(default_factory=_by_default(30_000))
    """For so long nothing is sent; then one delivery is, and shows whether it goes on. Every time that one fails too it
    is twice as long."""
    longest: Duration = field(default_factory=_by_default(10 * MINUTE))
    """The longest that becomes."""


class TlsSettings(Section, frozen=True, kw_only=True):
    """How an endpoint is trusted, and trusts us; all as PEM, such as `file:/etc/hookyard/partner.pem`."""

    ca: Secret | None = None
    """Certificates of authorities that are trusted for this endpoint besides the usual ones."""
    cert: Secret | None = None
    """The certificate that is shown to the receiver (mTLS), with those between it and its authority; needs `key`."""
    key: Secret | None = None
    """Its private key, without a passphrase."""


class EndpointRules(Section, frozen=True, kw_only=True):
    """What of an endpoint may be shown to whoever may see it."""

    url: Text
    """Where events are sent; https unless `outbound.allow_http`."""
    description: Annotated[str, Meta(max_length=1000)] = ""
    """What it is for."""
    metadata: Annotated[
        dict[Annotated[str, Meta(min_length=1, max_length=64)], Annotated[str, Meta(max_length=500)]],
        Meta(max_length=50),
    ] = field(default_factory=dict[str, str])
    """One's own notes, by name."""
    events: Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=200)], ...], Meta(max_length=100)] = ("job.*",)
    """Which events, with globs: `job.succeeded`, `job.*`. Each of those that there is much of (`job.queued`,
    `job.started`, `job.progress`, `schedule.fired`) has to stand here by its very name."""
    commands: Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=200)], ...], Meta(max_length=100)] = ("*/*",)
    """Of which commands, with globs: `github_push/*`."""
    if_: Text | None = field(name="if", default=None)
    """A CEL expression that must be true too: of `type`, the event's, and `data`, its data."""
    signature: Literal["standard", "plain"] = "standard"
    """Standard Webhooks, or `X-Webhook-Signature: sha256=` with the event in `X-Webhook-Event` and the delivery's id in
    `X-Webhook-Delivery`."""
    http_signature: bool = False
    """Whether there is an RFC 9421 signature with a `Content-Digest` as well."""
    envelope: Envelope | None = None
    """What the body looks like: `type`, `timestamp` and `data`; CloudEvents 1.0 in its structured JSON form; or the
    `payload` that a command emitted and nothing round it, of Hookyard's own events the `data`, with the type in
    `X-Webhook-Event`. `outbound.envelope` if left out."""
    schedule: Annotated[tuple[Duration, ...], Meta(min_length=1, max_length=100)] | None = None
    """The wait before each attempt; `outbound.schedule` if left out."""
    jitter: Annotated[float, Meta(ge=0, le=1)] | None = None
    """The share of a wait by which it is drawn longer or shorter; `outbound.jitter` if left out."""
    timeout: Duration | None = None
    """How long one attempt may take in all; `outbound.timeout` if left out."""
    connect_timeout: Duration | None = None
    """How long connecting may take; `outbound.connect_timeout` if left out."""
    max_retry_after: Duration | None = None
    """The longest `Retry-After` that is honoured; `outbound.max_retry_after` if left out."""
    concurrency: Positive | None = None
    """Requests under way at once; `outbound.concurrency_per_endpoint` if left out."""
    rate: Rate | None = None
    """How many requests may be sent in how much time, such as `10/1s`; any number if left out. One every 100 ms in the
    long run, after a rest ten at once, and so in the worst second twenty."""
    order: OrderSettings | None = None
    """Whether deliveries go one after the other; if left out they do not wait for each other."""
    breaker: EndpointBreaker | Literal["off"] = field(default_factory=EndpointBreaker)
    """When it is left alone for a while, since it only fails."""
    disable_after: Duration = field(default_factory=_by_default(5 * _DAY))
    """After how long a time in which every attempt failed, three at least, it is disabled; `0s`: never."""
    enabled: bool = True
    """A disabled endpoint gets nothing new; what is pending for it waits."""


class EndpointSettings(EndpointRules, frozen=True, kw_only=True):
    """A subscriber's URL for outgoing webhooks."""

    secrets: Annotated[tuple[Secret | SecretSettings, ...], Meta(min_length=1)]
    """Standard Webhooks secrets: a `whsec_` signs `v1`, a `whsk_`, which is a private Ed25519 key, signs `v1a`. Every
    one of them signs."""
    headers: dict[Header, Secret] = field(default_factory=dict[str, Secret])
    """Headers that every request has besides; never `webhook-*`, `host` and what is about the connection."""
    tls: TlsSettings | None = None
    """Certificates of its own."""
    tenant: Tenant = ""
    """Whose events it is told; those of all tenants, and of none, if left out."""
    allow_networks: tuple[str, ...] = ()
    """CIDRs that this endpoint may be in although they are not public; besides `outbound.allow_networks`."""
