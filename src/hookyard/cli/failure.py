"""What a failure means at the command line: its message and its exit code."""

from typing import Final

from hookyard.errors import (
    CODES,
    CannotListen,
    ConfigError,
    DeclarationError,
    HookyardError,
    PluginLoadError,
    Refused,
    StoreError,
    StoreLocked,
)
from hookyard.inbound.sources import SourcesError

# sysexits.h
_UNAVAILABLE: Final = 69
_SOFTWARE: Final = 70
_INPUT_OUTPUT: Final = 74
_TRY_AGAIN: Final = 75
CONFIG: Final = CODES["config"].exit_code

_EXIT_CODES: Final[tuple[tuple[type[HookyardError], int], ...]] = (
    (ConfigError, CONFIG),
    (SourcesError, CONFIG),
    (DeclarationError, CONFIG),
    (PluginLoadError, CONFIG),
    (CannotListen, _UNAVAILABLE),
    (StoreLocked, _TRY_AGAIN),
    (StoreError, _INPUT_OUTPUT),
)


def explain(error: HookyardError) -> tuple[list[str], int]:
    """The lines to print for an error, and the code to exit with."""
    code = next((code for kind, code in _EXIT_CODES if isinstance(error, kind)), _SOFTWARE)
    if isinstance(error, Refused):
        code = CODES[error.code].exit_code
    if isinstance(error, ConfigError):
        return [str(problem) for problem in error.problems], code
    if isinstance(error, SourcesError):
        return [f"{path}: {message}" for path, message in error.problems], code
    return [f"hookyard: {error}"], code
