"""Settings of presets that are missing or wrong: all of them are named, none is guessed."""

import pytest

from hookyard.config.model import PresetScheme
from hookyard.inbound.problem import SchemeError
from hookyard.inbound.verifiers import build

TOPIC = "arn:aws:sns:eu-central-1:123456789012:builds"
UNTIL = "2027-01-31T00:00:00Z"


def problems(scheme: PresetScheme, tolerance: int | None = None) -> list[tuple[str, str]]:
    with pytest.raises(SchemeError) as caught:
        build(scheme.preset, scheme, tolerance=tolerance)
    return list(caught.value.problems)


@pytest.mark.parametrize(
    ("scheme", "place", "sentence"),
    [
        (PresetScheme(preset="aws-sns"), "topics", "is missing"),
        (PresetScheme(preset="aws-sns", topics=("*",)), "topics[0]", "no ARN of a topic"),
        (PresetScheme(preset="aws-sns", topics=(TOPIC, TOPIC + "/x")), "topics[1]", "no ARN of a topic"),
        (PresetScheme(preset="gitlab", accept="either"), "until", "is missing"),
        (PresetScheme(preset="gitlab", accept="either", until="tomorrow"), "until", "is no time such as"),
        (PresetScheme(preset="gitlab", accept="either", until="2027-01-31"), "until", "has no offset"),
        (PresetScheme(preset="gitlab", accept="token", until=UNTIL), "until", "has no use"),
        (PresetScheme(preset="gitlab", until=UNTIL), "until", "has no use"),
        (PresetScheme(preset="standard-webhooks", prefix="svix-"), "prefix", "is not part of it"),
        (PresetScheme(preset="standard-webhooks", prefix="a b"), "prefix", "letters, digits"),
        (PresetScheme(preset="rfc9421", components=("@method",)), "components", "must have content-digest"),
        (PresetScheme(preset="rfc9421", components=("content-digest", "@status")), "components[1]", "neither"),
        (PresetScheme(preset="rfc9421", components=("Date", "content-digest")), "components[0]", "in lower case"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(scheme: PresetScheme, place: str, sentence: str) -> None:
    ((where, what),) = problems(scheme)
    assert where == place
    assert sentence in what


def test_all_that_is_wrong_is_said_at_once() -> None:
    assert [place for place, _ in problems(PresetScheme(preset="aws-sns", topics=("a", "b")), 0)] == [
        "tolerance",
        "topics[0]",
        "topics[1]",
    ]


@pytest.mark.parametrize(
    "name", ["azure-devops", "azure-event-grid", "cloudevents", "microsoft-graph", "twilio", "websub"]
)
def test_senders_who_do_not_say_when_they_sent_have_no_tolerance(name: str) -> None:
    assert build(name, PresetScheme(preset="websub")) is not None
    with pytest.raises(SchemeError, match="does not say when it sent"):
        build(name, PresetScheme(preset="websub"), tolerance=1000)


@pytest.mark.parametrize(
    "scheme",
    [
        PresetScheme(preset="aws-sns", topics=(TOPIC, TOPIC + ".fifo", TOPIC.replace("aws", "aws-cn"))),
        PresetScheme(preset="gitlab", accept="either", until="2027-01-31T00:00:00+01:00"),
        PresetScheme(preset="standard-webhooks", prefix="X-My-Hook"),
        PresetScheme(preset="rfc9421", components=("@method", "@target-uri", "content-digest", "x-request-id")),
    ],
    ids=lambda scheme: scheme.preset,
)
def test_what_is_right_is_built(scheme: PresetScheme) -> None:
    assert build(scheme.preset, scheme, tolerance=1000).pair() is not None


def test_there_is_no_verifier_of_another_name() -> None:
    with pytest.raises(KeyError):
        build("nobody", PresetScheme(preset="gitlab"))
