import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.unit.host.lab import GOOD, Yard

from hookyard.host.importing import PRIVATE


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    before = set(sys.modules)
    yield Yard(tmp_path)
    for name in set(sys.modules) - before:
        if name.startswith((PRIVATE, "yard_")):
            del sys.modules[name]


@pytest.fixture
def project(yard: Yard) -> Callable[..., Path]:
    """Makes a project folder, as one that would be published has it."""

    def make(name: str, *, module: str, requires: str = "hookyard>=0.1", source: str = "", src: bool = True) -> Path:
        folder = yard.plugins / name
        package = folder / ("src" if src else "") / module
        package.mkdir(parents=True)
        (folder / "pyproject.toml").write_text(
            f'[project]\nname = "x"\nversion = "3.2"\ndependencies = ["{requires}"]\n'
            f'[project.entry-points.hookyard]\n{name} = "{module}:plugin"\n'
        )
        (package / "__init__.py").write_text(source or GOOD.format(name=name))
        return package

    return make
