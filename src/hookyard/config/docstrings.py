"""The docstrings under the fields of a Struct, read from its source because Python keeps none of them."""

import ast
import inspect
import textwrap
from functools import cache
from itertools import pairwise

from msgspec import Struct


def summary(struct: type[Struct]) -> str:
    """The docstring of a Struct, on one line."""
    return _one_line(struct.__doc__ or "")


@cache
def of_fields(struct: type[Struct]) -> dict[str, str]:
    """The docstring of every field that has one, its own or of the Struct it came from, on one line, by name."""
    found: dict[str, str] = {}
    for base in reversed(struct.__mro__):
        if issubclass(base, Struct) and base is not Struct:
            found |= _own(base)
    return found


def _own(struct: type[Struct]) -> dict[str, str]:
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(struct))).body
    if not isinstance(definition, ast.ClassDef):  # pragma: no cover  getsource gave something else
        return {}
    found: dict[str, str] = {}
    for statement, below in pairwise(definition.body):
        match statement, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = _one_line(text)
            case _:
                pass
    return found


def _one_line(text: str) -> str:
    return " ".join(text.split())
