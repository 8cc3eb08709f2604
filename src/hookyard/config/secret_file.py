"""Reading the file that a `{file: path}` names."""

from pathlib import Path
from typing import Final

_LARGEST: Final = 64 << 10


def read_secret(path: Path) -> str:
    """The text of a secret file, without the one line end that editors add.

    Raises:
        ValueError: it cannot be read, is no text or is too large; the message has nothing of its
            content, and not its path, which may come from the environment.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(_LARGEST + 1)
    except OSError as error:
        msg = f"cannot be read: {error.strerror or type(error).__name__}"
        raise ValueError(msg) from None
    if len(raw) > _LARGEST:
        msg = f"is larger than {_LARGEST >> 10} KiB"
        raise ValueError(msg)
    text = _decode(raw)
    if text is None:
        msg = "is not UTF-8 text"
        raise ValueError(msg)
    return text.removesuffix("\n").removesuffix("\r")


def _decode(raw: bytes) -> str | None:
    # Apart, so that no traceback carries the UnicodeDecodeError, which holds the bytes.
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return None
