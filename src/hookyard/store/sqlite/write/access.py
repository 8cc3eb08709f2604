"""Tokens, and who changed what: rare, so one at a time."""

from collections.abc import Sequence

from hookyard.store.contract import AppendAudit, Done, NotEmpty, PutToken, Result, TouchTokens
from hookyard.store.sqlite import statements
from hookyard.store.sqlite.codec import numbers
from hookyard.store.sqlite.codec_kept import new_entry, new_token
from hookyard.store.sqlite.write.db import Db

_SQL = statements.load("access")
_ANY, _PUT, _TOUCH, _APPEND = _SQL["any_token"], _SQL["put_token"], _SQL["touch_token"], _SQL["append_audit"]


def put_token(db: Db, ops: Sequence[PutToken]) -> list[Result]:
    """Keep tokens."""
    return [_put_token(db, op) for op in ops]


def _put_token(db: Db, op: PutToken) -> Result:
    if op.only_first and db.row(_ANY, ()) is not None:
        return NotEmpty()
    db.change(_PUT, new_token(op.token))
    return Done()


def touch_tokens(db: Db, ops: Sequence[TouchTokens]) -> list[Result]:
    """Note that tokens were used."""
    for op in ops:
        for use in op.uses:
            db.change(_TOUCH, (use.count, use.at, *numbers(use.token_id)))
    return [Done() for _ in ops]


def append_audit(db: Db, ops: Sequence[AppendAudit]) -> list[Result]:
    """Note changes."""
    db.change_many(_APPEND, [new_entry(op.entry) for op in ops])
    return [Done() for _ in ops]
