"""What is kept of a plugin's source files for its workers."""

from pathlib import Path

import pytest

from hookyard.host.candidate import Candidate
from hookyard.host.sources import sources_of


def package(home: Path) -> Candidate:
    return Candidate("a", origin="", file=home / "__init__.py", folder=home.parent, home=home, root=home.parent)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for name in (
        *("__init__.py", "deep/er.py", "data.txt", ".hidden/x.py", "node_modules/x.py", "__pycache__/x.py"),
        *("env/pyvenv.cfg", "env/lib/x.py", "site-packages/x.py"),
    ):
        path = tmp_path / "a" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path / "a"


def test_the_source_files_of_a_package_are_kept_and_no_environment(home: Path) -> None:
    expected = {str(home / name): name.encode() for name in ("__init__.py", "deep/er.py")}
    assert sources_of(package(home)) == expected


def test_of_a_single_file_that_file_is_kept(home: Path) -> None:
    file = home / "deep" / "er.py"
    one = Candidate("er", origin="", file=file, folder=file.parent, root=home)
    assert sources_of(one) == {str(file): b"deep/er.py"}


def test_what_is_too_large_gone_or_installed_is_not_kept(home: Path) -> None:
    assert sources_of(package(home), most=20) is None
    assert sources_of(package(home), most=21) is not None
    file = home / "__init__.py"
    assert sources_of(Candidate("a", origin="", file=file)) is None
    assert sources_of(Candidate("a", origin="", file=home / "none.py", folder=home, root=home)) is None
