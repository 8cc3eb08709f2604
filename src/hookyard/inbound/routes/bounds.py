"""What an expression may cost: at most in proportion to the body, which is the sender's.

The library bounds how deep an expression nests and how long it is, but neither how often a loop runs nor what it makes.
So each expression is looked at before it serves: a loop may go through the event, and a loop within it only through
what belongs to the item that the outer one has come to. `event.commits.exists(c, c.added.exists(f, ...))` looks at each
file once; `event.commits.exists(c, event.commits.exists(d, ...))` would take 10^10 steps for a body of 1 MB.

The measure is a degree: 0 does not grow with the body, 1 grows with it, 2 with its square, which is refused.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from hookyard.inbound.routes.syntax import Call, Const, Expr, Ident, Items, Loop, Select

_MOST_ROUNDS: Final = 1000
"""How often loops over what the expression itself lists may run within one another."""
_UNKNOWN_ROUNDS: Final = 100
"""For how many a list counts that the expression itself makes by a function."""
_SMALL: Final = frozenset(
    [
        "_==_",
        "_!=_",
        "_<_",
        "_<=_",
        "_>_",
        "_>=_",
        "_&&_",
        "_||_",
        "!_",
        "-_",
        "_-_",
        "_*_",
        "_/_",
        "_%_",
        "@not_strictly_false",
        "startsWith",
        "endsWith",
        "type",
    ]
)
"""Functions that cost nothing to speak of, and whose result is small. Comparing stops at the first difference."""
_PASSING: Final = frozenset(("_[_]", "_?_:_", "dyn"))
"""Functions that copy nothing, and return one of their arguments or a part of it."""
_SCALAR: Final = frozenset(
    [
        "size",
        "contains",
        "matches",
        "@in",
        "indexOf",
        "lastIndexOf",
        "bool",
        "int",
        "uint",
        "double",
        "timestamp",
        "duration",
        "charAt",
    ]
)
"""Functions that look at all of their arguments, and whose result is small."""
_MULTIPLYING: Final = frozenset(("replace", "join", "format"))
"""Functions that may put one argument into their result many times."""


class TooMuch(ValueError):  # noqa: N818  a verdict
    """The expression may cost too much; the message says why."""


class _Within(Struct, frozen=True):
    """The loops around an expression."""

    degrees: Mapping[str, int]
    """Of the variables. That of the innermost loop over the body has 0: all its values together are the body once."""
    items: frozenset[str] = frozenset()
    """Variables of loops over the body."""
    made: frozenset[str] = frozenset()
    """What loops put together, by the names under which they do."""
    loop: int = 0
    """The degree of how often this expression is evaluated."""
    rounds: int = 1
    """How often more, by loops over what the expression itself lists."""


def refuse_costly(tree: Expr) -> None:
    """Look at an expression.

    Raises:
        TooMuch: its cost is not bounded as it must be.

    """
    _degree(tree, _Within({"event": 1, "headers": 1}))


def _degree(tree: Expr, within: _Within) -> int:
    """How the size of the value grows with the body."""
    if isinstance(tree, Const):
        return 0
    if isinstance(tree, Ident):
        return within.degrees.get(tree.name, 0)
    if isinstance(tree, Select):
        return _degree(tree.operand, within)
    if isinstance(tree, Items):
        return max((_degree(item, within) for item in tree.items), default=0)
    if isinstance(tree, Loop):
        return _loop(tree, within)
    return _call(tree, within)


def _call(tree: Call, within: _Within) -> int:
    degrees = [_degree(argument, within) for argument in tree.arguments]
    largest = max(degrees, default=0)
    if tree.function in _SMALL:
        return 0
    if tree.function in _PASSING:
        return max(degrees[-2:]) if tree.function == "_?_:_" else largest
    if tree.function == "_+_" and isinstance(tree.arguments[0], Ident) and tree.arguments[0].name in within.made:
        return largest  # one more item of what a loop makes; how large that may become is held when it is handed out
    # What is sought must not be longer than what is searched.
    read = degrees[:1] if tree.function == "contains" else degrees
    if within.loop and max(read, default=0):
        raise TooMuch(
            f"{_name(tree.function)} goes through something of the event again for each item of a loop, which takes "
            "the square of its size; only ==, <, startsWith and endsWith may"
        )
    if tree.function in _MULTIPLYING and sum(degrees) > 1:
        raise TooMuch(f"{tree.function} may put one part of the event into another many times")
    return 0 if tree.function in _SCALAR else largest


def _loop(tree: Loop, within: _Within) -> int:
    size = _degree(tree.range, within)
    rounds, loop = within.rounds, within.loop + size
    of_item = _mentions(tree.range, within.items)
    if isinstance(tree.range, Items):
        rounds *= max(1, len(tree.range.items))
    elif not size and not of_item:
        rounds *= _UNKNOWN_ROUNDS
    if loop > 1:
        raise TooMuch(
            "a loop goes through the event for each item of another loop, which takes the square of its size; a loop "
            "within a loop may only go through what belongs to the item"
        )
    if rounds > _MOST_ROUNDS:
        raise TooMuch(f"loops over lists of its own run more than {_MOST_ROUNDS} times within one another")
    degrees, items = dict(within.degrees), within.items
    if size or of_item:
        degrees |= dict.fromkeys(items, 1)
        items |= tree.variables
    degrees |= dict.fromkeys((*tree.variables, tree.accumulator), 0)
    inner = _Within(degrees, items, within.made | {tree.accumulator}, loop, rounds)
    _degree(tree.condition, inner)
    step = _degree(tree.step, inner)
    _degree(tree.result, inner)
    makes_list = isinstance(tree.start, Items)
    return size + step if makes_list else 0


def _mentions(tree: Expr, names: frozenset[str]) -> bool:
    if isinstance(tree, Ident):
        return tree.name in names
    if isinstance(tree, Select):
        return _mentions(tree.operand, names)
    if isinstance(tree, Call):
        return any(_mentions(each, names) for each in tree.arguments)
    if isinstance(tree, Items):
        return any(_mentions(each, names) for each in tree.items)
    return isinstance(tree, Loop) and any(_mentions(each, names) for each in (tree.range, tree.step))


def _name(function: str) -> str:
    return function.strip("_@")
