"""One mail, through one server; all of it blocks."""

import html
import smtplib
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from typing import Final

from hookyard import CommandError, RetryLater
from hookyard_notify.config import PORTS, Mailbox, address_of
from hookyard_notify.template import Value, render

Refused = Mapping[str, tuple[int, bytes]]
_BUSY: Final = frozenset({421, 450, 451, 452})
"""Not now (RFC 5321, section 4.2.2): closing, mailbox busy, local error, no room; greylisting says 450 or 451."""
_PERMANENT: Final = 500


def compose(mailbox: Mailbox, to: Sequence[str], values: Mapping[str, Value], job: str) -> EmailMessage:
    """The mail; whatever stands in a header is one line without control characters.

    Args:
        job: the job's id: a repeated attempt has the same `Message-ID`, by which mailboxes know it.

    Raises:
        UnknownField: a template names what there is no value for.
    """
    message = EmailMessage(policy=SMTP)
    sender = mailbox.sender
    domain = (address_of(sender) or "").rpartition("@")[2]
    message["From"] = sender
    message["To"] = ", ".join(to)
    message["Subject"] = _one_line(render(mailbox.subject, values, str))
    message["Date"] = formatdate(usegmt=True)
    message["Message-ID"] = f"<{job}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_text(render(mailbox.text, values, str)))
    if mailbox.html is not None:
        message.add_alternative(_text(render(mailbox.html, values, html.escape)), subtype="html")
    return message


def deliver(name: str, mailbox: Mailbox, message: EmailMessage, to: Sequence[str], password: str | None) -> Refused:
    """Hand a mail to the server; returns who of several it did not take.

    Raises:
        CommandError: the server does not take it, or is not there.
        RetryLater: it says that it takes it later.
    """
    try:
        return _deliver(mailbox, message, [address_of(each) or each for each in to], password)
    except smtplib.SMTPRecipientsRefused as error:
        refused: Refused = error.recipients
        code, text = min(refused.values(), key=lambda answer: answer[0])
        raise _answered(name, mailbox, code, text) from error
    except smtplib.SMTPResponseException as error:
        raise _answered(name, mailbox, error.smtp_code, error.smtp_error) from error
    except smtplib.SMTPNotSupportedError as error:
        msg = f"mailbox {name!r}: the server cannot do what is asked for: {error}"
        raise CommandError(msg, code="configuration", retryable=False) from error
    except ssl.SSLCertVerificationError as error:
        msg = f"mailbox {name!r}: the server's certificate is not trusted: {error.verify_message}"
        raise CommandError(msg, code="untrusted", retryable=False) from error
    except (smtplib.SMTPException, OSError) as error:
        msg = f"mailbox {name!r}: {mailbox.host} cannot be reached: {str(error) or type(error).__name__}"
        raise CommandError(msg, code="unreachable") from error


def _deliver(mailbox: Mailbox, message: EmailMessage, to: Sequence[str], password: str | None) -> Refused:
    port = mailbox.port or PORTS[mailbox.security]
    sender = address_of(mailbox.sender) or ""
    here = sender.rpartition("@")[2]  # who we say we are; looking up our own name could take long
    trust = None if mailbox.security == "none" else ssl.create_default_context(cafile=mailbox.ca_file)
    server: smtplib.SMTP
    if mailbox.security == "tls":
        server = smtplib.SMTP_SSL(mailbox.host, port, here, timeout=mailbox.timeout, context=trust)
    else:
        server = smtplib.SMTP(mailbox.host, port, here, timeout=mailbox.timeout)
    try:
        if mailbox.security == "starttls":
            server.starttls(context=trust)
        if mailbox.user is not None and password is not None:
            server.login(mailbox.user, password)
        return server.send_message(message, sender, to)
    finally:
        # By now it is taken or not, whatever becomes of saying goodbye.
        with suppress(smtplib.SMTPException, OSError):
            server.quit()
        server.close()


def _answered(name: str, mailbox: Mailbox, code: int, text: bytes | str) -> Exception:
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    problem = f"mailbox {name!r}: {mailbox.host} answered {code} {' '.join(said.split())[:300]}"
    if code in _BUSY:
        return RetryLater(mailbox.retry_after, problem)
    return CommandError(problem, code="refused", retryable=code < _PERMANENT, details={"mailbox": name, "code": code})


def _one_line(text: str) -> str:
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())[:500]


def _text(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\0", "")
