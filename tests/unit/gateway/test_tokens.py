"""Tokens over HTTP: made, shown once, listed, revoked and rotated, and never more than the one that makes them."""

import json
from typing import Any

import pytest
from tests.unit.gateway.lab import ADMIN, CI, JSON, READER, House, Reply, bearer, house_of

from hookyard.auth import digest
from hookyard.clock import rfc3339
from hookyard.config.model import Config, TokenSettings

GONE = "0190f5d2-0000-7000-8000-000000000000"
HELLO = {"payload": {"name": "Ada"}}


@pytest.fixture
def house() -> House:
    scopes = {
        ADMIN: ("admin",),
        CI: ("trigger:hello/*",),
        READER: ("tokens:read", "jobs:read"),
        "t-maker": ("tokens:*", "trigger:hello/*", "!trigger:hello/look"),
    }
    listed = [TokenSettings(name=text[2:], sha256=digest(text), scopes=given) for text, given in scopes.items()]
    acme = TokenSettings(name="acme", sha256=digest("t-acme"), scopes=("admin",), tenant="acme")
    return house_of(Config(tokens=(*listed, acme)))


def post(house: House, path: str, body: object = None, token: str = ADMIN) -> Reply:
    raw = b"" if body is None else json.dumps(body).encode()
    return house.call("POST", f"/api/v1/tokens{path}", [JSON, bearer(token)], raw)


def make(house: House, token: str = ADMIN, **asked: object) -> dict[str, Any]:
    answer = post(house, "", {"name": "new", "scopes": ["trigger:hello/*"], **asked}, token)
    assert answer.status == 201, answer.json
    return answer.json


def revoke(house: House, token_id: str, token: str = ADMIN) -> Reply:
    return house.call("DELETE", f"/api/v1/tokens/{token_id}", [bearer(token)])


def gets_in(house: House, token: str) -> bool:
    """Whether this token triggers, on the lean path, and reads, on the ordinary one."""
    lean = house.trigger(HELLO, token=token).status
    ordinary = house.call("GET", f"/job/{GONE}", [(b"x-api-key", token.encode())]).status
    assert (lean, ordinary) in {(202, 404), (401, 401)}
    return lean == 202


def test_a_made_token_is_shown_once_and_gets_in_at_once(house: House) -> None:
    answer = post(house, "", {"name": "deploy", "scopes": ["trigger:hello/*"]})
    assert (answer.status, answer["cache-control"]) == (201, "no-store")
    token_id, text = answer.json["id"], answer.json["token"]
    assert answer["location"] == f"/api/v1/tokens/{token_id}"
    assert gets_in(house, text)
    assert house.dispatcher.jobs[-1].principal == "token:deploy"
    shown = house.get(f"/api/v1/tokens/{token_id}", ADMIN)
    assert shown.json == {
        "id": token_id,
        "name": "deploy",
        "state": "live",
        "scopes": ["trigger:hello/*"],
        "created_at": rfc3339(house.clock.now()),
        "created_by": "token:admin",
        "uses": 0,
    }
    assert text.encode() not in shown.body + house.get("/api/v1/tokens", ADMIN).body


def test_a_revoked_token_gets_in_no_more_on_either_path(house: House) -> None:
    made = make(house)
    assert gets_in(house, made["token"])
    assert revoke(house, made["id"]).status == 204
    assert not gets_in(house, made["token"])
    assert revoke(house, made["id"]).status == 204
    assert house.get(f"/api/v1/tokens/{made['id']}", ADMIN).json["state"] == "revoked"


def test_a_token_gets_in_until_it_expires(house: House) -> None:
    made = make(house, expires_in=2)
    house.clock.advance(1999)
    assert gets_in(house, made["token"])
    house.clock.advance(1)
    assert not gets_in(house, made["token"])
    assert house.get(f"/api/v1/tokens/{made['id']}", ADMIN).json["state"] == "expired"


def test_after_a_rotation_both_get_in_for_the_overlap_and_then_the_new_one(house: House) -> None:
    old = make(house)
    assert gets_in(house, old["token"])
    answer = post(house, f"/{old['id']}/rotate", {"overlap": 10})
    assert answer.status == 201
    new = answer.json
    assert (new["name"], new["scopes"], new["replaces"]["replaced_by"]) == ("new", ["trigger:hello/*"], new["id"])
    assert new["replaces"]["expires_at"] == rfc3339(house.clock.now() + 10_000)
    assert gets_in(house, old["token"])
    assert gets_in(house, new["token"])
    house.clock.advance(10_000)
    assert not gets_in(house, old["token"])
    assert gets_in(house, new["token"])


def test_a_rotation_without_an_overlap_ends_the_old_one_at_once(house: House) -> None:
    old = make(house)
    new = post(house, f"/{old['id']}/rotate").json
    assert not gets_in(house, old["token"])
    assert gets_in(house, new["token"])


def test_what_is_over_or_replaced_is_not_rotated_again(house: House) -> None:
    old = make(house)
    assert post(house, f"/{old['id']}/rotate", {"overlap": 10}).status == 201
    again = post(house, f"/{old['id']}/rotate", {"overlap": 10})
    assert (again.status, again.code) == (409, "token_ended")


def test_a_rotation_gives_nobody_a_token_that_may_more_than_he(house: House) -> None:
    strong = make(house, name="strong", scopes=["admin"])
    answer = post(house, f"/{strong['id']}/rotate", None, "t-maker")
    assert (answer.status, answer.code) == (403, "forbidden")
    assert gets_in(house, strong["token"])


@pytest.mark.parametrize(
    "stronger",
    [
        {"scopes": ["admin"]},
        {"scopes": ["trigger:hello/*", "jobs:read"]},
        {"scopes": ["trigger:hello/*"]},  # and not without what its revoker may not do
        {"scopes": ["trigger:hello/greet", "!trigger:hello/look"], "tenant": "acme"},
    ],
    ids=str,
)
def test_nobody_ends_a_token_that_he_could_not_have_made(house: House, stronger: dict[str, Any]) -> None:
    token = make(house, name="strong", **stronger)
    for answer in (revoke(house, token["id"], "t-maker"), post(house, f"/{token['id']}/rotate", None, "t-maker")):
        assert (answer.status, answer.code) == (403, "forbidden")
    assert gets_in(house, token["token"])
    assert revoke(house, token["id"], ADMIN).status == 204


def test_one_ends_what_he_could_have_made_and_himself(house: House) -> None:
    weaker = make(house, name="weaker", scopes=["trigger:hello/greet", "!trigger:hello/look"])
    assert revoke(house, weaker["id"], "t-maker").status == 204
    own = make(house, name="own", scopes=["tokens:write", "!tokens:read"])
    assert revoke(house, own["id"], own["token"]).status == 204
    assert not gets_in(house, own["token"])


def test_a_rotation_makes_no_token_live_longer_than_it_was_to(house: House) -> None:
    old = make(house, expires_in=60)
    new = post(house, f"/{old['id']}/rotate", {"overlap": 600}).json
    assert new["expires_at"] == old["expires_at"] == new["replaces"]["expires_at"]


@pytest.mark.parametrize("scope", ["admin", "jobs:read", "trigger:*/*", "trigger:other/x", "trigger:ro"])
def test_nobody_hands_on_what_he_does_not_have(house: House, scope: str) -> None:
    answer = post(house, "", {"name": "x", "scopes": [scope]}, "t-maker")
    assert (answer.status, answer.code, answer.json["path"]) == (403, "forbidden", "$.scopes[0]")
    assert scope in answer.json["detail"]


def test_what_the_maker_may_not_do_the_token_may_not_either(house: House) -> None:
    made = make(house, "t-maker")
    assert made["scopes"] == ["trigger:hello/*", "!trigger:hello/look"]
    assert house.trigger({}, to="hello/look", token=made["token"]).status == 403
    assert house.trigger(HELLO, token=made["token"]).status == 202


def test_no_token_outlives_its_maker(house: House) -> None:
    maker = make(house, name="short", scopes=["tokens:write"], expires_in=100)
    refused = post(house, "", {"name": "x", "scopes": ["tokens:write"], "expires_in": 101}, maker["token"])
    assert (refused.status, refused.json["path"]) == (403, "$.expires_at")
    made = make(house, maker["token"], name="y", scopes=["tokens:write"])
    assert made["expires_at"] == maker["expires_at"]


def test_a_name_is_one_tokens_own_while_it_is_good(house: House) -> None:
    made = make(house)
    for name in ("new", "ci"):
        refused = post(house, "", {"name": name, "scopes": ["trigger:hello/*"]})
        assert (refused.status, refused.code, refused.json["path"]) == (409, "exists", "$.name")
    revoke(house, made["id"])
    assert make(house)["name"] == "new"


def test_who_may_not_read_all_jobs_gets_nobody_elses_by_taking_an_old_name(house: House) -> None:
    made = make(house)
    job_id = house.trigger(HELLO, token=made["token"]).json["job_id"]
    revoke(house, made["id"])
    refused = post(house, "", {"name": "new", "scopes": ["trigger:hello/*"]}, "t-maker")
    assert (refused.status, refused.code) == (409, "exists")
    assert house.get(f"/job/{job_id}", make(house)["token"]).status == 200


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"name": "x", "scopes": ["everything"]}, "$.scopes[0]"),
        ({"name": "x", "scopes": []}, "$.scopes"),
        ({"name": "x"}, "$.scopes"),
        ({"name": "a b", "scopes": ["admin"]}, "$.name"),
        ({"name": "", "scopes": ["admin"]}, "$.name"),
        ({"name": "x", "scopes": ["admin"], "tenant": "a b"}, "$.tenant"),
        ({"name": "x", "scopes": ["admin"], "expires_in": 0}, "$.expires_in"),
        ({"name": "x", "scopes": ["admin"], "expires_at": 1}, "$.expires_at"),
        ({"name": "x", "scopes": ["admin"], "expires_at": 9e12, "expires_in": 5}, None),
        ({"name": "x", "scopes": ["admin"], "id": GONE}, "$.id"),
    ],
)
def test_a_body_that_is_wrong_makes_no_token_and_says_where(house: House, body: object, path: str | None) -> None:
    answer = post(house, "", body)
    assert (answer.status, answer.code) == (400, "invalid_input")
    assert path is None or answer.json["path"].startswith(path)
    assert house.get("/api/v1/tokens", ADMIN).json["tokens"] == []


def test_only_who_has_the_scope_sees_or_changes_tokens(house: House) -> None:
    made = make(house)
    for token, reads, writes in ((CI, 403, 403), (READER, 200, 403), ("t-nobody", 401, 401)):
        assert house.get("/api/v1/tokens", token).status == reads
        assert house.get(f"/api/v1/tokens/{made['id']}", token).status == reads
        assert post(house, "", {"name": "x", "scopes": ["trigger:hello/*"]}, token).status == writes
        assert post(house, f"/{made['id']}/rotate", None, token).status == writes
        assert revoke(house, made["id"], token).status == writes
    assert gets_in(house, made["token"])


def test_a_list_goes_page_by_page_from_the_newest_on(house: House) -> None:
    names = [f"n{number}" for number in range(5)]
    for name in names:
        make(house, name=name)
    found: list[str] = []
    cursor = ""
    while True:
        page = house.get("/api/v1/tokens", READER, query=b"limit=2" + cursor.encode()).json
        found += [token["name"] for token in page["tokens"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert found == names[::-1]
    one = house.get("/api/v1/tokens", READER, query=b"name=n3").json["tokens"]
    assert [token["name"] for token in one] == ["n3"]


@pytest.mark.parametrize(("token_id", "status"), [("nonsense", 400), (GONE, 404)])
def test_an_id_that_is_none_or_of_no_token_is_told_apart(house: House, token_id: str, status: int) -> None:
    assert house.get(f"/api/v1/tokens/{token_id}", ADMIN).status == status
    assert revoke(house, token_id).status == status
    assert post(house, f"/{token_id}/rotate").status == status


def test_the_tokens_of_another_tenant_are_not_there(house: House) -> None:
    theirs = make(house, name="theirs", tenant="other")
    ours = make(house, "t-acme", name="ours", scopes=["admin"])
    assert ours["tenant"] == "acme"
    assert [token["name"] for token in house.get("/api/v1/tokens", "t-acme").json["tokens"]] == ["ours"]
    assert house.get(f"/api/v1/tokens/{theirs['id']}", "t-acme").status == 404
    assert revoke(house, theirs["id"], "t-acme").status == 404
    assert post(house, f"/{theirs['id']}/rotate", None, "t-acme").status == 404
    for tenant in ("other", ""):
        refused = post(house, "", {"name": "x", "scopes": ["jobs:read"], "tenant": tenant}, "t-acme")
        assert (refused.status, refused.json["path"]) == (403, "$.tenant")


def test_an_admin_of_a_tenant_does_nothing_that_concerns_all(house: House) -> None:
    assert house.call("POST", "/api/v1/reload", [bearer("t-acme")]).status == 403
    assert house.get("/api/v1/plugins", "t-acme").status == 403
    assert house.get("/api/v1/health", "t-acme").status == 403


def test_every_change_of_a_token_is_one_entry_of_the_audit_log_without_the_token(house: House) -> None:
    made = make(house)
    rotated = post(house, f"/{made['id']}/rotate").json
    revoke(house, rotated["id"])
    revoke(house, rotated["id"])
    post(house, "", {"name": "x", "scopes": ["admin"]}, "t-maker")
    answer = house.get("/api/v1/audit", ADMIN)
    told = [(each["action"], each["target"], each["principal"], each["peer"]) for each in answer.json["entries"]]
    assert told == [
        ("token.revoke", rotated["id"], "token:admin", "192.0.2.1"),
        ("token.rotate", made["id"], "token:admin", "192.0.2.1"),
        ("token.create", made["id"], "token:admin", "192.0.2.1"),
    ]
    assert answer.json["entries"][2]["details"] == {"name": "new", "scopes": ["trigger:hello/*"]}
    for text in (made["token"], rotated["token"]):
        assert text.encode() not in answer.body
        assert digest(text).encode() not in answer.body


def test_a_missing_or_empty_credential_is_nobody(house: House) -> None:
    for headers in (
        [],
        [(b"authorization", b"")],
        [(b"authorization", b"Bearer ")],
        [(b"authorization", b"Bearer")],
        [(b"x-api-key", b"")],
        [(b"x-api-key", b""), (b"authorization", b"Bearer ")],
    ):
        assert house.call("GET", "/api/v1/tokens", headers).status == 401
        assert house.call("POST", "/trigger/hello/greet", [JSON, *headers], b"{}").status == 401
