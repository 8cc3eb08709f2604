"""Endpoints: rare, so one at a time."""

from collections.abc import Sequence

from hookyard.store.contract import DeleteEndpoint, Done, Exists, MarkEndpoint, NotFound, PutEndpoint, Result
from hookyard.store.sqlite import statements
from hookyard.store.sqlite.codec_kept import new_endpoint
from hookyard.store.sqlite.write.db import Db

_SQL = statements.load("endpoints")
_PUT, _PUT_NEW, _DELETE, _MARK = (
    _SQL[name] for name in ("put_endpoint", "put_new_endpoint", "delete_endpoint", "mark_endpoint")
)


def put(db: Db, ops: Sequence[PutEndpoint]) -> list[Result]:
    """Keep endpoints."""
    return [
        Done() if db.change(_PUT_NEW if op.only_new else _PUT, new_endpoint(op.endpoint)) else Exists() for op in ops
    ]


def delete(db: Db, ops: Sequence[DeleteEndpoint]) -> list[Result]:
    """Forget endpoints."""
    return [Done() if db.change(_DELETE, (op.name,)) else NotFound() for op in ops]


def mark(db: Db, ops: Sequence[MarkEndpoint]) -> list[Result]:
    """Note how endpoints are."""
    marks = [(op.failing_since, op.disabled_at, op.disabled_reason, op.name) for op in ops]
    return [Done() if db.change(_MARK, mark) else NotFound() for mark in marks]
