"""What is known of commands that external workers run."""

from collections.abc import Mapping
from dataclasses import dataclass

from hookyard.keypath import KeyPath


@dataclass(frozen=True, slots=True, eq=False)
class ExternalLaunch:
    """What their plugin's section says beyond their types and options; by the command's name."""

    leases: Mapping[str, int]
    """Milliseconds that a worker may stay silent where it asks for no time of its own."""
    affinities: Mapping[str, KeyPath]
    """Where in the payload the job's affinity is."""
