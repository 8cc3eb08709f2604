"""JSON Web Tokens: what is verified, and what is never taken."""

import base64
import hmac
import json
import warnings
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from hookyard.auth import Principal
from hookyard.auth.jwt import JwtScheme, problems
from hookyard.auth.jwt.keys import BadKey, from_pem, from_secret, from_set
from hookyard.config.model import JwtSettings
from hookyard.config.values import Duration, Secret
from hookyard.testing import FakeClock

SECRET = "a secret of more than thirty-two bytes"
NOW = 1_700_000_000
RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
EC = ECKey.generate_key("P-256", {"kid": "ec"})
EDWARDS = OKPKey.generate_key("Ed25519", {"kid": "ed"})
OTHER = RSAKey.generate_key(2048, {"kid": "other"})
ALL = ["HS256", "HS384", "HS512", "RS256", "PS256", "ES256", "EdDSA", "Ed25519"]
_REGISTRY = JWSRegistry(algorithms=ALL, strict_check_header=False)

Claims = dict[str, Any]


def clock() -> FakeClock:
    return FakeClock(NOW * 1000)


def claims(**more: object) -> Claims:
    good: Claims = {"iss": "https://id.example", "aud": "hookyard", "sub": "ada", "exp": NOW + 60, "scope": "jobs:read"}
    return {name: value for name, value in (good | more).items() if value is not None}


def signed(payload: Claims | bytes, key: Key, algorithm: str, **head: object) -> bytes:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    kid = {} if key.kid is None else {"kid": key.kid}
    with warnings.catch_warnings(action="ignore"):  # that EdDSA has a newer name
        text = jws.serialize_compact({"alg": algorithm, **kid, **head}, body, key, registry=_REGISTRY)
    return text.encode()


def public_set(*keys: Key) -> bytes:
    return json.dumps({"keys": [key.as_dict(private=False) for key in keys]}).encode()


def settings(**more: object) -> JwtSettings:
    given = {"issuer": "https://id.example", "audience": ("hookyard",), "at_most": ("jobs:*", "trigger:*/*"), **more}
    return JwtSettings(**cast("Any", given))


@pytest.fixture
def published(tmp_path: Path) -> Callable[..., JwtScheme]:
    def made(*keys: Key, **more: object) -> JwtScheme:
        (tmp_path / "keys.json").write_bytes(public_set(*(keys or (RSA, EC, EDWARDS))))
        scheme = JwtScheme(clock())
        scheme.use({"id": settings(jwks_file="keys.json", **more)}, tmp_path)
        return scheme

    return made


def shared(**more: object) -> JwtScheme:
    scheme = JwtScheme(clock())
    scheme.use({"id": settings(secret=Secret(SECRET), **more)}, Path())
    return scheme


Published = Callable[..., JwtScheme]


@pytest.mark.parametrize(
    ("key", "algorithm"), [(RSA, "RS256"), (EC, "ES256"), (EDWARDS, "EdDSA"), (EDWARDS, "Ed25519")]
)
def test_a_token_of_the_issuer_gets_in(published: Published, key: Key, algorithm: str) -> None:
    found = published().authenticate(signed(claims(), key, algorithm))
    assert found is not None
    assert (found.name, found.scopes, found.tenant) == ("jwt:id:ada", ("jobs:read",), "")
    assert found.may("jobs:read")
    assert not found.may("jobs:write")
    assert found.expires_at == (NOW + 60 + 30) * 1000


def test_a_token_under_the_shared_secret_gets_in() -> None:
    found = shared().authenticate(signed(claims(), OctKey.import_key(SECRET), "HS256"))
    assert found is not None
    assert found.name == "jwt:id:ada"


@pytest.mark.parametrize(
    "wrong",
    [
        {"exp": NOW - 30},
        {"exp": None},
        {"exp": "soon"},
        {"exp": True},
        {"exp": -1},
        {"exp": 10**20},
        {"nbf": NOW + 31},
        {"iat": NOW + 3600},
        {"nbf": []},
        {"iss": "https://id.example/"},
        {"iss": None},
        {"iss": ["https://id.example"]},
        {"aud": "hookyar"},
        {"aud": ["x", "y"]},
        {"aud": {"hookyard": 1}},
        {"aud": None},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "a\nb"},
        {"sub": "x" * 201},
    ],
    ids=repr,
)
def test_a_claim_that_is_not_as_it_must_be_keeps_a_token_out(wrong: Claims) -> None:
    token = signed(claims(**wrong), OctKey.import_key(SECRET), "HS256")
    assert shared().authenticate(token) is None


@pytest.mark.parametrize(
    "right",
    [{"exp": NOW - 29}, {"exp": NOW + 0.5}, {"nbf": NOW + 30}, {"aud": ["x", "hookyard"]}, {"sub": "repo:org/x@main"}],
    ids=repr,
)
def test_a_little_leeway_and_several_audiences_are_taken(right: Claims) -> None:
    token = signed(claims(**right), OctKey.import_key(SECRET), "HS256")
    assert shared().authenticate(token) is not None


def segment(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize("none", ["none", "None", "NONE", "nOnE", "", None, 7, ["RS256"]])
def test_no_algorithm_is_no_signature(published: Published, none: object) -> None:
    for scheme in (published(), shared()):
        for signature in ("", "AA"):
            token = f"{segment({'alg': none})}.{segment(claims())}.{signature}"
            assert scheme.authenticate(token.encode()) is None
        assert scheme.authenticate(f"{segment({'typ': 'JWT'})}.{segment(claims())}.".encode()) is None


def test_a_public_key_is_no_secret(published: Published) -> None:
    # The classic confusion: an HMAC under the public key's own text, in every form that it has.
    forms = [RSA.as_pem(private=False), RSA.as_pem(private=False).strip(), public_set(RSA), RSA.as_der(private=False)]
    for form in forms:
        for head in ({"alg": "HS256"}, {"alg": "HS256", "kid": "rsa"}):
            unsigned = f"{segment(head)}.{segment(claims())}"
            mac = base64.urlsafe_b64encode(hmac.digest(form, unsigned.encode(), sha256)).rstrip(b"=").decode()
            for accepted in ({}, {"algorithms": ("RS256",)}):
                assert published(RSA, **accepted).authenticate(f"{unsigned}.{mac}".encode()) is None


def test_an_algorithm_that_is_not_accepted_is_not_taken_though_the_key_could(published: Published) -> None:
    token = signed(claims(), RSA, "PS256")
    assert published(RSA).authenticate(token) is None
    assert published(RSA, algorithms=("PS256",)).authenticate(token) is not None
    assert published(RSA, algorithms=("PS256",)).authenticate(signed(claims(), RSA, "RS256")) is None


def test_a_key_that_the_head_brings_along_verifies_nothing(published: Published) -> None:
    own = OTHER.as_dict(private=False)
    for head in ({"jwk": own}, {"jku": "https://evil.example/keys"}, {"x5u": "https://evil.example"}):
        assert published(RSA).authenticate(signed(claims(), OTHER, "RS256", kid="rsa", **head)) is None


@pytest.mark.parametrize("crit", [["exotic"], [], None, {}, "exotic", ["b64"], ["alg"]], ids=repr)
def test_a_head_that_must_be_understood_and_is_not_keeps_the_token_out(published: Published, crit: object) -> None:
    head, body = {"alg": "RS256", "kid": "rsa", "crit": crit, "exotic": 1}, claims()
    unsigned = f"{segment(head)}.{segment(body)}".encode()
    algorithm = JWSRegistry.algorithms["RS256"]
    signature = base64.urlsafe_b64encode(algorithm.sign(unsigned, RSA)).rstrip(b"=")
    assert published(RSA).authenticate(unsigned + b"." + signature) is None


@pytest.mark.parametrize("part", [0, 1, 2])
def test_whatever_is_changed_breaks_the_signature(published: Published, part: int) -> None:
    parts = signed(claims(), RSA, "RS256").split(b".")
    scheme = published(RSA)
    for at in range(0, len(parts[part]), 7):
        changed = bytearray(parts[part])
        changed[at] ^= 1
        token = b".".join([*parts[:part], bytes(changed), *parts[part + 1 :]])
        assert scheme.authenticate(token) is None


@pytest.mark.parametrize("text", [b"", b".", b"..", b"a.b.c", b"\xff.\xff.\xff", b"e30.e30.", b"." * 5, b"a" * 5000])
def test_what_is_no_token_at_all_keeps_out(published: Published, text: bytes) -> None:
    for scheme in (published(), shared(), JwtScheme(clock())):
        assert scheme.authenticate(text) is None


@pytest.mark.parametrize(
    "payload",
    [b"[]", b"7", b"no json", b"null", b'"x"', b"[" * 2000],
    ids=["list", "number", "text", "null", "string", "deep"],
)
def test_claims_that_are_no_object_keep_out(payload: bytes) -> None:
    assert shared().authenticate(signed(payload, OctKey.import_key(SECRET), "HS256")) is None


def test_a_token_without_a_key_id_is_tried_with_every_key(published: Published) -> None:
    nameless = RSAKey.import_key({name: value for name, value in RSA.as_dict(private=True).items() if name != "kid"})
    assert published(OTHER, RSA).authenticate(signed(claims(), nameless, "RS256")) is not None
    assert published(OTHER, EC).authenticate(signed(claims(), nameless, "RS256")) is None


@pytest.mark.parametrize(
    ("given", "path", "expected"),
    [
        ({"scope": "jobs:read jobs:write"}, "scope", ("jobs:read", "jobs:write")),
        ({"scp": ["jobs:read", 7, "openid"]}, "scp", ("jobs:read",)),
        ({"realm": {"roles": ["jobs:read"]}}, "realm.roles", ("jobs:read",)),
        ({"https://x.example/s": "jobs:read"}, "https://x.example/s", ("jobs:read",)),
        ({"scope": None}, "scope", ("trigger:a/b",)),
        ({"scope": {}}, "scope", ()),
        ({"scope": "admin tokens:write jobs:read"}, "scope", ("jobs:read",)),
        ({"scope": "trigger:a/* !trigger:a/b"}, "scope", ("trigger:a/*", "!trigger:a/b")),
    ],
)
def test_scopes_come_from_a_claim_and_are_never_more_than_the_configuration_covers(
    given: Claims, path: str, expected: tuple[str, ...]
) -> None:
    scheme = shared(scopes_claim=path, default_scopes=("trigger:a/b",))
    found = scheme.authenticate(signed(claims(**{"scope": None, **given}), OctKey.import_key(SECRET), "HS256"))
    assert found is not None
    assert found.scopes == expected


@pytest.mark.parametrize("denied", ["!trigger:prod", "!job:read", "!", "!!admin", "!trigger:prod/*,"], ids=repr)
def test_a_token_that_denies_itself_what_cannot_be_read_is_refused_and_the_log_says_why(
    denied: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[dict[str, str]] = []

    def info(event: str, *, why: dict[str, str]) -> None:
        assert event == "jwt.refused"
        said.append(why)

    monkeypatch.setattr("hookyard.auth.jwt.scheme._log.info", info)
    for scope in (f"trigger:*/* {denied}", ["trigger:*/*", denied]):
        assert shared().authenticate(signed(claims(scope=scope), OctKey.import_key(SECRET), "HS256")) is None
    assert said == [{"id": f"its scope takes away {denied!r}, which is no scope"}] * 2


def test_what_the_configuration_denies_no_token_gets_back() -> None:
    scheme = shared(at_most=("trigger:*/*", "!trigger:prod/*"))
    token = signed(claims(scope="trigger:*/*"), OctKey.import_key(SECRET), "HS256")
    found = scheme.authenticate(token)
    assert found is not None
    assert found.may_trigger("test", "x", read_only=False)
    assert not found.may_trigger("prod", "x", read_only=False)


def test_a_tenant_comes_from_a_claim_or_is_that_of_the_issuer() -> None:
    def tenant(scheme: JwtScheme, **more: object) -> str | None:
        found = scheme.authenticate(signed(claims(**more), OctKey.import_key(SECRET), "HS256"))
        return None if found is None else found.tenant

    assert tenant(shared(tenant="acme")) == "acme"
    assert tenant(shared(tenant_claim="org"), org="acme") == "acme"
    assert tenant(shared(tenant_claim="org")) is None
    assert tenant(shared(tenant_claim="org"), org="") is None
    assert tenant(shared(tenant_claim="org"), org=["acme"]) is None


def test_a_verified_token_is_remembered_until_it_ends() -> None:
    now = clock()
    scheme = JwtScheme(now)
    scheme.use({"id": settings(secret=Secret(SECRET), leeway=Duration(0))}, Path())
    token = signed(claims(), OctKey.import_key(SECRET), "HS256")
    first: Principal | None = scheme.authenticate(token)
    assert first is not None
    assert scheme.authenticate(token) is first
    now.advance(60_000)
    assert scheme.authenticate(token) is None


def test_another_secret_ends_what_was_remembered() -> None:
    scheme = shared()
    token = signed(claims(), OctKey.import_key(SECRET), "HS256")
    assert scheme.authenticate(token) is not None
    scheme.use({"id": settings(secret=Secret(SECRET[::-1]))}, Path())
    assert scheme.authenticate(token) is None


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, ("jwt.id", "one of secret, key_files, jwks_file, jwks_url")),
        ({"secret": Secret(SECRET), "jwks_url": "https://x"}, ("jwt.id", "no more than one")),
        ({"secret": Secret("short")}, ("jwt.id.secret", "at least 32 bytes")),
        ({"secret": Secret(SECRET), "algorithms": ("HS256", "RS256")}, ("jwt.id.algorithms", "HS256, HS384 and HS512")),
        ({"jwks_url": "https://x", "algorithms": ("HS256",)}, ("jwt.id.algorithms", "whoever knows them could sign")),
        ({"jwks_url": "http://id.example/keys"}, ("jwt.id.jwks_url", "begins with https://")),
        ({"jwks_file": "none.json"}, ("jwt.id.jwks_file", "cannot be read")),
        ({"key_files": ("none.pem",)}, ("jwt.id.key_files", "cannot be read")),
        ({"secret": Secret(SECRET), "tenant": "a", "tenant_claim": "b"}, ("jwt.id.tenant", "not both")),
    ],
    ids=str,
)
def test_what_is_wrong_with_an_issuer_is_a_problem_of_the_configuration(
    given: dict[str, Any], expected: tuple[str, str], tmp_path: Path
) -> None:
    ((path, message),) = problems({"id": settings(**given)}, tmp_path)
    assert path == expected[0]
    assert expected[1] in message


def test_keys_are_taken_for_what_they_are_for_only() -> None:
    encrypting = {**RSA.as_dict(private=False), "use": "enc"}
    signing = {**EC.as_dict(private=False), "key_ops": ["sign"]}
    secret = {"kty": "oct", "k": "c2VjcmV0"}
    bound = {**RSA.as_dict(private=False), "alg": "RS256"}
    odd = {"kty": "quantum"}
    found = from_set(json.dumps({"keys": [encrypting, signing, secret, odd, bound]}).encode())
    assert [(key.kid, key.algorithms) for key in found] == [("rsa", frozenset({"RS256"}))]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"keys": {}}', b'{"keys": []}', b'{"keys": [7]}', b'{"keys": [{}]}'])
def test_what_is_no_key_set_is_said(body: bytes) -> None:
    with pytest.raises(BadKey):
        from_set(body)


def test_weak_keys_are_refused() -> None:
    with warnings.catch_warnings(action="ignore"):  # that it is weak
        small = RSAKey.generate_key(1024, auto_kid=False)
    with pytest.raises(BadKey, match="at least 2048 bits"):
        from_pem(small.as_pem(private=False))
    with pytest.raises(BadKey, match="at least 32 bytes"):
        from_secret("short")
    with pytest.raises(BadKey, match="no public key"):
        from_pem(b"nonsense")


@pytest.mark.parametrize("key", [RSA, EC, EDWARDS], ids=lambda key: str(key.kid))
def test_a_public_key_may_be_a_file_in_pem(key: Key, tmp_path: Path) -> None:
    assert isinstance(key, (RSAKey, ECKey, OKPKey))
    (tmp_path / "key.pem").write_bytes(key.as_pem(private=False))
    scheme = JwtScheme(clock())
    scheme.use({"id": settings(key_files=("key.pem",))}, tmp_path)
    algorithm = {"rsa": "RS256", "ec": "ES256", "ed": "EdDSA"}[str(key.kid)]
    assert scheme.authenticate(signed(claims(), key, algorithm)) is not None
    assert scheme.authenticate(signed(claims(), OTHER, "RS256")) is None
