"""A package's imports of its own modules by their bare names, said in full: mypy knows a module by one name only.

`import other` in a package of a plugin folder means the `other.py` beside it, as `from . import other` does, and both
are one module. Here the first becomes `import pkg.other as other` in the copy that is checked; lines stay where they
are.
"""

import ast
import sys
from pathlib import Path
from typing import Final

_NEVER_OWN: Final = {*sys.stdlib_module_names, "hookyard", "__init__"}


def say_in_full(package: Path) -> None:
    """Rewrite the bare imports in all files of a package, in place.

    Args:
        package: a copy of the folder of a plugin.
    """
    own = _modules(package)
    for path in [*package.rglob("*.py"), *package.rglob("*.pyi")]:
        try:
            text = path.read_text(encoding="utf-8")
            found = _rewritten(text, package.name, own)
        except (ValueError, SyntaxError):  # the checker says what is wrong with it, and where
            continue
        path.write_text(found, encoding="utf-8")


def _modules(package: Path) -> frozenset[str]:
    """What the package's folder has for modules, but for those that the standard library goes before."""
    files = {path.stem for path in package.iterdir() if path.suffix in {".py", ".pyi"}}
    folders = {path.name for path in package.iterdir() if path.is_dir() and any(path.rglob("*.py"))}
    return frozenset((files | folders) - _NEVER_OWN)


def _rewritten(text: str, package: str, own: frozenset[str]) -> str:
    lines = text.encode().split(b"\n")
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import | ast.ImportFrom)]
    for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset), reverse=True):
        said = _said(node, package, own)
        if said is None:
            continue
        last = node.end_lineno or node.lineno
        before, after = lines[node.lineno - 1][: node.col_offset], lines[last - 1][node.end_col_offset :]
        keyword, rest = said.split(" ", 1)
        filled = f"{keyword} " + "\\\n" * (last - node.lineno) + rest
        lines[node.lineno - 1 : last] = [*(before + filled.encode() + after).split(b"\n")]
    return b"\n".join(lines).decode()


def _said(node: ast.Import | ast.ImportFrom, package: str, own: frozenset[str]) -> str | None:
    """An import in full; None when it is so already."""
    if isinstance(node, ast.ImportFrom):
        if node.level or node.module is None or node.module.partition(".")[0] not in own:
            return None
        names = ", ".join(_as(each.name, each.asname) for each in node.names)
        return f"from {package}.{node.module} import {names}"
    if not any(each.name.partition(".")[0] in own for each in node.names):
        return None
    return "; ".join(_one(each, package, own) for each in node.names)


def _one(alias: ast.alias, package: str, own: frozenset[str]) -> str:
    top = alias.name.partition(".")[0]
    if top not in own:
        return f"import {_as(alias.name, alias.asname)}"
    if alias.asname is not None or alias.name == top:
        return f"import {package}.{alias.name} as {alias.asname or top}"
    return f"import {package}.{alias.name}; import {package}.{top} as {top}"


def _as(name: str, other: str | None) -> str:
    return name if other is None else f"{name} as {other}"
