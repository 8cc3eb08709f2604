"""The part of GitHub's push event that the summary needs; all else in it is ignored.

Source: https://docs.github.com/en/webhooks/webhook-events-and-payloads#push
"""

from typing import Annotated

from msgspec import Meta, Struct


class Repository(Struct, frozen=True):
    """The repository that was pushed to."""

    full_name: Annotated[str, Meta(description="Owner and name, such as `octocat/hello-world`.")]


class Pusher(Struct, frozen=True):
    """Who pushed."""

    name: str


class Commit(Struct, frozen=True):
    """One commit of a push; GitHub sends at most 2048 of them."""

    id: Annotated[str, Meta(description="The commit's hash.")]
    message: str
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    modified: tuple[str, ...] = ()


class Push(Struct, frozen=True):
    """GitHub's `push` event."""

    ref: Annotated[str, Meta(description="The full name, such as `refs/heads/main` or `refs/tags/v1`.")]
    before: Annotated[str, Meta(description="The commit before the push; zeros when the ref is new.")]
    after: Annotated[str, Meta(description="The commit after the push; zeros when the ref was deleted.")]
    repository: Repository
    pusher: Pusher | None = None
    created: bool = False
    deleted: bool = False
    forced: bool = False
    compare: str = ""
    commits: tuple[Commit, ...] = ()
    head_commit: Annotated[Commit | None, Meta(description="The newest commit; null for a deletion.")] = None
