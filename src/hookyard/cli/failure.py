"""What a failure means at the command line: its message and its exit code."""

from typing import Final

from hookyard.errors import CODES, ConfigError, HookyardError

CONFIG: Final = CODES["config"].exit_code
DATA: Final = CODES["invalid_input"].exit_code
"""Something that was read does not have the type it must have."""


def explain(error: HookyardError) -> tuple[list[str], int]:
    """The lines to print for an error, and the code to exit with."""
    code = CODES.get(error.code, CODES["internal"]).exit_code
    if isinstance(error, ConfigError):
        return [str(problem) for problem in error.problems], code
    return [f"hookyard: {error}"], code
