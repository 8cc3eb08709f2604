"""Endpoints: rare, so one at a time. Of secrets that are taken out nothing stays in the file."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager

from hookyard.store.contract import (
    DeleteEndpoint,
    Done,
    Exists,
    MarkEndpoint,
    NotFound,
    PutEndpoint,
    ReplacePrivate,
    Result,
)
from hookyard.store.sqlite import statements
from hookyard.store.sqlite.codec_kept import new_endpoint
from hookyard.store.sqlite.write.db import Db

_SQL = statements.load("endpoints")
_PUT, _PUT_NEW, _DELETE, _MARK, _REPLACE, _SECURE_DELETE_ON, _SECURE_DELETE_OFF = (
    _SQL[name]
    for name in (
        "put_endpoint",
        "put_new_endpoint",
        "delete_endpoint",
        "mark_endpoint",
        "replace_private",
        "secure_delete_on",
        "secure_delete_off",
    )
)


def put(db: Db, ops: Sequence[PutEndpoint]) -> list[Result]:
    """Keep endpoints."""
    with _erasing(db):
        return [
            Done() if db.change(_PUT_NEW if op.only_new else _PUT, new_endpoint(op.endpoint)) else Exists()
            for op in ops
        ]


def delete(db: Db, ops: Sequence[DeleteEndpoint]) -> list[Result]:
    """Forget endpoints."""
    with _erasing(db):
        return [Done() if db.change(_DELETE, (op.name,)) else NotFound() for op in ops]


def mark(db: Db, ops: Sequence[MarkEndpoint]) -> list[Result]:
    """Note how endpoints are."""
    marks = [(op.failing_since, op.disabled_at, op.disabled_reason, op.name) for op in ops]
    with _erasing(db):  # a row that gets longer is written elsewhere
        return [Done() if db.change(_MARK, mark) else NotFound() for mark in marks]


def replace_private(db: Db, ops: Sequence[ReplacePrivate]) -> list[Result]:
    """Write what is never shown of endpoints in another form."""
    with _erasing(db):
        return [Done() if db.change(_REPLACE, (op.after, op.name, op.epoch, op.before)) else NotFound() for op in ops]


@contextmanager
def _erasing(db: Db) -> Generator[None]:
    db.run(_SECURE_DELETE_ON.text)
    try:
        yield
    finally:
        db.run(_SECURE_DELETE_OFF.text)
