"""Whether a webhook verifies, and why not."""

from collections.abc import Sequence
from typing import Literal
from urllib.parse import urlsplit

from msgspec import Struct

from hookyard.cli.receiver import Incoming
from hookyard.client.verify import Form, VerificationError, verify
from hookyard.client.verify.keys import known


class Judged(Struct, frozen=True):
    """What comes of it."""

    problem: str | None
    """Why it does not verify; None: it does."""
    how: str = ""
    """Of one that verifies: by what."""


class Judge:
    """Verifies webhooks as any receiver should.

    Args:
        secrets: `whsec_` secrets and `whpk_` public keys, any of which may have signed.
        form: the only form that is taken; None: whatever the verifier takes by itself.
        url: what is called, for signatures that cover the URL; the path may be another.

    Raises:
        SecretError: one of the secrets is none.
    """

    def __init__(self, secrets: Sequence[str], form: Form | None, url: str) -> None:
        if secrets:
            known(secrets)
        self._secrets = tuple(secrets)
        self._form: Form | Literal["auto"] = "auto" if form is None else form
        parts = urlsplit(url)
        self._origin = f"{parts.scheme}://{parts.netloc}"

    def judge(self, incoming: Incoming, now: int) -> Judged:
        """Judge one.

        Args:
            incoming: what came.
            now: milliseconds.
        """
        if not self._secrets:
            return Judged("there is no secret yet to verify it with")
        try:
            found = verify(
                incoming.headers,
                incoming.body,
                self._secrets,
                form=self._form,
                now=now / 1000,
                url=f"{self._origin}{incoming.target}",
            )
        except VerificationError as error:
            hint = "; here that is --form plain" if error.step == "form" and "form='plain'" in str(error) else ""
            return Judged(f"{error}{hint}")
        which = f", secret {found.number + 1} of {len(self._secrets)}" if len(self._secrets) > 1 else ""
        return Judged(None, f"{found.algorithm}{which}")
