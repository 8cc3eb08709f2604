"""Which refs there are, which of them are mirrored, and how two sets of them differ."""

import re
from collections.abc import Mapping
from typing import Annotated, Final

from msgspec import Meta, Struct

from hookyard_git_mirror.config import Repository

Refs = Mapping[str, str]
"""Full names, with the ids of what they point to."""

_OBJECT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
# What git-check-ref-format(1) refuses, and what would mean something in a refspec.
_UNFIT: Final = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|\.$|/$|/\.|\.lock(/|$)")
_LONGEST: Final = 1000


class Change(Struct, frozen=True):
    """What became of one ref."""

    ref: str
    before: Annotated[str | None, Meta(description="The commit or tag it was; null when it is new.")]
    after: Annotated[str | None, Meta(description="What it is now; null when it is gone.")]


class Listing(Struct, frozen=True):
    """What a remote has."""

    refs: dict[str, str]
    head: str | None
    """The branch that it calls its own."""


def fits(pattern: str, branch: str) -> bool:
    """Whether a branch is one that a pattern names; its `*` stands for anything, as in git's refspecs."""
    start, star, end = pattern.partition("*")
    if not star:
        return branch == pattern
    return len(branch) >= len(start) + len(end) and branch.startswith(start) and branch.endswith(end)


def is_mirrored(repository: Repository, ref: str) -> bool:
    """Whether a ref, by its full name, belongs into a repository's mirror."""
    if ref.startswith("refs/tags/"):
        return repository.tags
    branch = ref.removeprefix("refs/heads/")
    return branch != ref and any(fits(pattern, branch) for pattern in repository.branches)


def listed(repository: Repository, output: str) -> Listing:
    """What `git ls-remote --symref` says, of what is mirrored; what no ref can be is left out."""
    refs: dict[str, str] = {}
    head: str | None = None
    for line in output.split("\n"):
        found, _, name = line.partition("\t")
        if found.startswith("ref: ") and name == "HEAD":
            head = found.removeprefix("ref: ")
        elif _OBJECT.fullmatch(found) and _is_ref(name) and is_mirrored(repository, name):
            refs[name] = found
    return Listing(refs, head if head in refs else None)


def parsed(output: str) -> dict[str, str]:
    """What `git for-each-ref --format='%(objectname) %(refname)'` says."""
    pairs = (line.partition(" ") for line in output.split("\n") if line)
    return {name: found for found, _, name in pairs}


def changes(before: Refs, after: Refs) -> tuple[Change, ...]:
    """How they differ, by name."""
    names = sorted(before.keys() | after.keys())
    pairs = ((name, before.get(name), after.get(name)) for name in names)
    return tuple(Change(name, old, new) for name, old, new in pairs if old != new)


def _is_ref(name: str) -> bool:
    return len(name) <= _LONGEST and name.startswith("refs/") and _UNFIT.search(name) is None
