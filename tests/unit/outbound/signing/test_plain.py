import pytest
from tests.unit.outbound.signing.lab import (
    BODY,
    ID,
    KEY,
    NOW,
    OTHER,
    PLAIN,
    PLAIN_OTHER,
    SECRET,
    form,
    rendered,
)

from hookyard.outbound.form import Rendered
from hookyard.outbound.signing import SecretError, SigningSecret


def test_a_plain_request_has_these_headers_and_no_others() -> None:
    assert rendered(form(signature="plain")) == Rendered(
        {
            "x-webhook-signature": PLAIN,
            "x-webhook-event": "job.succeeded",
            "x-webhook-delivery": ID,
            "x-webhook-timestamp": str(NOW),
            "content-type": "application/json",
            "user-agent": "Hookyard/1",
        },
        BODY,
    )


def test_during_a_rotation_there_are_several_the_newest_first() -> None:
    made = form(SigningSecret(OTHER, (NOW + 1) * 1000), SECRET, signature="plain")
    assert rendered(made).headers["x-webhook-signature"] == f"{PLAIN},{PLAIN_OTHER}"
    assert rendered(made, now=(NOW + 1) * 1000).headers["x-webhook-signature"] == PLAIN


def test_a_key_pair_does_not_sign_the_plain_form() -> None:
    assert rendered(form(KEY, SECRET, signature="plain")).headers["x-webhook-signature"] == PLAIN
    with pytest.raises(SecretError, match="needs a shared secret"):
        form(KEY, signature="plain")


def test_nothing_is_sent_once_the_last_shared_secret_is_over() -> None:
    made = form(KEY, SigningSecret(SECRET, NOW * 1000), signature="plain")
    with pytest.raises(SecretError, match="nobody signs"):
        rendered(made)


@pytest.mark.parametrize(
    ("event", "header"),
    [
        ("order placed", "order%20placed"),
        ("größe.neu", "gr%C3%B6%C3%9Fe.neu"),
        ("a%20b", "a%2520b"),
        ("a/b:c", "a/b:c"),
    ],
)
def test_an_event_type_that_a_header_could_not_hold_is_percent_encoded(event: str, header: str) -> None:
    assert rendered(form(signature="plain"), event=event).headers["x-webhook-event"] == header
