"""Sources, and the events that came in by them, as callers see them. No secret is among it."""

from collections.abc import Container, Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from hookyard.clock import rfc3339
from hookyard.inbound.decoding import NO_JSON
from hookyard.inbound.source import Source
from hookyard.model import Inbound, Job


class SecretView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One secret of a source; what it is shows nowhere."""

    number: int
    """Its place in the configuration, from 0."""
    id: str | UnsetType = UNSET
    until: str | UnsetType = UNSET
    """When it stops being good."""
    expired: bool = False


class SourceRoute(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One route of a source."""

    on: tuple[str, ...]
    condition: str | UnsetType = UNSET
    """Its `if`."""
    command: str
    """`plugin/command`."""
    available: bool
    """Whether the command's plugin runs; where it does not, its events are answered 503."""


class SourceView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One source."""

    source: str
    url: str
    """Where its sender is to send; without a host when `server.public_url` is not set."""
    scheme: str
    """The preset's name, `template`, or `plugin:<name>`."""
    sure: str | UnsetType = UNSET
    """How sure the preset is: `vectors`, `documentation` or `second-hand`."""
    secrets: tuple[SecretView, ...] = ()
    routes: tuple[SourceRoute, ...]
    take: Literal["first", "all"]
    dedupe_seconds: float
    """For how long a delivery id stands for the same job."""
    rate: str | UnsetType = UNSET


class SourceList(Struct, frozen=True, kw_only=True):
    """All sources, by name."""

    sources: list[SourceView]


class ForgetAsk(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which delivery is to be taken again when it comes again."""

    delivery: Annotated[str, Meta(min_length=1, max_length=255)]
    """The sender's id of it."""


class Forgot(Struct, frozen=True, kw_only=True):
    """What was forgotten."""

    forgotten: int
    """How many idempotency keys: none when the delivery was not known."""


class InboundView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a sender sent that a job came of."""

    job_id: str
    source: str
    event: str
    delivery: str
    headers: Mapping[str, str] | UnsetType = UNSET
    """Kept only where a route looks at headers; credentials never."""
    body: Raw | UnsetType = UNSET
    """The JSON that the routes saw."""
    text: str | UnsetType = UNSET
    """Instead, what is no JSON and was a plugin's to read; bytes that are no UTF-8 are replaced."""


class Replayed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A job that a replay made."""

    job_id: str
    plugin: str
    command: str


class ReplayAnswer(Struct, frozen=True, kw_only=True):
    """What a replay made; no job when no route takes the event any more."""

    event: str
    jobs: list[Replayed]


def source_view(source: Source, now: int, available: Container[str]) -> SourceView:
    """Show a source.

    Args:
        source: which.
        now: milliseconds UTC.
        available: the commands that can run, as `plugin/command`.
    """
    scheme, preset = source.scheme, None if source.scheme is None else source.scheme.preset
    return SourceView(
        source=source.name,
        url=source.url or f"/hooks/{source.name}",
        scheme=f"plugin:{source.plugin}" if scheme is None else scheme.name,
        sure=UNSET if preset is None else preset.sure,
        secrets=tuple(
            SecretView(
                number=secret.number,
                id=secret.id or UNSET,
                until=UNSET if secret.until is None else rfc3339(secret.until),
                expired=secret.until is not None and secret.until <= now,
            )
            for secret in source.secrets
        ),
        routes=tuple(
            SourceRoute(
                on=(route.settings.on,) if isinstance(route.settings.on, str) else route.settings.on,
                condition=route.settings.if_ or UNSET,
                command=route.command,
                available=route.command in available,
            )
            for route in source.routes
        ),
        take=source.take,
        dedupe_seconds=source.window / 1000,
        rate=UNSET if source.rate is None else source.rate.text,
    )


def inbound_view(inbound: Inbound, job: Job) -> InboundView:
    """Show what a sender sent."""
    body = job.args if inbound.body is None else inbound.body
    readable = inbound.body is None or _is_json(body)
    return InboundView(
        job_id=job.id,
        source=inbound.source,
        event=inbound.event,
        delivery=inbound.delivery,
        headers=UNSET if inbound.headers is None else inbound.headers,
        body=Raw(body) if readable else UNSET,
        text=UNSET if readable else body.decode(errors="replace"),
    )


def _is_json(body: bytes) -> bool:
    try:
        msgspec.json.decode(body)
    except NO_JSON:
        return False
    return True
