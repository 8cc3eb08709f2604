"""How endpoints are shown: everything but their secrets, the values of their headers and their keys."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Annotated, Final, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import asdict

from hookyard.clock import rfc3339
from hookyard.config.endpoints.spec import rules_of
from hookyard.config.model import EndpointRules
from hookyard.config.values import Duration, Rate
from hookyard.gateway.answer import Answer, Headers, json_answer
from hookyard.gateway.deliveries.views import host_of
from hookyard.gateway.endpoints.tls import TlsView, tls_view
from hookyard.model import DisabledReason, Endpoint
from hookyard.outbound.endpoints import Entry
from hookyard.outbound.endpoints.private import KeptSecret
from hookyard.webhook_secret import PRIVATE

EndpointState = Literal["live", "faulty", "disabled", "off"]
_UNREADABLE: Final = EndpointRules(url="unreadable", enabled=False)
"""Stands for settings that this version does not understand."""


class EndpointListQuery(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What `GET /api/v1/endpoints` can be asked; what is left out does not matter."""

    state: EndpointState | None = None
    failing: bool = False
    """Only those whose last attempt failed, or that have dead letters of the last day."""
    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    cursor: str | None = None
    """The `next` of an earlier page."""


class EndpointSecretView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A secret of an endpoint; what it is shows nowhere."""

    kind: Literal["v1", "v1a"]
    """What it signs: `v1` is HMAC-SHA256, `v1a` Ed25519."""
    id: str
    """The first eight hexadecimal digits of its SHA-256."""
    created_at: str | UnsetType = UNSET
    until: str | UnsetType = UNSET
    """When it stops signing: the old one of a rotation."""
    expired: bool = False


class PublicKeyView(Struct, frozen=True, kw_only=True):
    """The public half of a key that signs `v1a`."""

    kid: str
    """Its thumbprint (RFC 7638)."""
    public_key: str
    """`whpk_` and base64."""
    url: str
    """Where anybody can get it; without a host when `server.public_url` is not set."""


class DisabledView(Struct, frozen=True, kw_only=True):
    """Since when an endpoint gets nothing, though its settings say otherwise."""

    at: str
    reason: DisabledReason


class EndpointView(EndpointRules, frozen=True, kw_only=True):
    """An endpoint."""

    name: str
    origin: Literal["config", "http"]
    """`config` is changed in the configuration only; it can be enabled and disabled."""
    state: EndpointState
    """`off` by its settings (`enabled`); `disabled` by somebody, by its receiver, or because it only failed; `faulty`
    because of its `problem`."""
    tenant: str
    """Whose events it is told; empty: everybody's."""
    created_at: str
    created_by: str
    """The principal that made it; `config` for the configuration."""
    updated_at: str
    disabled: DisabledView | UnsetType = UNSET
    failing_since: str | UnsetType = UNSET
    """When the first attempt failed after the last that did not."""
    dead_letter_at: str | UnsetType = UNSET
    """When a delivery to it failed for good the last time, if that is less than a day ago; left out once it is sent
    again or purged."""
    secrets: list[EndpointSecretView]
    public_keys: list[PublicKeyView]
    header_names: list[str]
    tls: TlsView | UnsetType = UNSET
    warning: str | UnsetType = UNSET
    """What is to be mended, though it is sent to: the configuration has another of its name, its `if` fails, or its
    `events` have what is nearly an event that a plugin declares."""
    problem: str | UnsetType = UNSET
    """Why nothing can be sent to it."""


class NewEndpointView(EndpointView, frozen=True, kw_only=True):
    """An endpoint whose secrets were just made."""

    new_secrets: list[str]
    """The shared secrets that were made. They are shown this once; of a key pair only the public half ever is."""
    duplicate: bool | UnsetType = UNSET
    """True when it was made before for the same `Idempotency-Key`: then no secret is shown."""


class EndpointPage(Struct, frozen=True):
    """Endpoints, by name."""

    endpoints: list[EndpointView]
    next: str | None
    """The cursor of the next page; null on the last."""


def state_of(entry: Entry) -> EndpointState:
    """How it is, in one word; a fault shows when it is neither off nor disabled."""
    if entry.settings is not None and not entry.settings.enabled:
        return "off"
    if entry.row.disabled_at is not None:
        return "disabled"
    return "live" if entry.problem is None else "faulty"


def view_of(
    entry: Entry,
    now: int,
    base: str,
    *,
    dead_letter_at: int | None = None,
    warning: str | UnsetType = UNSET,
) -> EndpointView:
    """Show one.

    Args:
        entry: which.
        now: milliseconds UTC.
        base: what stands before `/keys/` in the URL of a public key.
        dead_letter_at: when its last dead letter of the last day came to be.
        warning: what is to be mended, though it is sent to.
    """
    row, settings = entry.row, entry.settings
    return EndpointView(
        **asdict(_UNREADABLE if settings is None else rules_of(settings)),
        name=row.name,
        origin=row.origin,
        state=state_of(entry),
        tenant=row.tenant,
        created_at=rfc3339(row.created_at),
        created_by=row.created_by,
        updated_at=rfc3339(row.updated_at),
        disabled=disabled_view(row),
        failing_since=_time(row.failing_since),
        dead_letter_at=_time(dead_letter_at),
        secrets=[_secret_view(secret, now) for secret in entry.secrets],
        public_keys=[
            PublicKeyView(kid=key.kid, public_key=key.text, url=f"{base}/keys/{key.kid}") for key in entry.public_keys
        ],
        header_names=sorted(entry.header_names),
        tls=tls_view(entry.identity),
        problem=entry.problem or UNSET,
        warning=warning,
    )


def disabled_view(row: Endpoint) -> DisabledView | UnsetType:
    """Since when it gets nothing, and why."""
    if row.disabled_at is None:
        return UNSET
    return DisabledView(at=rfc3339(row.disabled_at), reason=row.disabled_reason or "user")


def new_view(view: EndpointView, secrets: Sequence[str], *, duplicate: bool = False) -> NewEndpointView:
    """Show one with the secrets that were just made for it."""
    return NewEndpointView(new_secrets=list(secrets), duplicate=duplicate or UNSET, **asdict(view))


def shown(value: Struct, status: int = 200, headers: Headers | None = None) -> Answer:
    """Answer with what has lengths of time and rates in it, which are written as in YAML."""
    return json_answer(_encode(value), status, headers)


def origin_of(entry: Entry) -> str:
    """The scheme and the host of its URL: the rest may hold a token."""
    return "" if entry.settings is None else host_of(entry.settings.url)


def _secret_view(secret: KeptSecret, now: int) -> EndpointSecretView:
    return EndpointSecretView(
        kind="v1a" if secret.value.startswith(PRIVATE) else "v1",
        id=sha256(secret.value.encode()).hexdigest()[:8],
        created_at=_time(secret.created_at),
        until=_time(secret.until),
        expired=_over(secret, now),
    )


def _over(secret: KeptSecret, now: int) -> bool:
    return secret.until is not None and secret.until <= now


def _time(millis: int | None) -> str | UnsetType:
    return UNSET if millis is None else rfc3339(millis)


def _text(value: object) -> object:
    if isinstance(value, Duration | Rate):
        return value.text
    raise NotImplementedError


_encode: Final = msgspec.json.Encoder(enc_hook=_text).encode
