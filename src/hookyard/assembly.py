"""From a configuration to the rooms it describes, with every problem any of them has with it.

`hookyard check` reports what this finds, and a server starts only where this finds nothing: wrong YAML does not serve.
"""

from dataclasses import dataclass

from hookyard.config import Loaded
from hookyard.errors import Problem
from hookyard.host.load import load
from hookyard.host.registry import Registry
from hookyard.inbound import Sources, SourcesError
from hookyard.outbound import Outbound


@dataclass(frozen=True, slots=True)
class Assembly:
    """What a configuration amounts to once its plugins are loaded."""

    registry: Registry
    sources: Sources
    """Empty when there are problems with them."""
    problems: tuple[Problem, ...]


def assemble(loaded: Loaded) -> Assembly:
    """Load the plugins and compile the sources of a configuration."""
    registry = load(loaded.config, loaded.base)
    found = list(registry.problems)
    try:
        sources = Sources.build(loaded.config, registry.commands)
    except SourcesError as error:
        sources = Sources({})
        found += error.problems
    found += Outbound.problems(loaded.config)
    problems = (loaded.problem(path, message) for path, message in found)
    return Assembly(registry, sources, tuple(sorted(problems, key=lambda problem: problem.line)))
