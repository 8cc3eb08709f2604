"""Deliveries that are sent one after the other: of one order one is pending or being sent, and the others are held."""

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from hookyard.model import Delivery
from hookyard.store.rules import held_back, let_go
from hookyard.store.sqlite import statements
from hookyard.store.sqlite.codec import new_delivery
from hookyard.store.sqlite.statements import MOST
from hookyard.store.sqlite.write.db import Db

_ADD = statements.load("deliver", columns_of="queries")["add_deliveries"]
_SQL = statements.load("orders")
_OPEN, _ORDERS_OF, _LEAVE, _PROMOTE = _SQL["open_orders"], _SQL["orders_of"], _SQL["leave_order"], _SQL["promote"]

Order = tuple[str | None, str]
"""The endpoint and the order key."""


def add_deliveries(db: Db, deliveries: Sequence[Delivery]) -> None:
    """Keep new deliveries, those that have to wait for another one as held."""
    for one in deliveries:
        if one.order_key is not None or one.status == "held":
            deliveries = _in_order(db, deliveries)
            break
    db.change_many(_ADD, [new_delivery(one) for one in deliveries])


def _in_order(db: Db, deliveries: Sequence[Delivery]) -> list[Delivery]:
    """These as they are kept."""
    db.ordered = True
    taken = _open(db, {(one.endpoint, one.order_key) for one in deliveries if one.order_key is not None})
    kept: list[Delivery] = []
    for one in deliveries:
        order = None if one.order_key is None else (one.endpoint, one.order_key)
        kept.append(held_back(one) if order in taken else let_go(one))
        if order is not None and one.completed_at is None:
            taken.add(order)
    return kept


def _open(db: Db, orders: Iterable[Order]) -> set[Order | None]:
    """Those in which something is open."""
    asked = list(orders)
    found: set[Order | None] = set()
    for start in range(0, len(asked), MOST):
        chunk = asked[start : start + MOST]
        found.update(cast("list[Order]", db.rows(_OPEN, [value for order in chunk for value in order], len(chunk))))
    return found


def advance(db: Db, gone: Mapping[int, int], passed: Sequence[int] = ()) -> None:
    """The turn of the next of each order that one of these was the first of.

    Args:
        db: where.
        gone: those that are over, or whose turn is, by their keys, with the time at which the next is due.
        passed: those of them that are not over, and are in no order any more.
    """
    behind = orders_of(db, list(gone))
    for start in range(0, len(passed), MOST):
        chunk = passed[start : start + MOST]
        db.change(_LEAVE, chunk, len(chunk))
    promote(db, {order: gone[key] for key, order in behind.items()})


def orders_of(db: Db, keys: Sequence[int]) -> dict[int, Order]:
    """The orders that deliveries are in; those in none are left out."""
    found: dict[int, Order] = {}
    for start in range(0, len(keys), MOST):
        chunk = keys[start : start + MOST]
        rows = cast("list[tuple[int, str | None, str]]", db.rows(_ORDERS_OF, chunk, len(chunk)))
        found |= {key: (endpoint, order_key) for key, endpoint, order_key in rows}
    return found


def promote(db: Db, due: Mapping[Order, int]) -> None:
    """The turn of the next of these orders, at these times; nothing of them is pending or being sent any more."""
    db.change_many(_PROMOTE, [(*order, at) for order, at in due.items()])
