"""A private corner of `sys.modules` for each plugin of a plugin folder.

Two plugins may each have a `helpers.py` and say `import helpers`; each gets its own, at the top of a module as well as
later inside a function, and neither hides an installed module from the rest of the process. To that end every module
of a plugin is loaded under the plugin's own prefix, and has an `__import__` of its own among its builtins: a name
that the plugin's folder has is looked for below the prefix, every other one where it always is. The standard library
comes first, then the plugin's own modules, then what is installed.

A plugin that is loaded again gets another prefix, so that what still runs of the older one keeps its modules.
"""

import builtins
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType
from typing import Final

from hookyard.errors import PluginLoadError

PRIVATE: Final = "hookyard_plugin_"
"""What the modules of plugins in plugin folders begin with: they meet neither each other nor others."""

_real_import: Final = builtins.__import__
_scopes: Final[dict[str, "Scope"]] = {}
_loads: Final[dict[str, int]] = {}
"""How often each plugin was loaded; a prefix is never used again."""


class Scope:
    """The modules of one load of one plugin.

    Args:
        name: the plugin.
        folder: whose modules are the plugin's own; None for a single file, which has no others.
        sources: what its source files held when it was loaded, by their paths: that is run, whatever they hold now.
    """

    def __init__(self, name: str, folder: Path | None, sources: Mapping[str, bytes] | None = None) -> None:
        self._sources = sources or {}
        self._copied = {path.rpartition("/")[0] for path in self._sources}
        self._folder = None if folder is None else [str(folder)]
        self._own: dict[str, bool] = {}
        self._forgotten: dict[str, ModuleType] = {}
        number = _loads[name] = _loads.get(name, 0) + 1
        self.prefix = PRIVATE + name + (f"@{number}" if number > 1 else "")  # no plugin's name has an @
        self.builtins: dict[str, object] = {**vars(builtins), "__import__": self._import}
        _scopes[self.prefix] = self
        if _finder not in sys.meta_path:
            sys.meta_path.insert(0, _finder)

    def run_file(self, file: Path, *, package: bool) -> ModuleType:
        """The plugin's one file, or the `__init__.py` of its folder, as the module that bears the prefix."""
        inside = [str(file.parent)] if package else None
        loader = _Loader(self.prefix, str(file), self)
        spec = spec_from_file_location(self.prefix, file, loader=loader, submodule_search_locations=inside)
        if spec is None:
            msg = f"{file} is not Python"
            raise PluginLoadError(msg)
        module = module_from_spec(spec)
        sys.modules[self.prefix] = module
        loader.exec_module(module)
        return module

    def run_module(self, name: str) -> ModuleType:
        """A module of the plugin's folder, by the name that the plugin itself knows it by."""
        top = name.partition(".")[0]
        if not self._owns(top):
            msg = f"there is no module {top} in {', '.join(self._folder or ())}"
            raise PluginLoadError(msg)
        around = ModuleSpec(self.prefix, None, is_package=True)
        around.submodule_search_locations = self._folder
        sys.modules.setdefault(self.prefix, module_from_spec(around))
        return import_module(f"{self.prefix}.{name}")

    def source(self, path: str) -> bytes | None:
        """What a file held when the plugin was loaded; None when that is not known."""
        return self._sources.get(path)

    def find(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """A module as it was when the plugin was loaded, else as it is."""
        tail = fullname.rpartition(".")[2]
        folders = [f"{folder}/{tail}" for folder in path or ()]
        for folder in folders if self._sources else ():
            if (file := f"{folder}/__init__.py") in self._sources:
                loader = _Loader(fullname, file, self)
                return spec_from_file_location(fullname, file, loader=loader, submodule_search_locations=[folder])
            if (file := f"{folder}.py") in self._sources:
                return spec_from_file_location(fullname, file, loader=_Loader(fullname, file, self))
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            was_there = spec.loader.path.rpartition("/")[0] not in self._copied  # else it is of after the load
            spec.loader = _Loader(fullname, spec.loader.path, self)
            spec = spec if was_there else None
        if spec is None:
            gone = [folder for folder in folders if any(f"{known}/".startswith(f"{folder}/") for known in self._copied)]
            if gone:
                spec = ModuleSpec(fullname, None, is_package=True)
                spec.submodule_search_locations = gone
        return spec

    def forget(self) -> None:
        """Take the modules out of `sys.modules`; they are put back if code that still runs imports any of them."""
        _scopes.pop(self.prefix, None)
        for known in list(sys.modules):
            if known == self.prefix or known.startswith(f"{self.prefix}."):
                self._forgotten[known] = sys.modules.pop(known)

    def _import(
        self,
        name: str,
        globals: Mapping[str, object] | None = None,  # noqa: A002  the names that `__import__` has
        locals: Mapping[str, object] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        """What `import` means in the plugin's modules."""
        if self._forgotten:
            sys.modules.update(self._forgotten)
            self._forgotten.clear()
            _scopes[self.prefix] = self
        top = name.partition(".")[0]
        if level or not self._owns(top):
            return _real_import(name, globals, locals, fromlist or (), level)
        private = f"{self.prefix}.{name}"
        if fromlist:
            return _real_import(private, globals, locals, fromlist, 0)
        import_module(private)
        return sys.modules[f"{self.prefix}.{top}"]

    def _owns(self, top: str) -> bool:
        known = self._own.get(top)
        if known is None:
            known = self._own[top] = self._look(top)
        return known

    def _look(self, top: str) -> bool:
        if self._folder is None or top in sys.stdlib_module_names or top == "hookyard":
            return False
        found = self.find(top, self._folder)
        if found is None:
            return False
        # A folder without __init__.py may hold no Python at all; as everywhere, a real module goes before it.
        return found.origin is not None or find_spec(top) is None


class _Loader(SourceFileLoader):
    """Reads the source itself: what Python keeps of it would be taken for new when it changes twice in a second."""

    def __init__(self, name: str, path: str, scope: Scope) -> None:
        super().__init__(name, path)
        self._scope = scope

    def get_code(self, fullname: str) -> CodeType:
        """Compile it."""
        path = self.get_filename(fullname)
        known = self._scope.source(path)
        code: CodeType = self.source_to_code(self.get_data(path) if known is None else known, path)
        return code

    def exec_module(self, module: ModuleType) -> None:
        """Run it, with the plugin's own meaning of `import`."""
        vars(module)["__builtins__"] = self._scope.builtins
        super().exec_module(module)


class _Finder:
    """Finds what is imported below a plugin's prefix."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        scope = _scopes.get(fullname.partition(".")[0])
        return None if scope is None else scope.find(fullname, path, target)


_finder: Final = _Finder()
