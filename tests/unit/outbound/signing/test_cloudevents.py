import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.outbound.signing.lab import BODY, ID, JOB, SECRET, body_of, form, rendered

from hookyard.client import verify
from hookyard.outbound.signing.cloudevents import enveloped


def test_an_event_of_a_job_has_the_attributes_of_cloudevents() -> None:
    made = rendered(form(envelope="cloudevents"))
    assert made.headers["content-type"] == "application/cloudevents+json"
    assert (
        made.body
        == (
            f'{{"specversion":"1.0","id":"{ID}","source":"/yard","type":"job.succeeded","time":"2026-01-02T03:04:05.678Z",'
            f'"subject":"{JOB}","datacontenttype":"application/json","data":{{"job_id":"{JOB}","status":"succeeded"}}}}'
        ).encode()
    )


def test_what_is_signed_is_what_is_sent() -> None:
    for signature in ("standard", "plain"):
        made = rendered(form(envelope="cloudevents", signature=signature))
        chosen = verify(made.headers, made.body, SECRET, form=signature, now=1_767_323_045)
        assert chosen.form == signature


@pytest.mark.parametrize("data", [None, 7, "text", [], [{"job_id": "x"}], {}, {"job_id": 7}, {"job_id": ""}])
def test_data_that_is_about_no_job_has_no_subject(data: object) -> None:
    event = json.loads(enveloped(ID, "/yard", body_of(data)))
    assert "subject" not in event
    assert event["data"] == data


def test_data_goes_over_byte_for_byte() -> None:
    data = b'{ "b" : 1.10,\n"a":1e400, "a":[ ] }'
    body = b'{"type":"a.b","timestamp":"t","data":' + data + b"}"
    assert enveloped(ID, "/yard", body).endswith(b'"data":' + data + b"}")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(data=JSON, event=st.text(min_size=1), source=st.text())
def test_the_envelope_is_json_whatever_it_holds_and_the_same_each_time(data: object, event: str, source: str) -> None:
    body = msgspec.json.encode({"type": event, "timestamp": "2026-01-02T03:04:05Z", "data": data})
    made = enveloped(ID, source, body)
    found = json.loads(made)
    assert (found["type"], found["source"], found["data"], found["id"]) == (event, source, data, ID)
    assert enveloped(ID, source, body) == made


def test_the_stored_body_itself_is_left_alone() -> None:
    before = bytes(BODY)
    rendered(form(envelope="cloudevents"))
    assert before == BODY
