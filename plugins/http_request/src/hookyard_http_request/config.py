"""The services that may be called, as the configuration has them."""

import re
from collections.abc import Iterator
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from msgspec import Meta, Struct, field

Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
Status = Annotated[int, Meta(ge=200, le=599)]
Headers = dict[str, str]

TOKEN: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}")
"""The name of a header (RFC 9110, section 5.6.2)."""
_UNSAFE: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]|[^\x00-\xff]")

OWN: Final = frozenset(
    {
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers that belong to the connection, and not to those who call."""


class SecretHeader(Struct, frozen=True, forbid_unknown_fields=True):
    """A header whose value is one of the plugin's secrets."""

    secret: Annotated[str, Meta(description="The name of the secret.")]
    prefix: Annotated[str, Meta(description="What stands before it, such as `Bearer ` with its blank.")] = ""


class Target(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One service."""

    url: Annotated[str, Meta(description="What every path is below, such as `https://api.example.com/v1`.")]
    methods: Annotated[tuple[Method, ...], Meta(min_length=1, description="Those that callers may use.")] = ("GET",)
    headers: Annotated[Headers, Meta(description="Sent with every call; callers cannot change them.")] = field(
        default_factory=dict[str, str]
    )
    secret_headers: Annotated[dict[str, SecretHeader], Meta(description="The same, with secrets.")] = field(
        default_factory=dict[str, SecretHeader]
    )
    idempotency_header: Annotated[
        str | None,
        Meta(description="A header that gets the job's id, by which the service knows a repeated call."),
    ] = None
    expect: Annotated[
        tuple[Status, ...], Meta(description="The statuses that mean success; left out, those from 200 to 299.")
    ] = ()
    timeout: Annotated[float, Meta(gt=0, le=3600, description="Seconds that one call may take in all.")] = 30.0
    max_retry_after: Annotated[
        float, Meta(ge=0, le=604_800, description="The longest `Retry-After` that is kept to, in seconds.")
    ] = 3600.0
    max_body: Annotated[
        int, Meta(ge=0, le=8 << 20, description="Bytes of an answer that the result holds; more are an artifact.")
    ] = 262_144
    max_artifact: Annotated[int, Meta(ge=0, description="Bytes of the largest answer that is taken at all.")] = 64 << 20


class Config(Struct, frozen=True, forbid_unknown_fields=True):
    """What this plugin may call; nothing else can be called through it."""

    targets: dict[str, Target] = field(default_factory=dict[str, Target])

    def __post_init__(self) -> None:
        for name, target in self.targets.items():
            for problem in _problems(target):
                msg = f"target {name!r}: {problem}"
                raise ValueError(msg)


def header_problem(name: str, value: str) -> str | None:
    """What is wrong with a header, if anything."""
    if not TOKEN.fullmatch(name):
        return "it is no name of a header"
    if name.lower() in OWN:
        return "it belongs to the connection"
    if _UNSAFE.search(value) or value != value.strip():
        return "its value has a control character, one beyond Latin-1, or blanks around it"
    return None


def _problems(target: Target) -> Iterator[str]:
    try:
        parts = urlsplit(target.url)
        host = parts.hostname
        _ = parts.port
    except ValueError as error:
        yield f"url: {error}"
        return
    if parts.scheme not in {"http", "https"} or not host:
        yield "url: it must begin with https:// or http:// and a host"
    if parts.username is not None or parts.password is not None:
        yield "url: credentials do not belong there; use secret_headers"
    if parts.query or parts.fragment:
        yield "url: it must have no query and no fragment"
    for header, value in target.headers.items():
        if (problem := header_problem(header, value)) is not None:
            yield f"headers.{header}: {problem}"
    for header, secret in target.secret_headers.items():
        if (problem := header_problem(header, secret.prefix.strip())) is not None:
            yield f"secret_headers.{header}: {problem}"
    if target.idempotency_header is not None:
        problem = header_problem(target.idempotency_header, "")
        if problem is not None:
            yield f"idempotency_header: {problem}"
