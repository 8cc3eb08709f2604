"""What a configuration may ask of signatures, said where it is checked."""

import pytest
from tests.unit.outbound.signing.lab import BODY, KEY, NOW, OTHER, SECRET, form, rendered

from hookyard.client import verify
from hookyard.config.model import Config, EndpointSettings
from hookyard.config.values import Secret
from hookyard.outbound import Outbound
from hookyard.outbound.signing import SigningSecret, new_key, new_secret


def found(secrets: list[str], headers: dict[str, str] | None = None) -> dict[str, str]:
    endpoint = EndpointSettings(
        url="https://example.com/hook",
        secrets=tuple(Secret(one) for one in secrets),
        headers={name: Secret(value) for name, value in (headers or {}).items()},
    )
    return dict(Outbound.problems(Config(endpoints={"main": endpoint})))


def test_eight_secrets_of_each_kind_are_as_many_as_sign() -> None:
    both = [make() for make in (new_secret, new_key) for _ in range(8)]
    assert found(both) == {}
    for make in (new_secret, new_key):
        problems = found([*both, make()])
        assert list(problems) == ["endpoints.main.secrets"]
        assert "more than 8 of a kind" in problems["endpoints.main.secrets"]


def test_a_secret_that_is_there_twice_signs_once_for_as_long_as_one_of_them_is_good() -> None:
    bare = SECRET.removeprefix("whsec_")
    made = form(SigningSecret(bare, until=1), OTHER, SECRET, KEY, KEY)
    sent = rendered(made)
    signatures = dict(sent.headers)["webhook-signature"].split(" ")
    assert len(signatures) == len(set(signatures)) == 3
    assert verify(sent.headers, BODY, [SECRET], form="standard", now=NOW).algorithm == "v1"


@pytest.mark.parametrize("name", ["Webhook-Id", "Host", "Signature", "Connection"])
def test_a_header_that_is_not_the_endpoints_is_a_problem_at_its_key_and_not_quoted(name: str) -> None:
    problems = found([new_secret()], {name: "s3cret"})
    assert list(problems) == [f"endpoints.main.headers.{name}"]
    assert "s3cret" not in str(problems)
