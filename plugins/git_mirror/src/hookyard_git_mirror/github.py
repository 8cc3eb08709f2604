"""The part of GitHub's push event that a mirror needs; all else in it is ignored.

Source: https://docs.github.com/en/webhooks/webhook-events-and-payloads#push
"""

from typing import Annotated

from msgspec import Meta, Struct


class PushedRepository(Struct, frozen=True):
    """The repository that was pushed to."""

    full_name: Annotated[str, Meta(description="Owner and name, such as `octocat/hello-world`.")]


class Push(Struct, frozen=True):
    """GitHub's `push` event."""

    ref: Annotated[str, Meta(description="The full name, such as `refs/heads/main` or `refs/tags/v1`.")]
    repository: PushedRepository
