"""`${VAR}` and `${VAR:-default}` in the values of a configuration file.

The rules are the shell's (POSIX, section 2.6.2), of which these two are taken: a variable that is not set is
a problem unless a default is given, and the default also stands in for one that is set and empty. `$${` is a
literal `${`; any other `$` stands for itself, as routes need it. What comes in is not looked at again.
"""

import re
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

_REFERENCE: Final = re.compile(
    r"(?P<escape>\$\$\{)|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>(?:(?!\$\{)[^}])*))?\}|(?P<bad>\$\{)"
)


class Substituted(Struct, frozen=True):
    """A text with its variables replaced."""

    text: str
    changed: bool
    """Whether a variable was replaced, so that the text is not to be shown."""
    problems: tuple[str, ...]


def substitute(text: str, environ: Mapping[str, str]) -> Substituted:
    """Replace every variable of a text by its value from `environ`."""
    if "${" not in text:
        return Substituted(text, changed=False, problems=())
    problems: list[str] = []
    changed = False

    def replacement(found: re.Match[str]) -> str:
        nonlocal changed
        if found["escape"]:
            return "${"
        if found["bad"]:
            problems.append(
                "a ${ here begins neither ${VAR} nor ${VAR:-default}, which do not nest; $${ is a literal ${"
            )
            return ""
        changed = True
        value, default = environ.get(found["name"]), found["default"]
        if default is not None:
            return value or default
        if value is None:
            problems.append(f"the environment variable {found['name']} is not set")
            return ""
        return value

    result = _REFERENCE.sub(replacement, text)
    return Substituted(result, changed=changed, problems=tuple(problems))
