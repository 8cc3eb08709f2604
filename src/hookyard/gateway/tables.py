"""What the gateway knows of one configuration and its plugins: built as a whole, and swapped as a whole."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from hookyard.gateway.accept import CommandWay
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.hooks import SourceWay, Stranger
from hookyard.gateway.lean import Lean, LeanHook, lean_ways
from hookyard.gateway.openapi import document
from hookyard.host.registry import Registry


@dataclass(frozen=True, slots=True)
class Tables:
    """Everything that follows from the registry and the sources; a request reads one of these and keeps to it."""

    registry: Registry
    ways: Mapping[str, CommandWay]
    sources: Mapping[str, SourceWay]
    lean: Mapping[str, Lean]
    """The hot paths."""
    stranger: Stranger
    """The way in through sources that are not there."""
    lean_stranger: Lean | None
    document: bytes
    """The OpenAPI document."""

    @classmethod
    def build(cls, deps: GatewayDeps, *, lean: bool = True) -> Self:
        """Make them.

        Args:
            deps: with the registry, the sources and the configuration to follow from.
            lean: False leaves the hot paths to the ordinary handlers.
        """
        ways = {key: CommandWay(deps, command) for key, command in deps.registry.commands.items()}
        stranger = Stranger(deps)
        sources = {name: SourceWay(deps, source, ways, stranger) for name, source in deps.sources.by_name.items()}
        table = lean_ways(deps, ways, sources) if lean else {}
        lean_stranger = LeanHook(deps, stranger) if lean else None
        return cls(deps.registry, ways, sources, table, stranger, lean_stranger, document(deps))


class Live:
    """The tables that hold now: what handlers look at when a request begins."""

    __slots__ = ("tables",)

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
