"""Whether a webhook verifies, and why not."""

from collections.abc import Sequence

from hookyard.cli.receiver import Incoming
from hookyard.client.verify import VerificationError, verify


class Judge:
    """Verifies webhooks as any receiver should.

    Args:
        secrets: any of them may have signed.
        form: the only form that is taken; None: whatever the verifier takes by itself.
    """

    def __init__(self, secrets: Sequence[str], form: str | None = None) -> None:
        self._secrets = tuple(secrets)
        self._form = form

    def problem(self, incoming: Incoming, now: int) -> str | None:
        """Why it does not verify; None: it does.

        Raises:
            SecretError: one of the secrets is none.
        """
        try:
            verify(dict(incoming.headers), incoming.body, self._secrets, now=now / 1000)
        except VerificationError as error:
            return str(error)
        return None
