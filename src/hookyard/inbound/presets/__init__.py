"""The senders that are known by name, as files of data beside this one; each is read when a source names it."""

from functools import cache
from importlib.resources import files
from typing import Final

import msgspec
import yaml

from hookyard.config.scalars import parse_value
from hookyard.inbound.preset import Preset

_FOLDER: Final = files(__name__)
_ENDING: Final = ".yaml"


@cache
def names() -> tuple[str, ...]:
    """Every preset's name, in order."""
    return tuple(sorted(file.name.removesuffix(_ENDING) for file in _FOLDER.iterdir() if file.name.endswith(_ENDING)))


@cache
def load(name: str) -> Preset:
    """Read a preset, once.

    Raises:
        KeyError: there is none of this name.
    """
    if name not in names():
        raise KeyError(name)
    text = (_FOLDER / f"{name}{_ENDING}").read_text(encoding="utf-8")
    return msgspec.convert(yaml.safe_load(text), Preset, dec_hook=parse_value)
