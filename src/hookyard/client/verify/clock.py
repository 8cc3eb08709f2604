"""When a request may have been signed."""

import re
from dataclasses import dataclass
from typing import Final

from hookyard.client.verify.found import VerificationError

_TIMESTAMP: Final = re.compile(r"[0-9]{1,12}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Moment:
    """Now, and how far from it a signature may be, in both directions; in seconds."""

    now: float
    tolerance: float

    def check(self, timestamp: str, name: str) -> int:
        """The seconds that a header says.

        Raises:
            VerificationError: it is no number in ASCII digits, or too far from now.
        """
        if not _TIMESTAMP.fullmatch(timestamp):
            raise VerificationError("malformed", f"{name} is not a number of seconds")
        return self.near(int(timestamp), name)

    def near(self, seconds: int, name: str) -> int:
        """The same number.

        Raises:
            VerificationError: it is too far from now.
        """
        # What is not a number compares as false with everything: it must not get through.
        if not abs(self.now - seconds) <= self.tolerance:
            way = "too old" if self.now > seconds else "too new" if self.now < seconds else "too old or too new"
            off = f", by {abs(self.now - seconds):.0f} s with {self.tolerance:.0f} s allowed" if self._counts else ""
            raise VerificationError("timestamp", f"{name} is {way}{off}")
        return seconds

    @property
    def _counts(self) -> bool:
        return abs(self.now) < float("inf")
