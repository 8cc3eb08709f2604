"""What a listener makes of what arrives."""

import asyncio
import json
from collections.abc import Iterable
from typing import Any, Final

import msgspec
import pytest

from hookyard.cli.listen.answers import parse_answers
from hookyard.cli.listen.arrival import Arrival, SeenIds
from hookyard.cli.listen.judge import Judge
from hookyard.cli.listen.listener import Listener
from hookyard.cli.listen.telling import LINES, as_json, as_lines
from hookyard.cli.receiver import Incoming, Reply
from hookyard.client.sign import sign
from hookyard.client.verify import Form
from hookyard.outbound.signing import SigningSecret, form_of, new_key, public_key
from hookyard.testing import FakeClock

NOW: Final = 1_799_224_200_000  # 2027-01-06T08:30:00Z
SECRET, OTHER = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_" + "b" * 32
BODY: Final = b'{"type":"job.failed","timestamp":"2027-01-06T08:30:00Z","data":{"n":1}}'
ID: Final = "0190a5b6-7c8d-7e9f-8a0b-1c2d3e4f5a6b"
URL: Final = "http://127.0.0.1:9000/"


def incoming(
    headers: Iterable[tuple[str, str]], body: bytes = BODY, *, method: str = "POST", whole: bool = True
) -> Incoming:
    return Incoming(method, "/", tuple(headers), body, whole)


def signed(
    body: bytes = BODY, *, secret: str = SECRET, identifier: str = ID, form: Form = "standard", url: str | None = None
) -> Incoming:
    return incoming(
        sign(body, secret, form=form, id=identifier, now=NOW / 1000, event="job.failed", url=url).items(), body
    )


class Place:
    """A listener, and what it told."""

    def __init__(
        self,
        answers: str = "204",
        *,
        secrets: tuple[str, ...] = (SECRET,),
        form: Form | None = None,
        count: int | None = None,
        delay: int = 0,
    ) -> None:
        self.told: list[Arrival] = []
        self.clock = FakeClock(NOW)
        judge = Judge(secrets, form, URL)
        self.listener = Listener(judge, parse_answers(answers), self.clock, self.told.append, delay=delay, count=count)

    def take(self, *arriving: Incoming) -> list[Reply]:
        async def run() -> list[Reply]:
            return [await self.listener.take(one) for one in arriving]

        return asyncio.run(run())


def test_what_verifies_is_answered_as_asked_and_told() -> None:
    place = Place("500,204")
    assert [reply.status for reply in place.take(signed(), signed())] == [500, 204]
    first, second = place.told
    assert (first.event, first.id, first.judged.problem, first.judged.how, first.at) == (
        "job.failed",
        ID,
        None,
        "v1",
        NOW,
    )
    assert (first.times, second.times, second.changed, second.status) == (1, 2, False, 204)
    assert place.listener.unverified == 0


def test_the_same_id_with_another_body_is_noticed() -> None:
    place = Place()
    place.take(signed(), signed(b'{"type":"job.failed"}'))
    assert [(one.times, one.changed) for one in place.told] == [(1, False), (2, True)]
    assert "came before (2 times now), WITH ANOTHER BODY" in next(as_lines(place.told[1], headers=False, whole=False))


def test_what_does_not_verify_is_401_says_why_and_takes_no_turn() -> None:
    place = Place("500,204")
    forged = signed(secret=OTHER)
    assert [reply.status for reply in place.take(forged, incoming([]), signed())] == [401, 401, 500]
    reasons = [one.judged.problem or "" for one in place.told]
    assert "nobody" in reasons[0].lower() or "signature" in reasons[0].lower()
    assert "not signed" in reasons[1]
    assert place.listener.unverified == 2
    assert [one.times for one in place.told] == [0, 0, 1], "what nobody signed is no first coming of anything"


def test_a_header_that_matters_twice_does_not_verify() -> None:
    good = signed()
    place = Place()
    place.take(incoming([*good.headers, ("webhook-id", "another")]))
    assert place.told[0].judged.problem is not None


def test_any_of_several_secrets_and_public_keys_verifies() -> None:
    key = new_key()
    place = Place(secrets=(OTHER, SECRET, public_key(key).text))
    place.take(signed(), signed(secret=key))
    assert [one.judged.how for one in place.told] == ["v1, secret 2 of 3", "v1a, secret 3 of 3"]


def test_the_plain_form_has_to_be_insisted_on() -> None:
    plain = signed(form="plain")
    place = Place()
    assert place.take(plain)[0].status == 401
    assert "--form plain" in (place.told[0].judged.problem or "")
    insisting = Place(form="plain")
    assert insisting.take(plain, signed())[0].status == 204
    assert (insisting.told[0].event, insisting.told[0].id) == ("job.failed", ID)
    assert insisting.told[1].judged.problem is not None


@pytest.mark.parametrize("form", ["standard", "plain", "http"])
@pytest.mark.parametrize("said", [{"type": "a book", "n": 1}, [1], None, "größe", {}])
def test_an_event_without_anything_round_it_is_named_by_its_header(form: Form, said: object) -> None:
    endpoint = form_of(
        signature="plain" if form == "plain" else "standard",
        http_signature=form == "http",
        envelope="payload",
        secrets=[SigningSecret(SECRET)],
        headers={},
        agent="Hookyard",
        source="/yard",
        url=URL,
    )
    data = {"event_id": "e", "plugin": "p", "command": "c", "job_id": "j", "payload": said}
    stored = msgspec.json.encode({"type": "größe.neu", "timestamp": "t", "data": data})
    made = endpoint.render(ID, "größe.neu", stored, NOW)
    place = Place(form=form)
    assert place.take(incoming(made.headers.items(), made.body))[0].status == 204
    assert (place.told[0].event, place.told[0].id, place.told[0].judged.problem) == ("größe.neu", ID, None)
    line = json.loads(as_json(place.told[0]))
    assert (line["event"], line["body"]) == ("größe.neu", said)
    assert "größe.neu" in next(as_lines(place.told[0], headers=False, whole=False))


def test_http_signatures_may_cover_the_url() -> None:
    place = Place(form="http")
    assert place.take(signed(form="http", url=URL))[0].status == 204
    assert place.take(signed(form="http", url="http://127.0.0.1:9000/other"))[0].status == 401


@pytest.mark.parametrize("body", [b"", b"no json", b"\xff\xfe", b"[" * 100_000, b'{"type": 7}', b"null"])
def test_a_body_of_any_kind_is_told_of(body: bytes) -> None:
    place = Place()
    place.take(signed(body))
    assert place.told[0].id == ID
    assert place.told[0].judged.problem is None
    assert list(as_lines(place.told[0], headers=True, whole=True))
    assert json.loads(as_json(place.told[0]))["verified"] is True


def test_a_body_that_is_too_large_is_413() -> None:
    place = Place()
    assert place.take(incoming(signed().headers, whole=False))[0].status == 413
    assert "larger than 32 MiB" in (place.told[0].judged.problem or "")


def test_only_post_is_a_webhook() -> None:
    place = Place(count=1)
    assert place.take(incoming([], method="GET"))[0].status == 405
    assert place.told == []
    assert not place.listener.over.is_set()


def test_after_so_many_it_is_over_and_takes_no_more() -> None:
    place = Place(count=2)
    assert [reply.status for reply in place.take(signed(), signed(), signed())] == [204, 204, 503]
    assert len(place.told) == 2
    assert place.listener.over.is_set()


def test_an_answer_may_wait_and_does_not_when_it_is_over() -> None:
    place = Place(delay=2000)

    async def run() -> None:
        taking = asyncio.create_task(place.listener.take(signed()))
        await asyncio.sleep(0)  # it runs until it waits
        assert len(place.told) == 1
        assert not taking.done()
        place.clock.advance(2000)
        assert (await taking).status == 204
        taking = asyncio.create_task(place.listener.take(signed()))
        await asyncio.sleep(0)
        place.listener.over.set()
        assert (await taking).status == 204

    asyncio.run(run())


def test_it_ends_when_nobody_reads_what_it_prints() -> None:
    def broken(arrival: Arrival) -> None:
        raise BrokenPipeError

    listener = Listener(Judge((SECRET,), None, URL), parse_answers("204"), FakeClock(NOW), broken)
    assert asyncio.run(listener.take(signed())).status == 204
    assert listener.over.is_set()


def test_the_oldest_ids_are_forgotten() -> None:
    known = SeenIds()
    for number in range(10_001):
        known.count(str(number), b"")
    assert known.count("0", b"") == (1, False)
    assert known.count("10000", b"") == (2, False)
    assert known.count("", b"") == (0, False)


# --- how it is shown ----------------------------------------------------------------------------------------------


def shown(body: bytes, **how: bool) -> list[str]:
    place = Place()
    place.take(signed(body))
    return list(as_lines(place.told[0], headers=how.get("headers", False), whole=how.get("whole", False)))


def test_a_line_says_time_event_id_and_verdict_and_the_body_follows() -> None:
    lines = shown(BODY)
    assert lines[0] == f"08:30:00.000  job.failed  {ID}  verified (v1)  -> 204"
    assert lines[1:3] == ["    {", '      "type": "job.failed",']


def test_headers_are_shown_when_asked_for() -> None:
    assert f"    webhook-id: {ID}" in shown(BODY, headers=True)


def test_a_long_body_is_cut_and_says_so() -> None:
    body = json.dumps({"type": "a", "lines": list(range(100)), "text": "x" * 500}).encode()
    lines = shown(body)
    assert len(lines) == LINES + 2
    assert lines[-1].endswith("more lines; --whole shows them")
    whole = shown(body, whole=True)
    assert len(whole) > 100
    assert max(map(len, whole)) > 500
    assert max(map(len, shown(b'{"text":"' + b"x" * 500 + b'"}'))) < 200


def test_nothing_that_a_terminal_would_obey_is_shown() -> None:
    evil = '{"type":"a\\u001b[2J","data":"\x9b31m\u202e"}'.encode()
    place = Place()
    forged = incoming([*signed(evil).headers, ("x-evil", "a\x1b]0;b\x07")], evil)
    place.take(forged)
    text = "".join(as_lines(place.told[0], headers=True, whole=True))
    assert text.isprintable()


def test_a_line_of_json_has_all_of_it() -> None:
    place = Place()
    place.take(signed(), incoming([], b"no json"))
    first, second = (json.loads(as_json(one)) for one in place.told)
    members: dict[str, Any] = {name: first[name] for name in ("event", "id", "verified", "by", "times", "answered")}
    assert members == {"event": "job.failed", "id": ID, "verified": True, "by": "v1", "times": 1, "answered": 204}
    assert first["body"]["data"] == {"n": 1}
    assert ["webhook-id", ID] in first["headers"]
    assert (second["verified"], second["body"], second["answered"]) == (False, "no json", 401)
