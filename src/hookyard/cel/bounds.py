"""What an expression may cost, however large the body is that a sender sends.

The library holds how deep an expression nests (32) and how many rounds all its loops make together (10,000), so that
loops within loops end soon. Two things it does not hold, and they are bounded here. What is measured is what an
expression reads of the event, and only where it matters:

- `map` and `filter` copy their list for every item that they add to it: 2,000 items take 0.1 s, 10,000 take 2 s. An
  expression with one of them fails where a list that it reads is longer than :data:`MOST_ITEMS`.
- A text may be copied in every round of a loop (`event.title + c.id`), or be put into another many times (`replace`,
  `join`): such an expression fails where a text that it reads is longer than :data:`LONGEST_TEXT`.
"""

from collections.abc import Mapping
from typing import Final, cast

from msgspec import Struct

from hookyard.cel.syntax import Call, Const, Expr, Ident, Items, Loop, Select

MOST_ITEMS: Final = 2048
"""Items of a list or an object; GitHub sends as many commits of a push."""
LONGEST_TEXT: Final = 16_384
"""Characters."""
LONGEST_SPLIT: Final = 4096
"""Characters of a text that is made a list by `split`, where `map` or `filter` go through it."""
_OPERATORS: Final = ("==", "!=", "<", "<=", ">", ">=", "&&", "||", "-", "*", "/", "%", "?_:")
_CHEAP: Final = frozenset(
    (
        *(f"_{operator}_" for operator in _OPERATORS),
        *("_[_]", "!_", "-_", "@not_strictly_false", "startsWith", "endsWith", "type"),
        *("dyn", "bool", "int", "uint", "double", "timestamp", "duration"),
    )
)
"""Functions that copy nothing: to compare ends at the first difference."""
_MULTIPLYING: Final = {"replace": (0, 2), "join": (0, 1)}
"""Functions that may put one of these two arguments into the other many times."""


class Limits(Struct, frozen=True):
    """What may be read at most; None is anything."""

    items: int | None = None
    text: int | None = None

    def hold(self, data: object) -> bool:
        """Whether this data is within the limits."""
        if isinstance(data, str):
            return self.text is None or len(data) <= self.text
        if isinstance(data, dict):
            members = cast("Mapping[str, object]", data)
            return self._holds(len(members)) and all(map(self.hold, members.values()))
        if isinstance(data, list):
            items = cast("list[object]", data)
            return self._holds(len(items)) and all(map(self.hold, items))
        return True

    def _holds(self, count: int) -> bool:
        return self.items is None or count <= self.items


def limits_of(tree: Expr) -> Limits | None:
    """What an expression may read; None: anything, and it need not be looked at."""
    found = _Features()
    found.look(tree, None, frozenset())
    if not (found.makes_lists or found.copies):
        return None
    text = LONGEST_TEXT if found.copies else None
    return Limits(MOST_ITEMS, LONGEST_SPLIT if found.makes_lists and found.splits else text)


class _Features:
    """What an expression does that costs."""

    def __init__(self) -> None:
        self.makes_lists = False
        self.copies = False
        self.splits = False

    def look(self, tree: Expr, of_round: frozenset[str] | None, made: frozenset[str]) -> None:
        """Look at an expression and all in it.

        Args:
            tree: the expression.
            of_round: the variables that every round of the innermost loop has of its own; None outside of loops.
            made: the names of what loops put together.
        """
        if isinstance(tree, Select):
            self.look(tree.operand, of_round, made)
        elif isinstance(tree, Items):
            for item in tree.items:
                self.look(item, of_round, made)
        elif isinstance(tree, Call):
            self._call(tree, of_round, made)
            for argument in tree.arguments:
                self.look(argument, of_round, made)
        elif isinstance(tree, Loop):
            self.makes_lists |= isinstance(tree.start, Items)
            self.look(tree.range, of_round, made)
            for part in (tree.condition, tree.step, tree.result):
                self.look(part, tree.variables, made | {tree.accumulator})

    def _call(self, tree: Call, of_round: frozenset[str] | None, made: frozenset[str]) -> None:
        self.splits |= tree.function == "split"
        several = _MULTIPLYING.get(tree.function, ())
        if several and all(at < len(tree.arguments) and _variables(tree.arguments[at]) for at in several):
            self.copies = True
        first = next(iter(tree.arguments), None)
        adds = tree.function == "_+_" and isinstance(first, Ident) and first.name in made  # an item to what it makes
        if of_round is None or adds or tree.function in _CHEAP:
            return
        # What is sought in a text is not longer than the text, or not looked for.
        read = tree.arguments[:1] if tree.function == "contains" else tree.arguments
        names = frozenset[str]().union(*map(_variables, read))
        if not names <= of_round | made:
            self.copies = True


def _variables(tree: Expr) -> frozenset[str]:
    """The names that an expression mentions."""
    if isinstance(tree, Const):
        return frozenset()
    if isinstance(tree, Ident):
        return frozenset((tree.name,))
    if isinstance(tree, Select):
        return _variables(tree.operand)
    if isinstance(tree, Call):
        parts = tree.arguments
    elif isinstance(tree, Items):
        parts = tree.items
    else:
        parts = (tree.range, tree.condition, tree.step, tree.result)
    return frozenset[str]().union(*map(_variables, parts))
