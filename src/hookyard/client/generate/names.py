"""Names for Python: valid, unlike each other, and the same every time."""

import builtins
import keyword
import re
from collections.abc import Collection

_TAKEN_IN_CLASSES = frozenset({"self", "field", "msgspec", "datetime", "uuid", "decimal"})
_BUILTINS = frozenset(name for name in vars(builtins) if not name.startswith("_"))


def member_name(text: str, taken: Collection[str] = (), words: Collection[str] = ()) -> str:
    """A name for a field, a method or an attribute: `from` becomes `from_`, `content-type` becomes `content_type`.

    Args:
        text: as it is called in JSON or in a URL.
        taken: what it must not be.
        words: what it must not hide, beside the words of Python.
    """
    name = re.sub(r"\W", "_", text, flags=re.ASCII).lstrip("_") or "field"
    if name[0].isdigit():
        name = f"n{name}"
    if keyword.iskeyword(name) or keyword.issoftkeyword(name) or name in _TAKEN_IN_CLASSES | _BUILTINS or name in words:
        name += "_"
    return free(name, taken)


def class_name(text: str, taken: Collection[str] = ()) -> str:
    """A name for a class: `git-mirror` becomes `GitMirror`, `Box[int]` becomes `BoxInt`.

    Args:
        text: as the plugin calls it.
        taken: what it must not be.
    """
    words = [word for word in re.split(r"[^A-Za-z0-9]+", text) if word]
    name = "".join(word[:1].upper() + word[1:] for word in words) or "Type"
    if name[0].isdigit():
        name = f"T{name}"
    if keyword.iskeyword(name) or name in _BUILTINS:
        name += "_"
    return free(name, taken)


def free(name: str, taken: Collection[str]) -> str:
    """The name, or with a number at its end when it is taken."""
    if name not in taken:
        return name
    number = 2
    while f"{name.rstrip('_')}_{number}" in taken:
        number += 1
    return f"{name.rstrip('_')}_{number}"
