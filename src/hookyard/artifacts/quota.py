"""How much all artifacts together may take."""

from hookyard.config.values import Size
from hookyard.errors import ArtifactError


class Quota:
    """A kept counter of bytes, and its bound.

    It counts what is being written too, so that many at once do not pass the bound together. What others forget, such
    as a prune, is counted when the sum is taken anew.
    """

    def __init__(self, limit: Size | None) -> None:
        self.limit = limit
        self._stored = 0
        self._writing = 0

    @property
    def used(self) -> int:
        """Bytes that are taken."""
        return self._stored + self._writing

    def set(self, stored: int) -> None:
        """So many bytes are stored, by a sum over all artifacts."""
        self._stored = stored

    def take(self, size: int) -> None:
        """Have room for so many bytes more, of something that is being written.

        Raises:
            ArtifactError: there is not that much.
        """
        if self.limit is not None and self.used + size > self.limit:
            msg = f"all artifacts together may take {self.limit.text}, and that would be more (artifacts.quota)"
            raise ArtifactError(msg)
        self._writing += size

    def drop(self, size: int) -> None:
        """So many that were taken are not written after all."""
        self._writing -= size

    def keep(self, size: int) -> None:
        """So many that were taken are stored."""
        self._writing -= size
        self._stored += size

    def free(self, size: int) -> None:
        """So many that were stored are gone."""
        self._stored = max(0, self._stored - size)
