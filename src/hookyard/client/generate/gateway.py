"""The commands of a running gateway, as its OpenAPI document tells of them."""

from collections.abc import Mapping
from typing import Any, cast

from hookyard.errors import ConfigError, Problem
from hookyard.schema import Lock, LockedCommand
from hookyard.schema.lock import references

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
    except (KeyError, TypeError, IndexError) as error:
        message = f"this is no OpenAPI document of Hookyard's: {type(error).__name__}: {error}"
        raise ConfigError((Problem(name, 0, "", message),)) from error
    needed: set[str] = set()
    waiting = references([[each.input, each.output] for each in commands.values()])
    while waiting:
        needed |= waiting
        waiting = references([known[each] for each in waiting]) - needed
    versions: Mapping[str, str | None] = document.get("x-plugins", {})
    return Lock(
        plugins={plugin: versions.get(plugin) for plugin in sorted({key.partition("/")[0] for key in commands})},
        commands=commands,
        types={each: known[each] for each in sorted(needed)},
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
