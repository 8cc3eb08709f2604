"""Tokens, and who changed what."""

from hookyard.model import AuditEntry, Token, TokenUse
from hookyard.store.contract.base import Op, Result


class NotEmpty(Result, frozen=True):
    """There is a token already; nothing was stored."""


class PutToken(Op, frozen=True, kw_only=True):
    """Keep a token, new or changed, by its id -> Done | NotEmpty | Failed.

    Failed when another one has its digest. Its use is not changed by it; a new one has none.
    """

    token: Token
    only_first: bool = False
    """Only when the store has none."""


class TouchTokens(Op, frozen=True, kw_only=True):
    """Note that tokens were used -> Done. Those that are gone are left out."""

    uses: tuple[TokenUse, ...]


class AppendAudit(Op, frozen=True, kw_only=True):
    """Note a change of state -> Done | Stale.

    In a :class:`Together` it is Stale, and nothing is noted, when the operation before it changed nothing
    (:func:`changed`).
    """

    entry: AuditEntry
