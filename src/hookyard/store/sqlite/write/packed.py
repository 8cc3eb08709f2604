"""Bodies in the JSON texts that claims read: the short ones in the text, the long ones by themselves."""

from typing import Final, cast

from hookyard.store.contract import CLAIM_BYTES
from hookyard.store.sqlite.driver import Value
from hookyard.store.sqlite.statements import Statement
from hookyard.store.sqlite.write.db import Db

_SHORT: Final = 64 * 1024  # bytes: from here on a statement more costs less than the digits


def inline(limit: int) -> int:
    """How many bytes a body may have to come in the text, when so many rows are asked for at most.

    All of them together are at most what a claim may bring, so that the text never outgrows what SQLite or the memory
    holds, whatever is queued.
    """
    return min(_SHORT, CLAIM_BYTES // max(limit, 1))


def unpacked(db: Db, digits: str | None, statement: Statement, key: Value) -> bytes:
    """The body of a row: from its hexadecimal digits, or, when it was too long for them, read by this statement."""
    if digits is not None:
        return bytes.fromhex(digits)
    return cast("tuple[bytes]", db.row(statement, (key,)))[0]
