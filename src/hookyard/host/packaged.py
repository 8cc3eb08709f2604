"""Python plugins that come as projects: in a folder, by their `pyproject.toml`, and installed, as entry points."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from importlib import metadata
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any, Final, cast

from hookyard.host.candidate import Candidate
from hookyard.host.manifests import is_special

GROUP: Final = "hookyard"
_API_KEYWORD: Final = re.compile(r"hookyard-api-([0-9]{1,6})")


def installed() -> Iterator[Candidate]:
    """The plugins that installed distributions announce as entry points, in the order of their names."""
    for point in sorted(metadata.entry_points(group=GROUP), key=lambda point: (point.name, point.value)):
        dist = point.dist
        of = "" if dist is None else f" of {dist.name} {dist.version}"
        module, attribute, problem = _target(point.value)
        keywords = "" if dist is None or "Keywords" not in dist.metadata else dist.metadata["Keywords"]
        yield Candidate(
            point.name,
            origin=f"entry point {point.value}{of}",
            file=None if problem else _located(module, None),
            module=module,
            attribute=attribute,
            requires=() if dist is None else tuple(dist.requires or ()),
            problem=problem,
            version=None if dist is None else dist.version,
            api=_api(re.split(r"[\s,]+", keywords)),
        )


def project(path: Path, root: Path, origin: str) -> Iterator[Candidate]:
    """The plugins that the `pyproject.toml` of a folder announces; none when there is no such file."""
    if is_special(path / "pyproject.toml"):
        return
    try:
        document = _read(path / "pyproject.toml")
    except ValueError as error:
        unread = f"pyproject.toml cannot be read: {error}"
        yield Candidate(path.name, origin=origin, folder=path, home=path, root=root, problem=unread)
        return
    about = _table(document.get("project"))
    source = path / "src" if (path / "src").is_dir() else path
    version = about.get("version")
    stated = _table(_table(document.get("tool")).get("hookyard")).get("api")
    odd = stated is not None and type(stated) is not int
    wrong = f"[tool.hookyard] says api = {stated!r}, and a whole number must stand there, such as 1" if odd else None
    for name, value in sorted(_table(_table(about.get("entry-points")).get(GROUP)).items()):
        module, attribute, problem = _target(str(value))
        yield Candidate(
            name,
            origin=origin,
            file=None if problem else _located(module, source),
            folder=source,
            home=path,
            root=root,
            module=module,
            attribute=attribute,
            requires=_texts(about.get("dependencies")),
            problem=wrong or problem,
            state="incompatible" if odd else "failed",
            version=version if isinstance(version, str) else None,
            api=stated if isinstance(stated, int) else _api(_texts(about.get("keywords"))),
        )


def _target(value: str) -> tuple[str, str, str | None]:
    """Module and attribute that an entry point names, and what is wrong with it."""
    module, _, attribute = (part.strip() for part in value.partition(":"))
    attribute = attribute or "plugin"
    if all(part.isidentifier() for part in (*module.split("."), attribute)):
        return module, attribute, None
    return module, attribute, f"the entry point is {value!r}, and must be module:variable"


def _api(keywords: Iterable[str]) -> int | None:
    """The plugin API that a keyword `hookyard-api-1` states: keywords are what package metadata leaves to us."""
    found = (_API_KEYWORD.fullmatch(word.strip().lower()) for word in keywords)
    return next((int(one[1]) for one in found if one), None)


def _read(path: Path) -> dict[str, Any]:
    """The document; nothing when there is no such file.

    Raises:
        ValueError: it is not TOML, or not text.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError:
        return {}


def _table(value: object) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(str, cast("list[object]", value))) if isinstance(value, list) else ()


def _located(module: str, root: Path | None) -> Path | None:
    """The file of a module's top-level package, in a folder or on the path, found without importing it."""
    spec = PathFinder.find_spec(module.partition(".")[0], None if root is None else [str(root)])
    return None if spec is None or spec.origin is None else Path(spec.origin)
