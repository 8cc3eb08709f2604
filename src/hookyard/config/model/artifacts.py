"""Where blobs are kept."""

from hookyard.config.model.parts import Positive, Section, Text
from hookyard.config.values import Size


class ArtifactSettings(Section, frozen=True, kw_only=True):
    """Where the named blobs of jobs are kept."""

    path: Text = "artifacts"
    """A folder, relative to the configuration file, or `memory` for trials."""
    max_size: Size = Size(1 << 30)
    """Largest single artifact."""
    max_per_job: Positive = 1000
    """How many artifacts one job may have."""
