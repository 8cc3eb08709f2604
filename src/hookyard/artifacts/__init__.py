"""Where the content of artifacts is kept: an object store, beside the store that knows their names."""

from hookyard.artifacts.names import check_media_type, check_name
from hookyard.artifacts.objects import ArtifactStore
from hookyard.artifacts.writer import ArtifactWriter, Stored

__all__ = ["ArtifactStore", "ArtifactWriter", "Stored", "check_media_type", "check_name"]
