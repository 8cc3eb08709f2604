"""The names of refs, and the hash that is none."""

from typing import Final

BRANCHES: Final = "refs/heads/"
TAGS: Final = "refs/tags/"
ZEROS: Final = "0" * 40
"""What hosts send for a commit that is not there; of a repository with SHA-256, 64 of them."""


def branch_of(ref: str) -> str | None:
    """The branch of a full ref; None when it is none."""
    return ref.removeprefix(BRANCHES) if ref.startswith(BRANCHES) else None


def tag_of(ref: str) -> str | None:
    """The tag of a full ref; None when it is none."""
    return ref.removeprefix(TAGS) if ref.startswith(TAGS) else None


def is_zeros(commit: str) -> bool:
    """Whether it stands for no commit."""
    return bool(commit) and not commit.strip("0")
