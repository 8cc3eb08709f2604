"""Importing one plugin, and saying in one line why that did not work."""

import threading
import traceback
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any
from weakref import WeakKeyDictionary

from hookyard.errors import DeclarationError, PluginLoadError
from hookyard.host.candidate import Candidate
from hookyard.host.scope import PRIVATE, Scope
from hookyard.plugin import Plugin

__all__ = ["PRIVATE", "forget", "import_plugin"]

_scope_of: WeakKeyDictionary[Plugin[Any], Scope] = WeakKeyDictionary()


def import_plugin(candidate: Candidate, sources: Mapping[str, bytes] | None = None) -> Plugin[Any]:
    """Import a plugin; whatever its code raises, it is the plugin that failed.

    One of a plugin folder is imported anew every time, beside what was imported of it before.

    Args:
        candidate: the plugin.
        sources: what its source files held when it was loaded, where that is not what they hold now.

    Raises:
        PluginLoadError: it could not be imported, or holds no plugin; the message says why and where.
    """
    scope = _scope(candidate, sources)
    try:
        module = _module(candidate, scope)
        found: object = getattr(module, candidate.attribute, None)
        if not isinstance(found, Plugin):
            what = "nothing" if found is None else f"a {type(found).__name__}"
            msg = f"{candidate.attribute!r} in {module.__file__} is {what}, and must be a hookyard.Plugin"
            raise PluginLoadError(msg)  # noqa: TRY301  handled with all other ways to fail
    except BaseException as error:  # a plugin may even call sys.exit while it is imported
        if scope is not None:
            scope.forget()
        if isinstance(error, PluginLoadError) or _is_ctrl_c(error):
            raise
        raise PluginLoadError(_reason(error, candidate)) from error
    if scope is not None:
        _scope_of[found] = scope
    return found  # pyright: ignore[reportUnknownVariableType]  a plugin of any configuration


def _is_ctrl_c(error: BaseException) -> bool:
    """Whether somebody wants the process to end: Python says so in the main thread only, not where reloads import."""
    return isinstance(error, KeyboardInterrupt) and threading.current_thread() is threading.main_thread()


def forget(plugins: Iterable[object]) -> None:
    """Take the modules of plugins that nothing runs any more out of `sys.modules`."""
    for plugin in plugins:
        if not isinstance(plugin, Plugin):
            continue
        scope = _scope_of.pop(plugin, None)  # pyright: ignore[reportUnknownArgumentType]  of any configuration
        if scope is not None:
            scope.forget()


def _scope(candidate: Candidate, sources: Mapping[str, bytes] | None) -> Scope | None:
    if candidate.folder is None:
        return None
    return Scope(candidate.name, candidate.folder if candidate.module else candidate.home, sources)


def _module(candidate: Candidate, scope: Scope | None) -> ModuleType:
    if candidate.module:
        return import_module(candidate.module) if scope is None else scope.run_module(candidate.module)
    if scope is None or candidate.file is None:
        msg = f"there is nothing to import in {candidate.origin}"
        raise PluginLoadError(msg)
    return scope.run_file(candidate.file, package=candidate.home is not None)


def _reason(error: BaseException, candidate: Candidate) -> str:
    """Type, message and place: the deepest line of the plugin's own code that was under way."""
    if isinstance(error, DeclarationError):  # quotes its place itself
        return str(error)
    if isinstance(error, SyntaxError):
        return f"SyntaxError: {error.msg} ({error.filename}:{error.lineno})"
    message = " ".join(str(error).split())
    text = f"{type(error).__name__}: {message}" if message else type(error).__name__
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_own(frame.filename, candidate)]
    if not own:
        return text
    return f"{text} ({own[-1].filename}:{own[-1].lineno})"


def _is_own(filename: str, candidate: Candidate) -> bool:
    file = candidate.file
    if candidate.home is not None:
        return Path(filename).is_relative_to(candidate.home)
    if file is None:
        return False
    return Path(filename) == file or (file.name == "__init__.py" and Path(filename).is_relative_to(file.parent))
