"""GitLab: the signature, the token, and the move from one to the other."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from tests.unit.inbound.verifiers.lab import HEADERS, NOW, keys, request, step

from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifiers.gitlab import Accept, GitLab
from hookyard.webhook_secret import SecretError

SIGNING = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + "A" * 32
TOKEN = "glpat-secret-token"
BODY = b'{"object_kind":"push"}'
UNTIL = NOW + 3_600_000


@dataclass
class Sent:
    """A delivery: GitLab sends id and time with each, the signature only where a signing token is set."""

    token: str | None = None
    signing: str | None = None
    now: int = NOW

    def made(self) -> InboundRequest:
        headers = {"webhook-id": "4d2e", "webhook-timestamp": str(self.now // 1000), "X-Gitlab-Event": "Push Hook"}
        if self.token is not None:
            headers["X-Gitlab-Token"] = self.token
        made = request(headers, BODY, now=self.now)
        return made if self.signing is None else GitLab("signature").sign(made, self.signing)


SIGNED, TOLD, BOTH = Sent(signing=SIGNING), Sent(token=TOKEN), Sent(token=TOKEN, signing=SIGNING)


@pytest.mark.parametrize(
    ("accept", "sent", "expected"),
    [
        ("signature", SIGNED, None),
        ("signature", BOTH, None),
        ("signature", TOLD, "missing"),  # never a fall back to the token
        ("signature", Sent(), "missing"),
        ("signature", Sent(signing=OTHER), "mismatch"),
        ("token", TOLD, None),
        ("token", BOTH, None),
        ("token", SIGNED, "missing"),
        ("token", Sent(token=TOKEN + "x"), "mismatch"),
        ("token", Sent(token=""), "missing"),
        ("either", SIGNED, None),
        ("either", TOLD, None),
        ("either", BOTH, None),
        ("either", Sent(token=TOKEN, signing=OTHER), "mismatch"),  # a signature that is there must be good
        ("either", Sent(token="guess"), "mismatch"),
        ("either", Sent(), "missing"),
        ("either", Sent(token=SIGNING), "mismatch"),  # a signing token is no password
        ("either", Sent(token=TOKEN, now=UNTIL - 1), None),
        ("either", Sent(token=TOKEN, now=UNTIL), "missing"),
        ("either", Sent(token=TOKEN, now=UNTIL + 1), "missing"),
        ("either", Sent(signing=SIGNING, now=UNTIL + 1), None),
    ],
)
def test_what_a_source_accepts_is_what_it_is_sent(accept: Accept, sent: Sent, expected: str | None) -> None:
    verifier = GitLab(accept, UNTIL if accept == "either" else None)
    secrets = {"signature": (SIGNING,), "token": (TOKEN,), "either": (SIGNING, TOKEN)}[accept]
    assert step(verifier, sent.made(), keys(verifier, *secrets)) == expected


def test_the_signature_is_what_is_wanted_where_nothing_is_said() -> None:
    verifier = GitLab()
    assert step(verifier, SIGNED.made(), keys(verifier, SIGNING)) is None
    assert step(verifier, TOLD.made(), keys(verifier, SIGNING)) == "missing"


def test_an_empty_signature_is_no_reason_to_take_the_token() -> None:
    verifier = GitLab("either", UNTIL)
    made = TOLD.made()
    spoilt = InboundRequest(headers={**made.headers, b"webhook-signature": b""}, body=BODY, now=NOW)
    assert step(verifier, spoilt, keys(verifier, SIGNING, TOKEN)) == "missing"


def test_a_time_of_the_move_that_is_not_known_takes_no_token() -> None:
    verifier = GitLab("either")
    assert step(verifier, TOLD.made(), keys(verifier, SIGNING, TOKEN)) == "missing"


def test_any_of_several_tokens_will_do_and_headers_must_come_once() -> None:
    verifier = GitLab("token")
    found = keys(verifier, "old-token", TOKEN)
    assert verifier.verify(TOLD.made(), found).number == 1
    made = TOLD.made()
    twice = InboundRequest(headers=made.headers, body=BODY, now=NOW, repeated=frozenset({b"x-gitlab-token"}))
    assert step(verifier, twice, found) == "repeated"


@pytest.mark.parametrize(
    ("accept", "secret"),
    [
        ("signature", TOKEN),
        ("signature", "whsec_AAAA"),
        ("either", "whsec_AAAA"),
        ("token", ""),
        ("either", " "),
        ("token", "short"),
    ],
)
def test_what_can_be_no_secret_is_refused(accept: Accept, secret: str) -> None:
    with pytest.raises(SecretError):
        GitLab(accept, UNTIL).load(secret)


def test_tokens_do_not_show_when_they_are_printed() -> None:
    assert TOKEN not in repr(keys(GitLab("token"), TOKEN))


@given(token=HEADERS, signature=HEADERS)
def test_nothing_that_is_sent_raises_anything_else(token: bytes, signature: bytes) -> None:
    verifier = GitLab("either", UNTIL)
    found = keys(verifier, SIGNING, TOKEN)
    headers = {b"webhook-id": b"1", b"webhook-timestamp": b"%d" % (NOW // 1000)}
    for more in ({b"x-gitlab-token": token}, {b"webhook-signature": signature}):
        assert step(verifier, InboundRequest(headers=headers | more, body=BODY, now=NOW), found) is not None
