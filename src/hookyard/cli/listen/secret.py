"""What `hookyard listen` verifies with."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from hookyard.client.verify.keys import known
from hookyard.config.secret_file import read_secret
from hookyard.errors import Refused
from hookyard.webhook_secret import SecretError

VARIABLE: Final = "HOOKYARD_LISTEN_SECRET"


def given(options: Sequence[str], file: Path | None) -> tuple[str, ...]:
    """The secrets of the options, of the file and of the environment, in this order; none when there are none.

    Raises:
        Refused: the file cannot be read, or is empty; or one is no secret.
    """
    found = [*options, *(_read(file) if file is not None else ()), *os.environ.get(VARIABLE, "").split()]
    try:
        if found:
            known(found)
    except SecretError as error:
        raise Refused("invalid_request", f"One of the secrets {error}.") from None
    return tuple(dict.fromkeys(found))


def _read(file: Path) -> list[str]:
    try:
        found = read_secret(file).split()
    except ValueError as error:
        raise Refused("not_found", f"{file} {error}.") from None
    if not found:
        raise Refused("invalid_request", f"{file} is empty.")
    return found
