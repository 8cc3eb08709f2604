"""The commands of a running gateway, as its OpenAPI document tells of them."""

from collections.abc import Mapping
from typing import Any, cast

import msgspec

from hookyard.errors import ConfigError, Problem
from hookyard.schema import Lock, LockedCommand
from hookyard.schema.lock import checked, references

_PLACE = "#/components/schemas/"


def lock_of_gateway(document: Mapping[str, Any], name: str) -> Lock:
    """The lock that describes the commands of an OpenAPI document.

    Args:
        document: as `GET /openapi.json` gives it.
        name: where it came from, for messages.

    Raises:
        ConfigError: it is not Hookyard's.
    """
    try:
        paths, known = document["paths"], _rewritten(document["components"]["schemas"])
        posts = {
            path.removeprefix("/trigger/"): each["post"] for path, each in sorted(paths.items()) if "trigger" in path
        }
        commands = {key: _command(post) for key, post in posts.items()}
        lock = _lock(commands, known, document.get("x-plugins", {}))
        lock = msgspec.convert(msgspec.to_builtins(lock), Lock)
    except (KeyError, TypeError, IndexError, AttributeError, RecursionError, msgspec.ValidationError) as error:
        message = f"this is no OpenAPI document of Hookyard's: {type(error).__name__}: {error}"
        raise ConfigError((Problem(name, 0, "", message),)) from error
    return checked(lock, name)


def _lock(commands: dict[str, LockedCommand], known: dict[str, Any], versions: Mapping[str, str | None]) -> Lock:
    needed: set[str] = set()
    waiting = references([[each.input, each.output] for each in commands.values()])
    while waiting:
        needed |= waiting
        waiting = references([known[each] for each in waiting if each in known]) - needed
    return Lock(
        plugins={plugin: versions.get(plugin) for plugin in sorted({key.partition("/")[0] for key in commands})},
        commands=commands,
        types={each: known[each] for each in sorted(needed) if each in known},
    )


def _command(post: Mapping[str, Any]) -> LockedCommand:
    body = post["requestBody"]["content"]["application/json"]["schema"]
    done = post["responses"]["200"]["content"]["application/json"]["schema"]
    return LockedCommand(
        input=_rewritten(body["properties"]["payload"]),
        output=_rewritten(done["allOf"][1]["properties"]["result"]),
        summary=post["summary"],
        description=post["description"],
        read_only=post.get("x-read-only", False),
        idempotent=post.get("x-idempotent", False),
        deprecated=post["deprecated"],
    )


def _rewritten(part: Any) -> Any:  # noqa: ANN401  any part of a JSON document
    """The same with references as a lock has them."""
    if isinstance(part, dict):
        return {key: _rewritten(value) for key, value in cast("dict[str, Any]", part).items()}
    if isinstance(part, list):
        return [_rewritten(each) for each in part]  # pyright: ignore[reportUnknownVariableType]  JSON
    if isinstance(part, str) and part.startswith(_PLACE):
        return "#/types/" + part.removeprefix(_PLACE)
    return part
