"""Bearer tokens: only their digests are kept, and without one nobody gets in."""

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookyard.auth import Tokens, digest, new_token
from hookyard.config.model import TokenSettings

TOKEN = new_token()
TOKENS = Tokens([TokenSettings(name="ci", sha256=digest(TOKEN), scopes=("trigger:hello/*",))])


def test_a_new_token_has_a_prefix_and_256_random_bits() -> None:
    assert re.fullmatch(r"hky_[A-Za-z0-9_-]{43}", new_token())
    assert len({new_token() for _ in range(100)}) == 100


def test_the_digest_is_the_sha256_in_hex() -> None:
    assert digest("hky_x") == hashlib.sha256(b"hky_x").hexdigest()


def test_the_right_token_gives_its_principal_with_its_scopes() -> None:
    principal = TOKENS.authenticate(TOKEN.encode())
    assert principal is not None
    assert (principal.name, principal.scopes) == ("token:ci", ("trigger:hello/*",))


def test_a_digest_in_capitals_is_the_same_digest() -> None:
    tokens = Tokens([TokenSettings(name="ci", sha256=digest(TOKEN).upper(), scopes=())])
    assert tokens.authenticate(TOKEN.encode()) is not None


@pytest.mark.parametrize("scheme", [b"Bearer", b"bearer", b"BEARER", b"bEaReR"])
def test_the_scheme_is_read_in_any_case(scheme: bytes) -> None:
    assert TOKENS.bearer(scheme + b" " + TOKEN.encode()) is not None


@pytest.mark.parametrize(
    "header",
    [b"", b"Bearer", b"Bearer ", b"Basic " + TOKEN.encode(), TOKEN.encode()],
    ids=["none", "no token", "an empty token", "another scheme", "no scheme"],
)
def test_an_authorization_header_of_another_form_is_nobody(header: bytes) -> None:
    assert TOKENS.bearer(header) is None


def test_the_digest_itself_is_no_credential() -> None:
    assert TOKENS.authenticate(digest(TOKEN).encode()) is None
    assert TOKENS.authenticate(bytes.fromhex(digest(TOKEN))) is None


@given(st.binary(max_size=80))
def test_no_other_bytes_are_a_credential(token: bytes) -> None:
    assert TOKENS.authenticate(token) is None


def test_a_token_longer_than_any_token_is_not_even_hashed() -> None:
    assert TOKENS.authenticate(b"x" * 10_000_000) is None


@given(st.binary(max_size=80))
def test_without_tokens_nobody_gets_in(token: bytes) -> None:
    assert Tokens([]).authenticate(token) is None


def test_two_tokens_of_one_name_both_work_so_that_a_rotation_can_overlap() -> None:
    old, new = new_token(), new_token()
    tokens = Tokens([TokenSettings(name="ci", sha256=digest(token), scopes=()) for token in (old, new)])
    found = [tokens.authenticate(token.encode()) for token in (old, new)]
    assert [principal.name for principal in found if principal] == ["token:ci", "token:ci"]
