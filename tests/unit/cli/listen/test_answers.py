"""What `hookyard listen --answer` means."""

import pytest

from hookyard.cli.listen.answers import parse_answers
from hookyard.cli.receiver import Reply


def test_answers_come_in_their_turn_and_the_last_one_stays() -> None:
    answers = parse_answers("500, 500,204")
    assert [answers.next().status for _ in range(5)] == [500, 500, 204, 204, 204]


def test_an_answer_may_have_headers() -> None:
    answers = parse_answers("429:retry-after=5:X-Note=a=b,410")
    assert answers.next() == Reply(429, (("retry-after", "5"), ("x-note", "a=b")))
    assert answers.next() == Reply(410)


def test_a_wish_is_in_every_answer() -> None:
    answers = parse_answers("500:a=b,204", "disable")
    assert answers.next().headers == (("a", "b"), ("webhook-delivery", "disable"))
    assert answers.next().headers == (("webhook-delivery", "disable"),)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "200,",
        "99",
        "600",
        "abc",
        "2000",
        "٢٠٠",
        "500:",
        "500:a",
        "500:=b",
        "500:a b=c",
        "500:a=x\ny",
        "500:a=é",
        "500:Content-Length=4",
        "500:transfer-encoding=chunked",
        "100",
    ],
)
def test_what_is_no_answer_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no status|is no header|the server's own"):
        parse_answers(text)
