"""`POST /api/v1/deliveries/resend`: many in one call, each with an answer of its own."""

from pathlib import Path

from tests.unit.gateway.endpoints.hall import ACME, NOBODY, READER, WRITER, ZETA, Hall, in_hall, refused

RESEND = "/deliveries/resend"
ON_ITS_WAY = {"pending", "sending", "delivered"}
"""How one that is sent again may stand when that is answered: nobody waits for its turn, nor is it held back."""
UNKNOWN = "019de0d5-c800-7000-bf01-946b94460cf0"


def test_many_are_sent_again_in_one_call_each_under_its_id_with_an_entry_of_its_own(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        await call.make("audit", events=["job.succeeded"])
        for _ in range(3):
            await call.run()
        sent = [row["id"] for row in await call.settled("endpoint=audit", 3)]
        answer = await call("POST", RESEND, {"ids": [*sent, sent[0].upper()]}, WRITER)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert (body["accepted"], body["refused"]) == (3, 0)
        assert [(each["id"], each["status"] in ON_ITS_WAY) for each in body["results"]] == [(id_, True) for id_ in sent]
        await call.receiver.until(lambda: len(call.receiver.requests) == 6)
        again = [request.headers["webhook-id"] for request in call.receiver.requests[3:]]
        assert sorted(again) == sorted(sent)
        entries = (await call("GET", "/audit?action=delivery.resend")).json()["entries"]
        assert sorted(entry["target"] for entry in entries) == sorted(sent)
        assert {entry["details"]["endpoint"] for entry in entries} == {"audit"}

    in_hall(tmp_path, work)


def test_what_is_wrong_with_one_keeps_no_other_from_being_sent(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        await call.make("gone", events=["job.succeeded"])
        await call.make("audit", events=["job.succeeded"])
        await call.run()
        await call.settled("", 2)
        [off], [on] = await call.deliveries("endpoint=gone"), await call.deliveries("endpoint=audit")
        await call("POST", "/endpoints/gone/disable")
        answer = (await call("POST", RESEND, {"ids": [UNKNOWN, off["id"], "../jobs", on["id"]]}, WRITER)).json()
        assert (answer["accepted"], answer["refused"]) == (1, 3)
        *wrong, right = answer["results"]
        assert [(each["id"], each["problem"]["code"]) for each in wrong] == [
            (UNKNOWN, "not_found"),
            (off["id"], "endpoint_disabled"),
            ("../jobs", "invalid_request"),
        ]
        assert (right["id"], right["status"] in ON_ITS_WAY) == (on["id"], True)
        assert answer["results"][0]["problem"]["detail"] == "There is no such delivery."
        entries = (await call("GET", "/audit?action=delivery.resend")).json()["entries"]
        assert [entry["target"] for entry in entries] == [on["id"]], "what was not done is not noted"

    in_hall(tmp_path, work)


def test_a_tenant_sends_its_own_again_and_another_ones_are_not_there(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        await call.make("theirs", token=ZETA, events=["job.succeeded"])
        await call.make("ours", token=ACME, events=["job.succeeded"])
        for token in (ACME, ZETA):
            await call.run(token=token)
        await call.settled("", 2)
        [theirs], [ours] = await call.deliveries("endpoint=theirs"), await call.deliveries("endpoint=ours")
        answer = (await call("POST", RESEND, {"ids": [theirs["id"], ours["id"]]}, ACME)).json()
        wrong, right = answer["results"]
        assert (wrong["problem"]["code"], right["status"] in ON_ITS_WAY) == ("not_found", True)
        for token in (READER, NOBODY):
            assert refused(await call("POST", RESEND, {"ids": [ours["id"]]}, token))[:2] == (403, "forbidden")

    in_hall(tmp_path, work)


def test_more_than_a_hundred_or_none_are_refused_whole(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        bodies: tuple[dict[str, object], ...] = (
            {"ids": []},
            {"ids": [UNKNOWN] * 101},
            {"ids": [1]},
            {},
            {"ids": [UNKNOWN], "id": 1},
        )
        for body in bodies:
            status, code, path = refused(await call("POST", RESEND, body, WRITER))
            assert (status, code) == (400, "invalid_input")
            assert path is not None
        assert refused(await call("POST", f"{RESEND}?x=1", {"ids": [UNKNOWN]}, WRITER))[0] == 400

    in_hall(tmp_path, work)
