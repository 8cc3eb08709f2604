"""From what an endpoint chose to the form of its requests."""

from collections.abc import Mapping, Sequence
from typing import Literal

from hookyard.config.model import Envelope
from hookyard.egress.urls import UrlError, parse
from hookyard.outbound.form import Form, Rendered
from hookyard.outbound.signing import messages, plain, standard
from hookyard.outbound.signing.envelopes import Wrapping, wrapping_of
from hookyard.outbound.signing.secrets import Secrets, SigningSecret
from hookyard.webhook_secret import SecretError

Signature = Literal["standard", "plain"]


class Chosen:
    """Any of the forms, with what may stand beside it."""

    __slots__ = ("_agent", "_headers", "_http", "_plain", "_secrets", "_url", "_wrapping")

    def __init__(
        self,
        secrets: Secrets,
        *,
        plain_form: bool,
        http: bool,
        url: str | None,
        wrapping: Wrapping | None,
        agent: str,
        headers: Mapping[str, str],
    ) -> None:
        self._secrets = secrets
        self._plain = plain_form
        self._http = http
        self._url = url
        self._wrapping = wrapping
        self._agent = agent
        self._headers = dict(headers)

    def render(self, identifier: str, event: str, body: bytes, now: int) -> Rendered:
        """See :class:`hookyard.outbound.form.Form`.

        Raises:
            SecretError: the time of every secret is over.
        """
        media, wrapping = "application/json", self._wrapping
        if wrapping is not None:
            media, body = wrapping.media, wrapping.made(identifier, body)
        if self._plain:
            signed = plain.sign(self._secrets, identifier, event, body, now)
        else:
            signed = standard.sign(self._secrets, identifier, body, now)
            if wrapping is not None and wrapping.typeless:
                signed[plain.EVENT] = plain.spelled(event)
        headers = {**signed, "content-type": media, "user-agent": self._agent, **self._headers}
        if self._http:
            headers.update(messages.sign(self._secrets, self._url, headers, body, now))
        return Rendered(headers, body)


def form_of(
    *,
    signature: Signature,
    http_signature: bool,
    envelope: Envelope,
    secrets: Sequence[SigningSecret],
    headers: Mapping[str, str],
    agent: str,
    source: str,
    url: str | None = None,
) -> Form:
    """The form of one endpoint's requests, made once.

    Args:
        signature: Standard Webhooks, or plain.
        http_signature: whether there is one of RFC 9421 besides.
        envelope: what the body looks like.
        secrets: `whsec_...` and `whsk_...`, in any order; all that are still good sign.
        headers: the endpoint's own, checked before by :func:`hookyard.outbound.signing.header_problem`.
        agent: `user-agent`, unless the endpoint has one of its own.
        source: a URI-reference that names this Hookyard, for CloudEvents.
        url: where requests go; an RFC 9421 signature covers it, and does not when it is left out.

    Raises:
        SecretError: one of the secrets is none, there is none, or there is no `whsec_` for the plain form.
    """
    ready = Secrets(secrets)
    if signature == "plain" and not ready.macs:
        msg = "is a key pair: the plain form needs a shared secret, `whsec_...`"
        raise SecretError(msg)
    own = {name.lower(): value for name, value in headers.items()}
    if ready.only is not None and signature == envelope == "standard" and not http_signature:
        return standard.Usual(ready.only, agent, own)
    return Chosen(
        ready,
        plain_form=signature == "plain",
        http=http_signature,
        url=None if url is None else _canonical(url),
        wrapping=wrapping_of(envelope, source),
        agent=agent,
        headers=own,
    )


def _canonical(url: str) -> str | None:
    try:
        return parse(url).text
    except UrlError:  # nothing is ever sent there
        return None
