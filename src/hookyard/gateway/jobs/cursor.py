"""Where a reader of a job's events stands: what `id:` says, and `Last-Event-ID` gives back."""

import re
from typing import Final

from msgspec import Struct

from hookyard.errors import Refused
from hookyard.gateway.jobs.life import Place

_TEXT: Final = re.compile(r"(\d{1,9})\.([0-3])\.(\d{1,16})\.([01])-(\d{1,16})\.(\d{1,10})-(\d{1,18})-(\d{1,18})")


class Cursor(Struct, frozen=True):
    """Everything that a reader has been told, in numbers that only grow."""

    place: Place | None = None
    """The last event of the job's life; None before the first."""
    progress: tuple[int, int] = (0, 0)
    """The last progress, by its time and its checksum."""
    line: int = 0
    """The last line of its log."""
    item: int = 0
    """The last partial result."""

    def __str__(self) -> str:
        """The id."""
        place = self.place or Place()
        stands = f"{place.attempt}.{place.phase}.{place.mark}.{place.step}"
        return f"{stands}-{self.progress[0]}.{self.progress[1]}-{self.line}-{self.item}"

    @classmethod
    def read(cls, text: str) -> "Cursor":
        """Take an id apart.

        Raises:
            Refused: it is none of ours.
        """
        found = _TEXT.fullmatch(text)
        if found is None:
            raise Refused("invalid_request", "Last-Event-ID is none of this stream.")
        attempt, phase, mark, step, at, checksum, line, item = map(int, found.groups())
        return cls(Place(attempt, phase, mark, step), (at, checksum), line, item)
