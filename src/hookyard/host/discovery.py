"""Finding plugins without importing any of them: files, packages and projects in folders, and entry points."""

import tomllib
from collections.abc import Iterator
from importlib import metadata
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any, Final, cast

from hookyard.host.candidate import Candidate

GROUP: Final = "hookyard"


def in_folder(folder: Path, base: Path) -> Iterator[Candidate]:
    """The plugins in a folder, in the order of their names; the folder may also be a project itself.

    A `.py` file is one, a folder with an `__init__.py` is one, and a folder whose `pyproject.toml` has entry points
    of the group `hookyard` is as many as it names. Names that begin with `.` or `_` are left alone.

    Args:
        folder: where to look; it exists.
        base: what origins are shown relative to.
    """
    itself = list(_project(folder, base))
    if itself:
        yield from itself
        return
    for path in sorted(folder.iterdir()):
        if path.name.startswith((".", "_")):
            continue
        if path.is_dir():
            yield from _folder(path, base)
        elif path.suffix == ".py":
            yield Candidate(path.stem, origin=_shown(path, base), file=path, folder=folder)


def installed() -> Iterator[Candidate]:
    """The plugins that installed distributions announce as entry points, in the order of their names."""
    for point in sorted(metadata.entry_points(group=GROUP), key=lambda point: (point.name, point.value)):
        dist = point.dist
        of = "" if dist is None else f" of {dist.name} {dist.version}"
        module, attribute, problem = _target(point.value)
        yield Candidate(
            point.name,
            origin=f"entry point {point.value}{of}",
            file=None if problem else _located(module, None),
            module=module,
            attribute=attribute,
            requires=() if dist is None else tuple(dist.requires or ()),
            problem=problem,
            version=None if dist is None else dist.version,
        )


def _folder(path: Path, base: Path) -> Iterator[Candidate]:
    projects = list(_project(path, base))
    yield from projects
    if not projects and (file := path / "__init__.py").is_file():
        yield Candidate(path.name, origin=_shown(path, base), file=file, folder=path.parent)


def _project(path: Path, base: Path) -> Iterator[Candidate]:
    try:
        project = _read(path / "pyproject.toml")
    except ValueError as error:
        unread = f"pyproject.toml cannot be read: {error}"
        yield Candidate(path.name, origin=_shown(path, base), folder=path, problem=unread)
        return
    root = path / "src" if (path / "src").is_dir() else path
    dependencies = project.get("dependencies")
    version = project.get("version")
    for name, value in sorted(_table(_table(project.get("entry-points")).get(GROUP)).items()):
        module, attribute, problem = _target(str(value))
        yield Candidate(
            name,
            origin=_shown(path, base),
            file=None if problem else _located(module, root),
            folder=root,
            module=module,
            attribute=attribute,
            requires=tuple(map(str, cast("list[object]", dependencies))) if isinstance(dependencies, list) else (),
            problem=problem,
            version=version if isinstance(version, str) else None,
        )


def _target(value: str) -> tuple[str, str, str | None]:
    """Module and attribute that an entry point names, and what is wrong with it."""
    module, _, attribute = (part.strip() for part in value.partition(":"))
    attribute = attribute or "plugin"
    if all(part.isidentifier() for part in (*module.split("."), attribute)):
        return module, attribute, None
    return module, attribute, f"the entry point is {value!r}, and must be module:variable"


def _read(path: Path) -> dict[str, Any]:
    """The `[project]` table; nothing when there is no such file.

    Raises:
        ValueError: it is not TOML, or not text.
    """
    try:
        return _table(tomllib.loads(path.read_text(encoding="utf-8")).get("project"))
    except OSError:
        return {}


def _table(value: object) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _located(module: str, root: Path | None) -> Path | None:
    """The file of a module's top-level package, in a folder or on the path, found without importing it."""
    spec = PathFinder.find_spec(module.partition(".")[0], None if root is None else [str(root)])
    return None if spec is None or spec.origin is None else Path(spec.origin)


def _shown(path: Path, base: Path) -> str:
    return str(path.relative_to(base)) if path.is_relative_to(base) else str(path)
