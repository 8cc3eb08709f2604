"""What an endpoint that is made over HTTP is asked to be."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal, TypeAlias, cast

import msgspec
from msgspec import Meta, UnsetType, field

from hookyard.config.endpoints.spec import rules_of, spec_of
from hookyard.config.model import EndpointRules, Name, Section, Tenant
from hookyard.config.model.parts import Header, Text
from hookyard.config.scalars import parse_value
from hookyard.config.told import told
from hookyard.errors import Refused
from hookyard.outbound.endpoints.private import Private, Quietly

SecretKind: TypeAlias = Literal["v1", "v1a"]
"""What a secret signs: `v1` with HMAC, `v1a` with an Ed25519 key."""
MOST_SECRETS: Final = 10
_MOST_HEADERS: Final = 50
ONLY_NEW: Final = {
    "secrets": "secrets are changed by a rotation",
    "sign": "secrets are changed by a rotation",
    "name": "a name is for good",
    "tenant": "a tenant is for good",
}
"""What of one cannot be changed, and why."""


class TlsTexts(Quietly, Section, frozen=True, kw_only=True):
    """Certificates of its own, as PEM."""

    ca: Text | None = None
    """Authorities that are trusted for this endpoint besides the usual ones."""
    cert: Text | None = None
    """The certificate that is shown to the receiver (mTLS), with those between it and its authority; needs `key`."""
    key: Text | None = None
    """Its private key, without a passphrase."""


class NewEndpoint(Quietly, EndpointRules, frozen=True, kw_only=True):
    """An endpoint as it is asked for."""

    name: Name | None = None
    """What it is called; where the address says it, the same or nothing."""
    secrets: Annotated[tuple[Text, ...], Meta(max_length=MOST_SECRETS)] = ()
    """Secrets of one's own, `whsec_` and `whsk_`; where there is none, they are made as `sign` says."""
    sign: Annotated[tuple[SecretKind, ...], Meta(min_length=1, max_length=2)] = ("v1",)
    """Which kinds of secrets are made when none is given."""
    headers: Annotated[dict[Header, str], Meta(max_length=_MOST_HEADERS)] = field(default_factory=dict[str, str])
    """Headers that every request has besides."""
    tls: TlsTexts | None = None
    """Certificates of its own."""
    tenant: Tenant | UnsetType = msgspec.UNSET
    """Whose events it is told; that of the caller if left out, who may name another only without having one."""


def merged(rules: EndpointRules, private: Private, patch: Mapping[str, object]) -> NewEndpoint:
    """What an endpoint is after a JSON merge patch (RFC 7396), decoded as strictly as a new one.

    Raises:
        Refused: it names what cannot be changed, or what comes of it is no endpoint (`invalid_input`).
    """
    for key, why in ONLY_NEW.items():
        if key in patch:
            raise Refused("invalid_input", f"{why[0].upper()}{why[1:]}.", path=f"$.{key}")
    given = patch.get("headers")
    named = {name.lower() for name in cast("Mapping[str, object]", given)} if isinstance(given, Mapping) else set[str]()
    headers = {name: value for name, value in private.headers.items() if name.lower() not in named}
    tls = {name: text for name in ("ca", "cert", "key") if (text := getattr(private, name)) is not None}
    whole: dict[str, object] = {**spec_of(rules_of(rules)), "headers": headers}
    if tls:
        whole["tls"] = tls
    made = _patched(whole, patch)
    try:
        return msgspec.convert(made, NewEndpoint, dec_hook=parse_value)
    except msgspec.ValidationError as error:
        problem, path = told(error, made, NewEndpoint)
        raise Refused("invalid_input", problem, path=path) from None


def _patched(target: object, patch: object) -> object:
    if not isinstance(patch, Mapping):
        return patch
    members = dict(cast("Mapping[str, object]", target)) if isinstance(target, Mapping) else {}
    for key, value in cast("Mapping[str, object]", patch).items():
        if value is None:
            members.pop(key, None)
        else:
            members[key] = _patched(members.get(key), value)
    return members
