"""Secrets of endpoints over HTTP: replaced with an overlap, never shown twice; and public keys that anybody gets."""

import json
from pathlib import Path

import pytest
import trustme
from tests.unit.gateway.endpoints.hall import SECRET, WRITER, Hall, in_hall, refused

from hookyard.outbound.signing import new_key, new_secret, public_key

DAY = 86_400_000


def test_a_rotation_shows_the_new_secret_once_and_the_old_one_signs_until_the_overlap_is_over(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        [old] = (await call.make("audit"))["new_secrets"]
        call.clock.advance(1000)
        rotated = await call("POST", "/endpoints/audit/rotate", {"overlap": "1h"}, WRITER)
        assert (rotated.status_code, rotated.headers["cache-control"]) == (200, "no-store")
        [new] = rotated.json()["new_secrets"]
        assert new != old
        shown = await call("GET", "/endpoints/audit")
        assert old not in shown.text
        assert new not in shown.text
        first, second = shown.json()["secrets"]
        assert "until" not in first
        assert (second["until"], second.get("expired")) == ("2026-05-01T01:00:01.000Z", None)
        call.clock.advance(3_600_000)
        assert [one.get("expired") for one in (await call("GET", "/endpoints/audit")).json()["secrets"]] == [None, True]
        [entry] = (await call("GET", "/audit?action=endpoint.rotate")).json()["entries"]
        assert entry["details"] == {"kind": "v1", "overlap_ms": 3_600_000, "given": False}
        log = json.dumps((await call("GET", "/audit")).json())
        assert old not in log
        assert new not in log

    in_hall(tmp_path, work)


def test_left_out_an_overlap_is_a_day_and_none_at_all_ends_the_old_one_at_once(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        await call.make("audit")
        assert (await call("POST", "/endpoints/audit/rotate")).json()["secrets"][1][
            "until"
        ] == "2026-05-02T00:00:00.000Z"
        at_once = (await call("POST", "/endpoints/audit/rotate", {"overlap": 0})).json()["secrets"]
        assert len([one for one in at_once if "until" not in one]) == 1
        assert len([one for one in at_once if not one.get("expired")]) == 1

    in_hall(tmp_path, work)


def test_a_secret_of_ones_own_is_not_shown_again_and_each_kind_is_replaced_alone(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        made = await call.make("audit", sign=["v1", "v1a"])
        [secret] = made["new_secrets"]
        assert secret.startswith("whsec_")
        assert [one["kind"] for one in made["secrets"]] == ["v1", "v1a"]
        assert len(made["public_keys"]) == 1
        another = await call("POST", "/endpoints/audit/rotate", {"kind": "v1a"})
        assert another.json()["new_secrets"] == []
        assert "whsk_" not in another.text
        own = new_key()
        rotated = (await call("POST", "/endpoints/audit/rotate", {"kind": "v1a", "secret": own, "overlap": 0})).json()
        assert rotated["new_secrets"] == []
        assert sorted(one["kind"] for one in rotated["secrets"] if not one.get("expired")) == ["v1", "v1a"]
        assert [key["public_key"] for key in rotated["public_keys"]] == [public_key(own).text]
        given = await call("POST", "/endpoints", call.body(name="given", secrets=[SECRET]))
        assert given.json()["new_secrets"] == []
        assert SECRET not in given.text

    in_hall(tmp_path, work)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"kind": "v2"}, "$.kind"),
        ({"overlap": -1}, "$.overlap"),
        ({"overlap": "367d"}, "$.overlap"),
        ({"overlap": "soon"}, "$.overlap"),
        ({"overlap": 1e300}, "$.overlap"),
        ({"secret": ""}, "$.secret"),
        ({"secret": "x" * 501}, "$.secret"),
        ({"secret": "whsec_short"}, "$.secret"),
        ({"kind": "v1a", "secret": new_secret()}, "$.secret"),
        ({"more": 1}, "$.more"),
    ],
)
def test_a_rotation_that_is_wrong_changes_nothing_and_quotes_no_secret(
    tmp_path: Path, body: dict[str, object], path: str
) -> None:
    async def work(call: Hall) -> None:
        await call.make("audit")
        before = (await call("GET", "/endpoints/audit")).json()
        answer = await call("POST", "/endpoints/audit/rotate", body)
        assert refused(answer) == (400, "invalid_input", path)
        assert not isinstance(secret := body.get("secret"), str) or not secret or secret not in answer.text
        assert (await call("GET", "/endpoints/audit")).json() == before

    in_hall(tmp_path, work)


def test_a_public_key_is_published_for_anybody_who_knows_its_name(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        await call.make("audit", sign=["v1a"])
        [shown] = (await call("GET", "/endpoints/audit")).json()["public_keys"]
        assert shown["url"] == f"https://hooks.example.com/keys/{shown['kid']}"
        published = await call("GET", f"/keys/{shown['kid']}", None, None)
        assert published.status_code == 200
        assert published.headers["cache-control"] == "public, max-age=3600"
        assert published.json()["public_key"] == shown["public_key"]
        [jwk] = published.json()["keys"]
        assert (jwk["kty"], jwk["crv"], jwk["kid"]) == ("OKP", "Ed25519", shown["kid"])
        assert "d" not in jwk

    in_hall(tmp_path, work, server={"public_url": "https://hooks.example.com"})


def test_a_key_that_is_not_there_is_the_same_answer_whatever_was_asked_for(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        made = await call.make("audit", sign=["v1a"])
        assert made["new_secrets"] == []
        kid = made["public_keys"][0]["kid"]
        answers = [
            (await call("GET", f"/keys/{name}", None, token)).json()
            for name in (kid[:-1], kid.swapcase(), "x" * 43, "audit", "..%2Fkeys", "%00", "ä", "x" * 5000)
            for token in (None, "no-token", "admin")
        ]
        assert {json.dumps({**one, "request_id": ""}) for one in answers} == {
            json.dumps({**answers[0], "request_id": ""})
        }
        assert (answers[0]["status"], answers[0]["code"]) == (404, "not_found")
        other = public_key(new_key()).kid
        assert (await call("GET", f"/keys/{other}", None, None)).json()["code"] == "not_found"

    in_hall(tmp_path, work)


def test_whoever_tries_names_of_keys_is_held_back(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        made = await call.make("audit", sign=["v1a"])
        for _ in range(3):
            assert (await call("GET", "/keys/nope", None, None)).status_code == 404
        assert refused(await call("GET", "/keys/nope", None, None))[:2] == (429, "rate_limited")
        [key] = made["public_keys"]
        assert (await call("GET", f"/keys/{key['kid']}", None, None)).status_code == 200

    in_hall(tmp_path, work, limits={"failures": "3/1m"})


def test_of_certificates_only_whose_they_are_and_their_end_is_shown(tmp_path: Path) -> None:
    own = trustme.CA().issue_cert("partner.example.com", organization_name="Partner")
    cert, key = own.cert_chain_pems[0].bytes().decode(), own.private_key_pem.bytes().decode()
    authority = trustme.CA().cert_pem.bytes().decode()

    async def work(call: Hall) -> None:
        answer = await call(
            "POST", "/endpoints", call.body(name="audit", tls={"ca": authority, "cert": cert, "key": key})
        )
        assert answer.status_code == 201, answer.text
        shown = answer.json()["tls"]
        assert shown["ca"] is True
        assert "Partner" in shown["cert"]["subject"]
        assert shown["cert"]["expires_at"].endswith("Z")
        assert "PRIVATE KEY" not in answer.text
        assert "BEGIN" not in answer.text
        only = await call("PATCH", "/endpoints/audit", {"tls": {"cert": None, "key": None}})
        assert only.json()["tls"] == {"ca": True}
        assert "tls" not in (await call("PATCH", "/endpoints/audit", {"tls": None})).json()

    in_hall(tmp_path, work)
