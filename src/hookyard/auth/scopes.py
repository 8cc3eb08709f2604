"""Scopes: what a principal may do, written as short texts.

========================  =================================================================================
scope                     allows
========================  =================================================================================
``trigger:hello/greet``   running this command; both halves may be globs (`*`, `?`, `[abc]`), `trigger:*/*`
``trigger:ro``            running every command that is declared `read_only`
``jobs:read``             listing jobs, and reading every one; without it a principal reads only those it made, by id
``admin``                 everything
========================  =================================================================================
"""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Final

ADMIN: Final = "admin"
JOBS_READ: Final = "jobs:read"
TRIGGER_READ_ONLY: Final = "trigger:ro"
_PLAIN: Final = frozenset({ADMIN, JOBS_READ, TRIGGER_READ_ONLY})
_TRIGGER: Final = re.compile(r"trigger:([A-Za-z0-9_.*?\[\]!-]+)/([A-Za-z0-9_.*?\[\]!-]+)")


def check_scope(text: str) -> str | None:
    """Say what is wrong with a scope, or None when it is one."""
    if text in _PLAIN or _TRIGGER.fullmatch(text):
        return None
    return f"unknown scope {text!r}: expected trigger:<plugin>/<command>, trigger:ro, jobs:read or admin"


def allows_trigger(scopes: Iterable[str], plugin: str, command: str, *, read_only: bool) -> bool:
    """Whether these scopes allow running this command. A glob never reaches over the slash."""
    for scope in scopes:
        if scope == ADMIN or (read_only and scope == TRIGGER_READ_ONLY):
            return True
        found = _TRIGGER.fullmatch(scope)
        if found and fnmatchcase(plugin, found[1]) and fnmatchcase(command, found[2]):
            return True
    return False
