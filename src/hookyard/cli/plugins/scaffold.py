"""A new plugin's project, written from the templates beside this file."""

import keyword
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct

from hookyard.errors import Refused
from hookyard.inbound import own
from hookyard.plugin import is_name

Kind = Literal["file", "package", "exec"]
Language = Literal["python", "bash"]

_TEMPLATES: Final = Path(__file__).with_name("templates")
_SUFFIX: Final = ".txt"
"""Of every template, so that nobody takes one for what it is not yet."""
_PROGRAMS: Final = "plugins"
"""The folder of a project whose files are executables."""


class Project(Struct, frozen=True):
    """What is to be written."""

    name: str
    kind: Kind
    language: Language = "python"

    @property
    def module(self) -> str:
        """What Python imports."""
        return f"hookyard_{self.name}" if self.kind == "package" else self.name

    @property
    def check(self) -> str:
        """What `hookyard plugins check` is to look at, from inside of it."""
        return {"file": f"plugins/{self.name}.py", "package": ".", "exec": f"plugins/{self.name}"}[self.kind]

    def problem(self) -> str | None:
        """Why it cannot have this name, or None."""
        name = self.name
        if not is_name(name):
            return f"{name!r} is no plugin name; that is a lower-case letter, then a-z 0-9 _ -, at most 64"
        if name == own.plugin.name:
            return f"{name!r} is Hookyard's own name"
        if self.kind != "exec" and "-" in name:
            return f"{name!r} is no name for a Python module; take {name.replace('-', '_')!r}"
        if keyword.iskeyword(self.module):
            return f"{name!r} is a word of the Python language, which no module can be called"
        if self.kind == "file" and name in sys.stdlib_module_names:
            return f"{name!r} is a module of Python's own, which the tests would import in its place"
        return None

    def write(self, target: Path) -> tuple[Path, ...]:
        """Write it into a folder that is not there yet.

        Returns:
            The files.

        Raises:
            Refused: it cannot have this name, or something is there already; nothing was written.
        """
        why = self.problem()
        if why is not None:
            raise Refused("invalid_request", f"{why[0].upper()}{why[1:]}.")
        try:
            target.mkdir(parents=True)
        except FileExistsError:
            raise Refused("invalid_request", f"{target} is there already; nothing was written.") from None
        except OSError as error:
            reason = (error.strerror or "error").lower()
            raise Refused("invalid_request", f"{target} cannot be made: {reason}.") from error
        folder = _TEMPLATES / (self.kind if self.kind != "exec" else f"exec-{self.language}")
        return tuple(self._put(source, folder, target) for source in sorted(folder.rglob(f"*{_SUFFIX}")))

    def _put(self, source: Path, folder: Path, target: Path) -> Path:
        path = target / str(source.relative_to(folder)).removesuffix(_SUFFIX).replace("__name__", self.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self._filled(source.read_text(encoding="utf-8")), encoding="utf-8")
        if self.kind == "exec" and path.parent.name == _PROGRAMS:
            path.chmod(path.stat().st_mode | 0o111)
        return path

    def _filled(self, text: str) -> str:
        words = {
            "name": self.name,
            "import": self.module,
            "dashed": self.name.replace("_", "-"),
            "hookyard": ".".join(version("hookyard").split(".")[:2]),
        }
        for mark, word in words.items():
            text = text.replace("{{" + mark + "}}", word)
        return text
