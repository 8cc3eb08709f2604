"""Scopes: what a principal may do, written as short texts.

=========================  ================================================================================
scope                      allows
=========================  ================================================================================
``trigger:hello/greet``    running this command; both halves may be globs (`*`, `?`, `[abc]`), `trigger:*/*`
``trigger:ro``             running every command that is declared `read_only`
``jobs:read``              listing and reading every job of the tenant; without it a principal reads only those
                           it made, by id. Also what `results:read` and `plugins:read` allow
``jobs:write``             cancelling, killing, retrying and deleting the jobs that it may read
``results:read``           the short form, the result and the artifacts of every job, by id; no lists
``work:ml/*``              claiming the jobs of these lanes as a worker; globs, `work:*` is every lane
``endpoints:read``         endpoints, without their secrets, and deliveries; the bodies of these and whole callback URLs
                           only with `jobs:read` too, since results are in them
``endpoints:write``        enabling, disabling, deleting, testing and recovering endpoints, rotating their secrets,
                           sending deliveries again. Making or changing an endpoint needs `jobs:read` too: it is told
                           the results
``tokens:read|write``      tokens; nobody makes one that may do more than he may himself
``schedules:read|write``   schedules
``lanes:read|write``       lanes: how full they are; pausing and resuming them
``sources:read|write``     inbound webhooks: which sources there are; forgetting a delivery id
``audit:read``             the audit log
``plugins:read``           plugins and how they are
``admin``                  everything
``!trigger:prod/*``        takes away: an entry that begins with `!` wins over every other
=========================  ================================================================================

`jobs:*` is short for `jobs:read` and `jobs:write`, and so with the others.
"""

import re
from functools import lru_cache
from typing import Final

from msgspec import Struct

from hookyard.auth.globs import matches, within
from hookyard.config.model.parts import SCOPE_PATTERN

ADMIN: Final = "admin"
JOBS_READ: Final = "jobs:read"
JOBS_WRITE: Final = "jobs:write"
LANES_READ: Final = "lanes:read"
LANES_WRITE: Final = "lanes:write"
ENDPOINTS_READ: Final = "endpoints:read"
ENDPOINTS_WRITE: Final = "endpoints:write"
PLUGINS_READ: Final = "plugins:read"
RESULTS_READ: Final = "results:read"
AUDIT_READ: Final = "audit:read"
SCHEDULES_READ: Final = "schedules:read"
SCHEDULES_WRITE: Final = "schedules:write"
SOURCES_READ: Final = "sources:read"
SOURCES_WRITE: Final = "sources:write"
TOKENS_READ: Final = "tokens:read"
TOKENS_WRITE: Final = "tokens:write"
GLOBAL: Final = frozenset({ADMIN, LANES_READ, LANES_WRITE, PLUGINS_READ, SOURCES_READ, SOURCES_WRITE})
"""What concerns everybody: no principal with a tenant may, whatever its scopes."""
_SCOPE: Final = re.compile(SCOPE_PATTERN)
_READ_ONLY: Final = "ro"
_IMPLIED: Final = {JOBS_READ: (RESULTS_READ, PLUGINS_READ), "jobs:*": (RESULTS_READ, PLUGINS_READ)}
_MOST_REMEMBERED: Final = 4096


def check_scope(text: str) -> str | None:
    """Say what is wrong with a scope, or None when it is one."""
    if _SCOPE.fullmatch(text):
        return None
    return (
        f"unknown scope {text!r}: expected trigger:<plugin>/<command>, trigger:ro, work:<lane>, "
        "<jobs|endpoints|tokens|schedules|lanes|sources>:<read|write|*>, <results|audit|plugins>:read or admin, "
        "each perhaps after a `!` that takes it away"
    )


class Entry(Struct, frozen=True):
    """One scope, taken apart."""

    group: str
    """What stands before the colon."""
    pattern: str = ""

    @classmethod
    def read(cls, text: str) -> "Entry":
        """Take a scope apart, without its `!`."""
        return cls(*text.split(":", 1))

    def names(self, group: str, name: str, read_only: bool) -> bool:
        """Whether it is about this. A glob never reaches over the slash."""
        if self.group != group:
            return False
        if group == "trigger":
            return read_only if self.pattern == _READ_ONLY else _halves_match(self.pattern, name)
        if group == "work":
            return self.pattern == "*" or _halves_match(self.pattern, name)
        return self.pattern in (name, "*")

    def covers(self, other: "Entry") -> bool:
        """Whether it provably allows everything that the other one does."""
        if self.group == ADMIN or self == other:
            return True
        if self.group != other.group:
            return False
        if self.group == "trigger":
            if _READ_ONLY in (self.pattern, other.pattern):
                return self.pattern == "*/*"
            return _halves_within(other.pattern, self.pattern)
        if self.group == "work":
            return self.pattern == "*" or (other.pattern != "*" and _halves_within(other.pattern, self.pattern))
        return self.pattern == "*"


def _halves_match(pattern: str, name: str) -> bool:
    globs, names = pattern.split("/"), name.split("/")
    return len(globs) == len(names) and all(map(matches, globs, names))


def _halves_within(narrow: str, wide: str) -> bool:
    ours, theirs = narrow.split("/"), wide.split("/")
    return len(ours) == len(theirs) and all(map(within, ours, theirs))


class Rules:
    """What a set of scopes comes to: a table that fills as it is asked.

    There is one of every set of scopes, however many principals have it.
    """

    __slots__ = ("_asked", "allow", "deny")

    def __init__(self, scopes: tuple[str, ...]) -> None:
        given = [text for text in scopes if not text.startswith("!")]
        more = [implied for text in given for implied in _IMPLIED.get(text, ())]
        self.allow = tuple(Entry.read(text) for text in (*given, *more))
        self.deny = tuple(Entry.read(text[1:]) for text in scopes if text.startswith("!"))
        self._asked: dict[tuple[str, str, bool], bool] = {}

    def may(self, group: str, name: str, read_only: bool = False) -> bool:
        """Whether they allow this."""
        question = (group, name, read_only)
        known = self._asked.get(question)
        if known is None:
            known = self._decide(*question)
            # Callers can ask for whatever they like: what is remembered is bounded.
            if len(self._asked) < _MOST_REMEMBERED:
                self._asked[question] = known
        return known

    def _decide(self, group: str, name: str, read_only: bool) -> bool:
        if any(entry.names(group, name, read_only) for entry in self.deny):
            return False
        return any(entry.group == ADMIN or entry.names(group, name, read_only) for entry in self.allow)


@lru_cache(maxsize=1024)
def rules_of(scopes: tuple[str, ...]) -> Rules:
    """The rules of these scopes."""
    return Rules(scopes)
