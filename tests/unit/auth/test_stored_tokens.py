"""Tokens of the store: who gets in, until when, and how often it was used."""

from hashlib import sha256

from msgspec.structs import replace

from hookyard.auth import Principal, Tokens, digest
from hookyard.config.model import TokenSettings
from hookyard.model import Token, TokenUse
from hookyard.testing import FakeClock

NOW = 1_700_000_000_000


def token_of(name: str = "ci", *, expires_at: int | None = None, revoked_at: int | None = None) -> Token:
    """The token whose text is its name."""
    return Token(
        id=f"id-{name}",
        name=name,
        digest=sha256(name.encode()).digest(),
        scopes=("jobs:read",),
        tenant="acme",
        created_at=NOW,
        created_by="token:root",
        expires_at=expires_at,
        revoked_at=revoked_at,
    )


def tokens_of(*stored: Token) -> tuple[Tokens, FakeClock]:
    """Tokens of the store and no others."""
    clock = FakeClock(NOW)
    tokens = Tokens([], clock)
    tokens.hold(stored)
    return tokens, clock


def test_a_stored_token_gets_in_with_its_scopes_its_tenant_and_its_end() -> None:
    tokens, _ = tokens_of(token_of(expires_at=NOW + 5))
    found = tokens.authenticate(b"ci")
    assert found is not None
    assert (found.name, found.scopes, found.tenant, found.expires_at) == ("token:ci", ("jobs:read",), "acme", NOW + 5)


def test_it_gets_in_until_its_end_and_not_a_millisecond_longer() -> None:
    tokens, clock = tokens_of(token_of(expires_at=NOW + 5))
    clock.advance(4)
    assert tokens.authenticate(b"ci") is not None
    clock.advance(1)
    assert tokens.authenticate(b"ci") is None


def test_a_revoked_or_expired_one_is_not_let_in_from_the_start() -> None:
    tokens, _ = tokens_of(token_of("old", expires_at=NOW), token_of("bad", revoked_at=NOW - 1))
    assert tokens.authenticate(b"old") is None
    assert tokens.authenticate(b"bad") is None


def test_a_revocation_holds_from_the_next_request_on() -> None:
    tokens, _ = tokens_of(token_of())
    assert tokens.bearer(b"Bearer ci") is not None
    tokens.put(token_of(revoked_at=NOW))
    assert tokens.bearer(b"Bearer ci") is None
    assert tokens.authenticate(b"ci") is None


def test_a_changed_token_gets_a_principal_of_its_own() -> None:
    tokens, _ = tokens_of(token_of())
    before = tokens.authenticate(b"ci")
    tokens.put(replace(token_of(), scopes=("admin",)))
    after = tokens.authenticate(b"ci")
    assert before is not None
    assert after is not None
    assert after is not before
    assert after.scopes == ("admin",)


def test_a_reload_of_the_configuration_leaves_stored_tokens_as_they_are() -> None:
    tokens, _ = tokens_of(token_of())
    tokens.use([TokenSettings(name="yaml", sha256=digest("yaml"), scopes=(), tenant="acme")])
    found = tokens.authenticate(b"yaml")
    assert found is not None
    assert found.tenant == "acme"
    assert tokens.authenticate(b"ci") is not None
    tokens.use([])
    assert tokens.authenticate(b"yaml") is None
    assert tokens.authenticate(b"ci") is not None


def test_revoking_a_stored_token_leaves_one_of_the_configuration_in() -> None:
    tokens, _ = tokens_of(token_of())
    tokens.use([TokenSettings(name="ci", sha256=digest("ci"), scopes=("admin",))])
    tokens.put(token_of(revoked_at=NOW))
    found = tokens.authenticate(b"ci")
    assert found is not None
    assert found.scopes == ("admin",)


def test_uses_are_counted_with_the_last_time_and_told_once() -> None:
    tokens, clock = tokens_of(token_of(), token_of("other"))
    tokens.authenticate(b"ci")
    clock.advance(7)
    tokens.authenticate(b"ci")
    tokens.authenticate(b"nobody")
    assert tokens.take_uses() == (TokenUse("id-ci", NOW + 7, 2),)
    assert tokens.take_uses() == ()
    tokens.authenticate(b"ci")
    assert tokens.take_uses() == (TokenUse("id-ci", NOW + 7, 1),)


def test_uses_before_a_change_of_the_token_are_not_lost() -> None:
    tokens, _ = tokens_of(token_of())
    tokens.authenticate(b"ci")
    tokens.put(replace(token_of(), expires_at=NOW + 5))
    tokens.authenticate(b"ci")
    assert tokens.take_uses() == (TokenUse("id-ci", NOW, 2),)


def test_a_request_that_is_asked_about_twice_counts_once() -> None:
    tokens, _ = tokens_of(token_of())
    found = tokens.authenticate(b"ci")
    assert found is not None
    tokens.uncount(found)
    assert tokens.take_uses() == ()
    tokens.authenticate(b"ci")
    tokens.authenticate(b"ci")
    tokens.uncount(found)
    assert tokens.take_uses() == (TokenUse("id-ci", NOW, 1),)


def test_an_expired_token_is_forgotten() -> None:
    tokens, clock = tokens_of(token_of(expires_at=NOW + 5))
    clock.advance(5)
    tokens.forget_expired()
    clock.advance(-5)
    assert tokens.authenticate(b"ci") is None


def test_nothing_is_no_credential_whatever_the_table_holds() -> None:
    tokens, _ = tokens_of(token_of(""))
    tokens.use([TokenSettings(name="x", sha256=digest(""), scopes=("admin",))])
    assert tokens.authenticate(b"") is None
    assert tokens.bearer(b"Bearer ") is None
    assert tokens.bearer(b"Bearer") is None


def test_another_scheme_is_asked_for_what_is_no_token() -> None:
    someone = Principal("jwt:ada", ())

    class Schemes:
        def __init__(self) -> None:
            self.asked: list[bytes] = []

        def authenticate(self, token: bytes) -> Principal | None:
            self.asked.append(token)
            return someone if token == b"a.b.c" else None

    scheme = Schemes()
    tokens = Tokens([TokenSettings(name="x", sha256=digest("x"), scopes=())], FakeClock(NOW), [scheme])
    assert tokens.bearer(b"Bearer a.b.c") is someone
    assert tokens.authenticate(b"other") is None
    assert tokens.authenticate(b"x") is not None
    assert scheme.asked == [b"a.b.c", b"other"]
