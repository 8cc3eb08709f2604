"""What senders sent that jobs came of, and the keys under which it came."""

from collections.abc import Sequence

from hookyard.store.contract import ForgetKeys, Pruned, Result
from hookyard.store.sqlite import statements
from hookyard.store.sqlite.codec_inbound import names_below
from hookyard.store.sqlite.write.db import Db

_SQL = statements.load("inbound")
KEEP, DROP = _SQL["keep"], _SQL["drop"]
_FORGET = _SQL["forget"]


def forget_keys(db: Db, ops: Sequence[ForgetKeys]) -> list[Result]:
    """Forget idempotency keys, and those that begin with them."""
    return [Pruned(db.change(_FORGET, (op.scope, *names_below(op.key)))) for op in ops]
