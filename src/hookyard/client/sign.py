"""For the tests of receivers: the headers of a webhook as Hookyard sends it."""

import time
from collections.abc import Iterable
from uuid import uuid4

from hookyard.client.verify import Form


def sign(
    body: bytes,
    secrets: str | Iterable[str],
    *,
    form: Form = "standard",
    id: str | None = None,  # noqa: A002  what the receiver calls it
    event: str = "test",
    now: float | None = None,
    url: str | None = None,
) -> dict[str, str]:
    """Sign a request as an endpoint of that form would get it.

    Args:
        body: what is sent.
        secrets: `whsec_` secrets and `whsk_` private keys; each of them signs.
        form: `http` is Standard Webhooks with a signature of RFC 9421 besides.
        id: the delivery's; a new one if left out.
        event: its type; only the plain form has it in a header.
        now: the time in seconds since 1970-01-01 UTC; the machine's own if left out.
        url: for `http`: what is called, which is then signed too.

    Returns:
        The headers, their names in lower case.

    Raises:
        SecretError: one of the secrets is none, there is none, or the plain form has no `whsec_`.
    """
    # Here, since receivers that only verify should not load what sends.
    from hookyard.outbound.signing import SigningSecret, form_of

    made = form_of(
        signature="plain" if form == "plain" else "standard",
        http_signature=form == "http",
        envelope="standard",
        secrets=[SigningSecret(one) for one in ([secrets] if isinstance(secrets, str) else secrets)],
        headers={},
        agent="Hookyard",
        source="",
        url=url,
    )
    moment = int((time.time() if now is None else now) * 1000)
    return made.render(id or str(uuid4()), event, body, moment).headers
