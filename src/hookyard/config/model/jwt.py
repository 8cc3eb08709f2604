"""Who else vouches for callers."""

from typing import Annotated, Literal

from msgspec import Meta

from hookyard.config.model.parts import Name, Scope, Section, Tenant, Text
from hookyard.config.values import Duration, Secret

Algorithm = Literal[
    "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"
]
"""How a JWT may be signed (RFC 7518, RFC 8037); `EdDSA` is Ed25519, under this name and its own (RFC 9864)."""


class JwtSettings(Section, frozen=True, kw_only=True):
    """An issuer of JSON Web Tokens (RFC 7519) that callers may show as their bearer token.

    One of `secret`, `key_files`, `jwks_file` and `jwks_url` says how its signatures are verified.
    """

    issuer: Text
    """What `iss` must be, to the letter."""
    audience: Annotated[tuple[Text, ...], Meta(min_length=1)]
    """Who Hookyard is to the issuer: one of these must be in `aud`."""
    at_most: Annotated[tuple[Scope, ...], Meta(min_length=1)]
    """The most that its tokens may do: a scope in a token that these do not cover is left out. Entries that begin with
    `!` always hold."""
    scopes_claim: Text = "scope"
    """The claim with the scopes: a text with spaces between them, or a list; dots lead into objects."""
    default_scopes: tuple[Scope, ...] = ()
    """The scopes of a token without that claim."""
    algorithms: tuple[Algorithm, ...] = ()
    """Which are accepted; left out, `HS256` with a secret, and `RS256`, `ES256` and `EdDSA` with public keys."""
    secret: Secret | None = None
    """The shared secret, of at least 32 bytes."""
    key_files: tuple[Text, ...] = ()
    """Public keys in PEM, relative to the configuration file."""
    jwks_file: Text | None = None
    """A file with a JSON Web Key Set (RFC 7517), relative to the configuration file."""
    jwks_url: Text | None = None
    """Where the issuer publishes its keys: fetched at the start, and again every `refresh`."""
    refresh: Duration = Duration(600_000)
    """How long fetched keys are taken as they are. A key that is not among them is looked for at once, but at most
    every 30 seconds; while the issuer cannot be reached, the keys known last stay good for a day."""
    leeway: Duration = Duration(30_000)
    """How far the issuer's clock may be from ours."""
    tenant: Tenant = ""
    """Whose all of its callers are."""
    tenant_claim: Text | None = None
    """The claim that says whose a caller is, instead; a token without it is refused."""
    subject_claim: Name = "sub"
    """The claim that says who a caller is."""
