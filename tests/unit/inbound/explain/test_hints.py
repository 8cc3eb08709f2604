"""Explanations that must not mislead: what is said fits the request, and names the setting that helps."""

import hmac
from base64 import b64encode

import pytest
from msgspec.structs import replace
from tests.unit.inbound.explain.lab import BODY, NOW, SECRET, captured, lines, sent, source, told

from hookyard.inbound.secrets import SourceSecret

WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_a_header_that_came_twice_is_not_explained_by_what_stands_before_its_signature() -> None:
    subject = source("github", SECRET)
    once = captured(sent(subject, SECRET))
    twice = told(replace(once, headers=once.headers + once.headers), subject)
    assert "came several times" in lines(twice, "✗")
    assert lines(twice, "·") == ""


@pytest.mark.parametrize("mac", ["sha1", "sha512"])
def test_where_another_hash_is_found_it_is_not_said_that_nothing_was(mac: str) -> None:
    subject = source("github", SECRET)
    digest = hmac.new(SECRET.encode(), BODY, mac).hexdigest()
    notes = lines(told(captured(sent(subject, SECRET), x_hub_signature_256=f"sha256={digest}"), subject), "·")
    assert f"it is good as hmac-{mac}" in notes
    assert "variations" not in notes


@pytest.mark.parametrize("value", ["", "sha256=", "sha256=0123"])
def test_without_a_signature_it_is_not_said_that_another_secret_signed_it(value: str) -> None:
    subject = source("github", SECRET)
    explained = told(captured(sent(subject, SECRET), x_hub_signature_256=value), subject)
    assert not explained.verified
    assert lines(explained, "·") == ""


def test_an_old_secret_is_all_that_is_told_of_a_request_that_it_signed() -> None:
    subject = source("github", SECRET)
    old = SourceSecret(text="the old one", number=1, until=NOW - 1)
    both = replace(subject, secrets=(*subject.secrets, old))
    notes = lines(told(captured(sent(both, "the old one")), both), "·")
    assert notes.startswith("found: it is signed with secret 2 of 2, which was good until")
    assert len(notes.splitlines()) == 1


def test_a_signature_in_the_wrong_place_is_not_said_to_be_of_the_wrong_size() -> None:
    subject = source("stripe", SECRET)
    request = sent(subject, SECRET)
    there = request.headers[b"stripe-signature"].decode()
    said = lines(told(captured(request, stripe_signature=there.replace("v1=", "v0=")), subject), "✗")
    assert "64 hex digits, as of SHA-256, as one of this kind has, but what stands before" in said


def test_github_with_its_old_header_only_is_not_taken_for_bitbucket() -> None:
    subject = source("github", SECRET)
    request = sent(subject, SECRET, headers={"X-GitHub-Event": "push", "X-GitHub-Delivery": "d-1"})
    digest = hmac.new(SECRET.encode(), BODY, "sha1").hexdigest()
    capture = captured(request, x_hub_signature_256=None, x_hub_signature=f"sha1={digest}")
    explained = told(capture, subject)
    assert "there is X-Hub-Signature (40 hex digits, as of SHA-1)" in lines(explained, "✗")
    assert "Bitbucket" not in lines(explained, "·")


def test_a_gitlab_that_sends_the_secret_token_is_told_apart_from_one_without_a_secret() -> None:
    subject = source("gitlab", WHSEC)
    request = sent(subject, WHSEC)
    headers = {b"x-gitlab-token": b"a-token", b"x-gitlab-event": b"Push Hook"}
    capture = captured(replace(request, headers=headers))
    said = lines(told(capture, subject), "✗")
    assert "there is X-Gitlab-Token" in said
    assert "accept: token" in said
    assert "a-token" not in said


def test_the_prefix_of_standard_webhooks_under_another_name_is_named() -> None:
    subject = source("standard-webhooks", WHSEC)
    request = sent(subject, WHSEC)
    headers = {name.replace(b"webhook-", b"svix-"): value for name, value in request.headers.items()}
    said = lines(told(captured(replace(request, headers=headers)), subject), "✗")
    assert "`scheme: {preset: standard-webhooks, prefix: svix}`" in said


def test_of_a_password_no_size_is_told() -> None:
    subject = source("azure-devops", "user:password")
    basic = b64encode(b"user:password").decode()
    for given in (f"Bearer {basic}", basic):
        said = lines(told(captured(sent(subject, "user:password"), authorization=given), subject), "✗")
        assert said.endswith("it does not begin with 'Basic '")
