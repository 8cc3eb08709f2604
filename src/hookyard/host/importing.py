"""Importing one plugin, and saying in one line why that did not work."""

import sys
import traceback
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from hookyard.errors import DeclarationError, PluginLoadError
from hookyard.host.candidate import Candidate
from hookyard.plugin import Plugin

PRIVATE: Final = "hookyard_plugin_"
"""What the modules of files and packages in plugin folders begin with: they meet neither each other nor others."""


def import_plugin(candidate: Candidate) -> Plugin[Any]:
    """Import a plugin; whatever its code raises, it is the plugin that failed.

    Raises:
        PluginLoadError: it could not be imported, or holds no plugin; the message says why and where.
    """
    try:
        module = _module(candidate)
        found: object = getattr(module, candidate.attribute, None)
    except (KeyboardInterrupt, PluginLoadError):
        raise
    except BaseException as error:  # a plugin may even call sys.exit while it is imported
        raise PluginLoadError(_reason(error, candidate)) from error
    if not isinstance(found, Plugin):
        what = "nothing" if found is None else f"a {type(found).__name__}"
        msg = f"{candidate.attribute!r} in {module.__file__} is {what}, and must be a hookyard.Plugin"
        raise PluginLoadError(msg)
    return found  # pyright: ignore[reportUnknownVariableType]  a plugin of any configuration


def _module(candidate: Candidate) -> ModuleType:
    if candidate.module and candidate.folder is None:
        return import_module(candidate.module)
    if candidate.module and candidate.folder is not None:
        return _from_project(candidate.module, candidate.folder)
    file = candidate.file
    if file is None:
        msg = f"there is nothing to import in {candidate.origin}"
        raise PluginLoadError(msg)
    name = PRIVATE + candidate.name
    inside = [str(file.parent)] if file.name == "__init__.py" else None
    _forget(name)
    return _execute(spec_from_file_location(name, file, submodule_search_locations=inside), name)


def _from_project(name: str, folder: Path) -> ModuleType:
    """A project's module by its own name, without its folder on `sys.path`, where it would hide others."""
    top = name.partition(".")[0]
    spec = PathFinder.find_spec(top, [str(folder)])
    if spec is None or spec.origin is None:
        msg = f"there is no module {top} in {folder}"
        raise PluginLoadError(msg)
    loaded = sys.modules.get(top)
    if loaded is None:
        _execute(spec, top)
    elif getattr(loaded, "__file__", None) != spec.origin:
        msg = f"its module {top} is loaded already, from {getattr(loaded, '__file__', 'elsewhere')}; rename one"
        raise PluginLoadError(msg)
    return import_module(name)


def _execute(spec: ModuleSpec | None, name: str) -> ModuleType:
    if spec is None or spec.loader is None:
        msg = f"{name} is not Python"
        raise PluginLoadError(msg)
    module = module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        _forget(name)
        raise
    return module


def _forget(name: str) -> None:
    for known in [known for known in sys.modules if known == name or known.startswith(f"{name}.")]:
        del sys.modules[known]


def _reason(error: BaseException, candidate: Candidate) -> str:
    """Type, message and place: the deepest line of the plugin's own code that was under way."""
    if isinstance(error, DeclarationError):  # quotes its place itself
        return str(error)
    if isinstance(error, SyntaxError):
        return f"SyntaxError: {error.msg} ({error.filename}:{error.lineno})"
    message = " ".join(str(error).split())
    text = f"{type(error).__name__}: {message}" if message else type(error).__name__
    frames = traceback.extract_tb(error.__traceback__)
    file = candidate.file
    own = [
        frame
        for frame in frames
        if file is not None
        and (
            Path(frame.filename) == file
            or (file.name == "__init__.py" and Path(frame.filename).is_relative_to(file.parent))
        )
    ]
    if not own:
        return text
    return f"{text} ({own[-1].filename}:{own[-1].lineno})"
