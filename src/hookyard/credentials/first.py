"""The first token: an admin's, made where nobody is yet who could make one."""

from collections.abc import Callable
from hashlib import sha256

import msgspec

from hookyard.auth import ADMIN, new_token
from hookyard.clock import Clock
from hookyard.credentials.facts import facts
from hookyard.model import AuditEntry, Token
from hookyard.store.audited import with_entry
from hookyard.store.contract import PutToken, Together


def draft(
    make_id: Callable[[], str], clock: Clock, *, name: str, by: str, only_first: bool
) -> tuple[str, Token, Together]:
    """Make an admin's token.

    Args:
        make_id: makes ids.
        clock: the time at which it counts as made.
        name: its name.
        by: the principal that is said to have made it.
        only_first: whether the operation is to do nothing where the store has a token.

    Returns:
        The token itself, how it is kept, and the operation that keeps it.
    """
    now = clock.now()
    text = new_token()
    token = Token(
        id=make_id(),
        name=name,
        digest=sha256(text.encode()).digest(),
        scopes=(ADMIN,),
        created_at=now,
        created_by=by,
    )
    audit = AuditEntry(
        id=make_id(),
        at=now,
        principal=by,
        action="token.create",
        target=token.id,
        details=msgspec.json.encode(facts(token)),
    )
    put = PutToken(now=now, token=token, only_first=only_first)
    return text, token, with_entry(audit, put)
