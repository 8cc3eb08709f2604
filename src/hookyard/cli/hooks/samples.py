"""Bodies to send: small ones of our own for the Git hosts, and one for everybody else."""

import re
from importlib.resources import files
from typing import Final

import msgspec

from hookyard.inbound.preset import Preset

_EVENTS: Final = {
    "github": {
        "push": "github-push",
        "pull_request": "github-pull-request",
        "issues": "github-issues",
        "ping": "github-ping",
    },
    "gitlab": {"Push Hook": "gitlab-push", "Merge Request Hook": "gitlab-merge-request"},
    "gitea": {"push": "gitea-push", "pull_request": "gitea-pull-request"},
    "bitbucket": {"repo:push": "bitbucket-push", "pullrequest:created": "bitbucket-pull-request"},
    "bitbucket-server": {"repo:refs_changed": "bitbucket-server-push", "pr:opened": "bitbucket-server-pull-request"},
    "azure-devops": {"git.push": "azure-devops-push", "git.pullrequest.created": "azure-devops-pull-request"},
}
"""By host, the events that there are samples of, and their files."""
_WORDS: Final = re.compile(r"[^a-z0-9]+")


def sample(preset: Preset | None, event: str) -> tuple[str, bytes]:
    """The body of an event.

    Args:
        preset: whose; None for a template of somebody's own.
        event: its name, or so much of it that it can only be that one: `push` is GitLab's `Push Hook`.

    Returns:
        The event's whole name, and JSON.
    """
    known = _EVENTS.get((preset and preset.host) or "", {})
    whole = event if event in known else _meant(event, list(known))
    if whole in known:
        return whole, (files("hookyard.cli.hooks") / "samples" / f"{known[whole]}.json").read_bytes()
    data = {"message": "A sample from `hookyard hooks send`."}
    return event, msgspec.json.encode({"type": event, "data": data})


def events(host: str) -> tuple[str, ...]:
    """The events of a Git host that there are samples of."""
    return tuple(_EVENTS.get(host, {}))


def hosts() -> tuple[str, ...]:
    """The Git hosts that there are samples of."""
    return tuple(_EVENTS)


def _meant(event: str, known: list[str]) -> str:
    wanted = set(_WORDS.split(event.lower()))
    found = [each for each in known if wanted <= set(_WORDS.split(each.lower()))]
    return found[0] if len(found) == 1 else event
