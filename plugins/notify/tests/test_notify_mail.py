"""Mail through a real server on loopback."""

import email
import email.policy
import socket
from collections.abc import Callable
from email.message import EmailMessage
from typing import Protocol

import msgspec
import pytest
from hookyard_notify import Config, MailSent, mail, plugin

from hookyard import CommandError, RetryLater
from hookyard.testing import FakePort, run_command
from hookyard.testing.port import JOB_ID

Options = dict[str, object]
BOX: Options = {
    "host": "127.0.0.1",
    "sender": "CI é <ci@example.org>",
    "to": ["Team <team@example.org>"],
    "timeout": 10,
    "retry_after": 77,
}


class Server(Protocol):
    """What the fixture gives."""

    port: int
    answers: dict[str, str]
    mails: list[tuple[str, list[str], bytes]]
    logins: list[tuple[str, str]]
    seen: list[str]


def configured(**options: object) -> Config:
    return msgspec.convert({"mailboxes": {"team": BOX | options}}, Config)


def sent(config: Config, host: FakePort | None = None, **data: object) -> MailSent:
    fake = host or FakePort(secrets={"password": "s3cret"})
    return run_command(plugin, mail, {"mailbox": "team", **data}, config=config, host=fake, timeout=30)


def parsed(content: bytes) -> EmailMessage:
    return email.message_from_bytes(content, policy=email.policy.default)


@pytest.fixture
def box(server: Server, security: str, ca_file: str) -> Callable[..., Config]:
    def configure(**options: object) -> Config:
        extra: Options = {} if security == "none" else {"user": "me", "password_secret": "password", "ca_file": ca_file}
        return configured(port=server.port, security=security, **(extra | options))

    return configure


def test_a_mail_arrives_whole(server: Server, box: Callable[..., Config], security: str) -> None:
    config = box(subject="[CI] {subject}", html="<p>{text}</p>")
    text = "Größe: <b>\n.\n" + "x" * 2000
    answer = sent(config, subject="Build é", text=text)
    message_id = f"<{JOB_ID}@example.org>"
    assert answer == MailSent("team", message_id, ("Team <team@example.org>",), {})
    ((sender, recipients, content),) = server.mails
    assert (sender, recipients) == ("ci@example.org", ["team@example.org"])
    found = parsed(content)
    assert (found["From"], found["To"]) == ("CI é <ci@example.org>", "Team <team@example.org>")
    assert (found["Subject"], found["Message-ID"]) == ("[CI] Build é", message_id)
    assert (found["Auto-Submitted"], found["Date"] is not None) == ("auto-generated", True)
    plain, html = found.get_body(("plain",)), found.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().replace("\r\n", "\n").rstrip("\n") == text
    assert "<p>Größe: &lt;b&gt;" in html.get_content()
    assert server.logins == ([] if security == "none" else [("me", "s3cret")])


@pytest.mark.parametrize("security", ["none"], indirect=True)
@pytest.mark.parametrize("evil", ["a\r\nBcc: eve@example.org", "a\nBcc: eve@example.org", "a\x0b\x85\u2028Bcc: x"])
def test_a_header_cannot_be_slipped_in(server: Server, box: Callable[..., Config], evil: str) -> None:
    sent(box(subject="{subject} {more}"), subject=evil, values={"more": "\r\n\r\nbody"})
    ((_, recipients, content),) = server.mails
    found = parsed(content)
    assert recipients == ["team@example.org"]
    assert "Bcc" not in found
    assert found["Subject"].startswith("a Bcc: ")
    assert found["Subject"].endswith(" body")


@pytest.mark.parametrize("security", ["none"], indirect=True)
def test_callers_choose_only_whom_the_configuration_lets_them(server: Server, box: Callable[..., Config]) -> None:
    config = box(allow_to=["*@example.org"])
    assert sent(config, to=["Ada@Example.org"]).to == ("Ada@Example.org",)
    assert server.mails[0][1] == ["Ada@Example.org"]
    for address, why in [
        ("eve@example.com", "eve@example.com is none that callers may choose"),
        ("eve@example.com\r\nRCPT TO:<x@example.org>", "is no bare address"),
        ("a@b.example.com,x@example.org", "is no bare address"),
        ("The Boss <ada@example.org>", "is no bare address"),
        ("ada", "is no bare address"),
    ]:
        with pytest.raises(CommandError, match="mailbox 'team': to: ") as caught:
            sent(config, to=[address])
        assert why in caught.value.message
        assert not caught.value.retryable
    with pytest.raises(CommandError, match="none that callers may choose"):
        sent(box(), to=["ada@example.org"])
    with pytest.raises(CommandError, match="to: it is missing"):
        sent(box(to=[], allow_to=["*"]))
    assert len(server.mails) == 1


@pytest.mark.parametrize("security", ["none"], indirect=True)
@pytest.mark.parametrize(
    ("verb", "answer", "retryable"),
    [
        ("MAIL", "550 no", False),
        ("RCPT", "550 no such user", False),
        ("CONTENT", "554 spam", False),
        ("CONTENT", "471 not so", True),
    ],
)
def test_a_refusal_is_judged_by_its_code(
    server: Server, box: Callable[..., Config], verb: str, answer: str, retryable: bool
) -> None:
    server.answers[verb] = answer
    with pytest.raises(CommandError) as caught:
        sent(box())
    assert caught.value.message == f"mailbox 'team': 127.0.0.1 answered {answer}"
    assert (caught.value.code, caught.value.retryable) == ("refused", retryable)


@pytest.mark.parametrize("security", ["none"], indirect=True)
@pytest.mark.parametrize(
    ("verb", "answer"),
    [("CONNECT", "421 busy"), ("MAIL", "451 later"), ("RCPT", "450 greylisted"), ("CONTENT", "452 full")],
)
def test_a_busy_server_puts_the_job_off(server: Server, box: Callable[..., Config], verb: str, answer: str) -> None:
    server.answers[verb] = answer
    with pytest.raises(RetryLater, match=answer) as caught:
        sent(box())
    assert caught.value.after == 77


@pytest.mark.parametrize("security", ["none"], indirect=True)
def test_who_of_several_was_refused_is_said(server: Server, box: Callable[..., Config]) -> None:
    server.answers["RCPT b@example.org"] = "550 no such user"
    host = FakePort()
    answer = sent(box(to=["a@example.org", "B <b@example.org>"]), host)
    assert (answer.to, answer.refused) == (("a@example.org",), {"b@example.org": "550 no such user"})
    assert [line.event for line in host.lines] == ["mail.refused"]


@pytest.mark.parametrize("security", ["none"], indirect=True)
@pytest.mark.parametrize("goodbye", ["500 what?", "hang up"])
def test_a_mail_that_was_taken_is_sent_however_the_server_says_goodbye(
    server: Server, box: Callable[..., Config], goodbye: str
) -> None:
    server.answers["QUIT"] = goodbye
    sent(box())
    assert len(server.mails) == 1


@pytest.mark.parametrize("security", ["none"], indirect=True)
def test_a_server_that_hangs_up_or_is_not_there_is_tried_again(server: Server, box: Callable[..., Config]) -> None:
    server.answers["MAIL"] = "hang up"
    with pytest.raises(CommandError, match=r"127.0.0.1 cannot be reached") as caught:
        sent(box())
    assert (caught.value.code, caught.value.retryable) == ("unreachable", True)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens there
        config = configured(port=taken.getsockname()[1], security="none")
        with pytest.raises(CommandError, match="Connection refused"):
            sent(config)


@pytest.mark.parametrize("security", ["starttls", "tls"], indirect=True)
def test_a_wrong_password_fails_the_job(server: Server, box: Callable[..., Config]) -> None:
    server.answers["AUTH"] = "535 wrong"
    with pytest.raises(CommandError, match="answered 535 wrong") as caught:
        sent(box())
    assert not caught.value.retryable


@pytest.mark.parametrize("security", ["starttls", "tls"], indirect=True)
def test_an_untrusted_certificate_is_refused_before_the_password_is_sent(
    server: Server, box: Callable[..., Config]
) -> None:
    with pytest.raises(CommandError, match="certificate is not trusted") as caught:
        sent(box(ca_file=None))
    assert (caught.value.code, caught.value.retryable, server.logins) == ("untrusted", False, [])


@pytest.mark.parametrize("security", ["none"], indirect=True)
def test_without_starttls_nothing_is_sent_where_it_is_asked_for(server: Server) -> None:
    config = configured(port=server.port, security="starttls", user="me", password_secret="password")
    with pytest.raises(CommandError, match="STARTTLS") as caught:
        sent(config)
    assert (caught.value.code, caught.value.retryable, server.logins, server.mails) == ("configuration", False, [], [])


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"sender": "nobody"}, "mailbox 'team': sender: it is no address"),
        ({"sender": "a@b.c\r\nBcc: d@e.f"}, "sender: it is no address"),
        ({"to": ["a@b.c", "x y@z"]}, r"to\[1\]: it is no address"),
        ({"to": []}, "to: nobody would get it"),
        ({"user": "me"}, "user: it goes with password_secret"),
        ({"user": "me", "password_secret": "p", "security": "none"}, "a password does not go over an open line"),
        ({"subject": "{a.b}"}, "subject: "),
        ({"text": "{a!r}"}, "text: "),
        ({"html": "{a:x}"}, "html: "),
    ],
)
def test_a_mailbox_that_is_not_right_is_refused(options: Options, why: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=why):
        configured(**options)


def test_an_unknown_mailbox_and_a_missing_value_are_named() -> None:
    with pytest.raises(CommandError, match="no mailbox 'other' is configured; there are: team"):
        sent(configured(), mailbox="other")
    with pytest.raises(CommandError, match="mailbox 'team': its template needs the value 'who'"):
        sent(configured(text="{who}"))
