"""Pieces of Python source, laid out as `ruff format` leaves them."""

import re
from collections.abc import Iterable

WIDTH = 120


def docstring(lines: Iterable[str], indent: str) -> list[str]:
    """The lines of a docstring, whatever it says.

    Args:
        lines: paragraphs and lines; empty ones at the ends are left out.
        indent: what stands before each.
    """
    text = "\n".join(lines).expandtabs(4).replace("\r\n", "\n").replace("\r", "\n")
    text = re.sub(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", " ", text)
    text = text.replace("\\", "\\\\").replace('"""', "'''")
    found = [line.rstrip() for line in text.strip().split("\n")]
    # A quote at either end would run into the three of the docstring.
    found[0] = re.sub(r'^"', "'", found[0].lstrip())
    found[-1] = re.sub(r'"$', "'", found[-1])
    if len(found) == 1:
        return [f'{indent}"""{found[0]}"""']
    return [f'{indent}"""{found[0]}', *(f"{indent}{line}" if line else "" for line in found[1:]), f'{indent}"""']


def exploded(head: str, items: Iterable[str], tail: str, indent: str) -> list[str]:
    """A bracket on one line where that fits, else with each item on a line of its own."""
    found = list(items)
    flat = f"{indent}{head}{', '.join(found)}{tail}"
    if len(flat) <= WIDTH:
        return [flat]
    return [f"{indent}{head}", *(f"{indent}    {item}," for item in found), f"{indent}{tail}"]


def literal(value: object) -> str:
    """A string, number, boolean or None as Python writes it, in double quotes where that is shorter."""
    if not isinstance(value, str):
        return repr(value)
    text = repr(value)
    if text.startswith("'") and '"' not in value:
        return f'"{text[1:-1]}"'.replace("\\'", "'")
    return text
