"""Comments by which a file makes a type checker look at the whole of it less strictly, or not at all."""

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from hookyard.cli.plugins.checkers import Name

_MYPY: Final = re.compile(r"#\s*mypy:")
"""Counts at the beginning of any line: mypy looks for it before it parses."""
_PYRIGHT: Final = re.compile(r"#\s*pyright:(?!\s*(ignore\b|strict\s*$))")
_WHOLE: Final = re.compile(r"#\s*type:\s*ignore\b")
"""Counts for the whole file before its first statement, for both."""
_SPACE: Final = {tokenize.ENCODING, tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}


def loosened(target: Path, checker: Name) -> Iterator[str]:
    """Say where the files of a plugin loosen this checker, one line each.

    Args:
        target: its file, or the folder of its package.
        checker: the one that will look at it: a comment for the other is of no effect.
    """
    paths = sorted((*target.rglob("*.py"), *target.rglob("*.pyi"))) if target.is_dir() else [target]
    for path in paths:
        for line, comment in _in_file(path.read_bytes(), checker):
            yield f"{path}:{line}: error: `{comment}` loosens {checker} for the whole file; take it away"


def _in_file(data: bytes, checker: Name) -> Iterator[tuple[int, str]]:
    if checker == "mypy":
        for number, line in enumerate(data.decode(errors="replace").splitlines(), 1):
            if _MYPY.match(line):
                yield number, line.strip()
    begun = False
    try:
        for token in tokenize.tokenize(io.BytesIO(data).readline):
            if token.type == tokenize.COMMENT:
                whole = not begun and _WHOLE.search(token.string)
                if whole or (checker == "pyright" and _PYRIGHT.search(token.string)):
                    yield token.start[0], token.string
            begun = begun or token.type not in _SPACE
    except (tokenize.TokenError, SyntaxError):  # not Python: the checker says so
        return
