"""How much of the server's own speed is left once a GitHub push is verified, found to be new, and stored durably."""

import hmac
import json

from bench.harness import HOOK_SECRET, HOOKS, Options, Server, hookyard, interleaved, noop, rate, scratch
from bench.load import Target
from bench.stats import Result

SIZE = 7_000
"""Bytes: what a push of one or two commits has."""
WORK = {
    "push": "GitHub push of 7 kB verified, deduplicated and stored (202 after commit)",
    "typed": "... into hookyard.inbound.events.github.Push",
}


def body() -> bytes:
    """A push as GitHub lays it out, made up here."""
    person = {"name": "Ada", "email": "ada@example.com", "username": "ada"}
    owner = {"login": "example", "id": 1, "type": "Organization", "site_admin": False}
    repository = {
        "id": 2,
        "name": "engine",
        "full_name": "example/engine",
        "private": False,
        "owner": owner | {f"{what}_url": f"https://git.example.com/users/example/{what}" for what in "abcdefghijkl"},
        "default_branch": "main",
        "created_at": 1_700_000_000,
        "pushed_at": 1_700_000_100,
    }
    commit = {
        "id": "0" * 40,
        "tree_id": "1" * 40,
        "message": "Count the cards before the loom starts",
        "timestamp": "2026-01-01T00:00:00Z",
        "author": person,
        "committer": person,
        "added": [],
        "removed": [],
        "modified": ["src/loom.py"],
    }
    push = {
        "ref": "refs/heads/main",
        "before": "2" * 40,
        "after": "0" * 40,
        "repository": repository,
        "pusher": person,
        "sender": owner,
        "created": False,
        "deleted": False,
        "forced": False,
        "commits": [commit],
        "head_commit": commit,
    }
    urls = {f"{name}_url": "https://api.git.example.com/repos/example/engine/" + name for name in map(str, range(44))}
    whole = push | {"repository": repository | urls}
    rest = SIZE - len(json.dumps(whole | {"compare": ""}).encode())
    return json.dumps(whole | {"compare": "." * rest}).encode()


def headers(text: bytes) -> dict[str, str]:
    return {
        "User-Agent": "GitHub-Hookshot/0000000",
        "X-GitHub-Event": "push",
        "X-GitHub-Delivery": "first",
        "X-GitHub-Hook-ID": "1",
        "X-Hub-Signature-256": "sha256=" + hmac.digest(HOOK_SECRET.encode(), text, "sha256").hex(),
    }


def run(options: Options) -> list[Result]:
    text = body()
    results: list[Result] = []

    def target(server: Server, path: str) -> Target:
        return Target(f"http://127.0.0.1:{server.port}{path}", text, headers(text), unique="X-GitHub-Delivery")

    for source, command in HOOKS.items():
        with (
            scratch(options, "hook") as folder,
            hookyard(folder / "ours") as ours,
            noop(folder / "noop") as bare,
        ):
            ours.pause(command)
            hook, nothing = target(ours, f"/hooks/{source}"), target(bare, "/noop")
            taken, answered = interleaved(
                options, lambda to=hook: rate(options, to), lambda to=nothing: rate(options, to)
            )
        results.append(
            Result(
                name="hook" if source == "push" else f"hook-{source}",
                work=WORK[source],
                against="the same server answering a bare ASGI no-op POST of the same request",
                unit="/s",
                ours=taken,
                rival=answered,
                goal=0.5,
                note="The lane is paused, so that nothing runs beside the taking in. Every request is a new delivery.",
            )
        )
    return results
