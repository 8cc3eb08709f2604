"""Globs of names (`*`, `?`, `[abc]`, `[a-z]`, `[!abc]`): what one matches, and whether it matches all of another.

Whether every name that one glob matches is matched by another is decided exactly, by walking both at once as
automata. Where that would take too long the answer is no: it only ever decides whether somebody may hand on a right.
"""

from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Final

_BEYOND: Final = "\xe9"
"""Stands for every character beyond ASCII: no scope names one, so that all of them are alike to it."""
_ALPHABET: Final = (*map(chr, range(128)), _BEYOND)
_MOST_STEPS: Final = 20_000

_Piece = frozenset[str] | None
"""The characters that one place of a name may have; None is `*`."""


def matches(glob: str, name: str) -> bool:
    """Whether a glob matches a name, letter by letter in the same case."""
    return fnmatchcase(name, glob)


def within(narrow: str, wide: str) -> bool:
    """Whether `wide` matches every name that `narrow` matches. False also when that cannot be told in bounded time."""
    if wide in (narrow, "*"):
        return True
    left, right = _pieces(narrow), _pieces(wide)
    first = (_closed(left, frozenset({0})), _closed(right, frozenset({0})))
    seen, waiting, steps = {first}, [first], 0
    letters = _letters(left, right)
    while waiting:
        ours, theirs = waiting.pop()
        if len(left) in ours and len(right) not in theirs:
            return False
        for letter in letters:
            steps += 1
            if steps > _MOST_STEPS:
                return False
            pair = (_step(left, ours, letter), _step(right, theirs, letter))
            if pair[0] and pair not in seen:
                seen.add(pair)
                waiting.append(pair)
    return True


@lru_cache(maxsize=512)
def _pieces(glob: str) -> tuple[_Piece, ...]:
    """Read a glob as :mod:`fnmatch` does, which also says what a bracket means."""
    found: list[_Piece] = []
    at = 0
    while at < len(glob):
        end = _bracket(glob, at) if glob[at] == "[" else at + 1
        part = glob[at:end]
        at = end
        if part == "*":
            found.append(None)
        elif part == "?" or len(part) > 1:
            found.append(frozenset(letter for letter in _ALPHABET if fnmatchcase(letter, part)))
        else:
            found.append(frozenset(part))
    return tuple(found)


def _bracket(glob: str, at: int) -> int:
    """Where what begins with the bracket at `at` ends: behind its partner, or right behind itself without one."""
    first = at + 1
    if glob[first : first + 1] == "!":
        first += 1
    # A closing bracket in the first place is a letter like others.
    end = glob.find("]", first + 1)
    return at + 1 if end < 0 else end + 1


def _letters(left: tuple[_Piece, ...], right: tuple[_Piece, ...]) -> list[str]:
    """One character for each kind that the two tell apart."""
    sets = [piece for piece in (*left, *right) if piece is not None]
    kinds = {tuple(letter in each for each in sets): letter for letter in _ALPHABET}
    return list(kinds.values())


def _closed(pieces: tuple[_Piece, ...], places: frozenset[int]) -> frozenset[int]:
    """The places, and those that are reached from them without a letter: a `*` may match nothing."""
    found = set(places)
    for place in range(len(pieces)):
        if place in found and pieces[place] is None:
            found.add(place + 1)
    return frozenset(found)


def _step(pieces: tuple[_Piece, ...], places: frozenset[int], letter: str) -> frozenset[int]:
    """The places after one more letter."""
    found: set[int] = set()
    for place in places:
        piece = pieces[place] if place < len(pieces) else frozenset[str]()
        if piece is None:
            found.add(place)
        elif letter in piece:
            found.add(place + 1)
    return _closed(pieces, frozenset(found))
