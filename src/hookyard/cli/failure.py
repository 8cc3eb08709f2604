"""What a failure means at the command line: its message and its exit code."""

from pathlib import Path
from typing import Final

from hookyard.errors import CODES, ConfigError, HookyardError, Refused

CONFIG: Final = CODES["config"].exit_code
DATA: Final = CODES["invalid_input"].exit_code
"""Something that was read does not have the type it must have."""
LATER: Final = CODES["busy"].exit_code
"""The same may succeed later."""


def explain(error: HookyardError) -> tuple[list[str], int]:
    """The lines to print for an error, and the code to exit with."""
    code = CODES.get(error.code, CODES["internal"]).exit_code
    if isinstance(error, ConfigError):
        return [str(problem) for problem in error.problems], code
    place = error.path if isinstance(error, Refused) else None
    return [f"hookyard: {error}{f' ({place})' if place else ''}"], code


def write(path: Path, content: bytes) -> None:
    """Write a file that was asked for.

    Raises:
        Refused: it cannot be written; the message says why.
    """
    try:
        path.write_bytes(content)
    except OSError as error:
        code = "forbidden" if isinstance(error, PermissionError) else "not_found"
        raise Refused(code, f"{path} cannot be written: {(error.strerror or 'error').lower()}.") from error
