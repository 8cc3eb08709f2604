"""The keys of a job: by which it is unique while active, and under which few run at once."""

from typing import Final

import msgspec
from msgspec import Struct

from hookyard.errors import Refused
from hookyard.host.registry import Command
from hookyard.keypath import KeyPath, digest, text_of
from hookyard.model import UniquePolicy
from hookyard.store.contract import Unique

_TIMES: Final = 10
"""How often a caller's own debounce can be put off, where the command has no bound."""


class UniqueAsk(Struct, frozen=True):
    """What is to become of a job while others with the same key are active."""

    key: str | None = None
    """The key itself; without one, equal inputs have the same key, or, with `debounce`, all inputs do."""
    policy: UniquePolicy = "skip"


class Keys(Struct, frozen=True):
    """What follows from one job's input, its command and its caller's wish."""

    unique_key: str | None = None
    """Of one tenant and one command."""
    unique: Unique | None = None
    wait: int = 0
    """Milliseconds for which it waits for later ones with its key."""
    concurrency_key: str | None = None
    concurrency_limit: int | None = None


def keys_of(  # noqa: PLR0917  one step of make_job
    command: Command, args: bytes, data: Struct | None, tenant: str, ask: UniqueAsk | None, debounce: int | None
) -> Keys:
    """The keys of a job.

    A caller's wish takes the place of the command's declaration.

    Raises:
        Refused: one after the other is asked for, and the command has a key of its own to run under.
    """
    own = None if command.keyed is None or data is None else command.keyed.find(data)
    limit = None if own is None else command.key_limit
    wait = command.debounce if debounce is None else debounce
    policy = command.unique if ask is None else ask.policy
    if policy is None and not wait:
        return Keys(concurrency_key=own, concurrency_limit=limit)
    found = _unique_key(args, data, None if ask is None else ask.key, command.unique_path, waits=bool(wait))
    if found is None:
        return Keys(concurrency_key=own, concurrency_limit=limit)
    key = f"{tenant} {command.key} {found}"
    if policy in {"queue", "replace"}:
        if command.keyed is not None:
            detail = (
                f"{command.key} runs under a concurrency key of its own, so its jobs cannot be unique by {policy!r}."
            )
            raise Refused("invalid_input", detail, path="$.unique.policy")
        own, limit = f"unique:{key}", 1
    return Keys(key, _taken(command, policy, wait, debounce), wait or 0, own, limit)


def _unique_key(
    args: bytes, data: Struct | None, given: str | None, path: KeyPath | None, *, waits: bool
) -> str | None:
    if given is not None:
        return f"={text_of(given)}"
    if path is not None:  # what has no value there is like nothing else
        value = None if data is None else path.find(data)
        return None if value is None else f"={value}"
    if waits:
        return ""
    return "#" + digest(args if data is None else msgspec.json.encode(data, order="deterministic"))


def _taken(command: Command, policy: UniquePolicy | None, wait: int | None, given: int | None) -> Unique | None:
    if wait:
        return Unique(
            "coalesce", latest=_TIMES * wait if given is not None or not command.debounce_max else command.debounce_max
        )
    return Unique("replace" if policy == "replace" else "skip") if policy in {"skip", "replace"} else None
