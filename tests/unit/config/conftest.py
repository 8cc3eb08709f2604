"""Short ways to load a text and to read what is wrong with it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from hookyard.config import Config, loads
from hookyard.errors import ConfigError

ENVIRON = {"PORT": "8080", "WORD": "hello", "DIGITS": "12345", "EMPTY": "", "SECRET": "swordfish"}

Read = Callable[[str], Config]
Problems = Callable[[str], list[str]]


@pytest.fixture
def environ() -> Mapping[str, str]:
    return ENVIRON


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Load a text."""
    return lambda text: loads(dedent(text), name="c.yaml", base=tmp_path, environ=ENVIRON)


@pytest.fixture
def problems(read: Read) -> Problems:
    """Load a text that is wrong, and list its problems as `line: path: message`."""

    def find(text: str) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            read(text)
        assert str(caught.value) == "\n".join(str(problem) for problem in caught.value.problems)
        return [f"{one.line}: {one.path}: {one.message}" for one in caught.value.problems]

    return find
