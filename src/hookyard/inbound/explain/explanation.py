"""What an explanation is: steps, each good or not, and what would have made the bad ones good."""

from typing import Literal

from msgspec import Struct

Mark = Literal["✓", "✗", "·"]
"""Good; not; neither, but worth knowing."""


class Step(Struct, frozen=True):
    """One line."""

    mark: Mark
    text: str

    def __str__(self) -> str:
        return f"{self.mark} {self.text}"


class Explanation(Struct):
    """Line by line what was looked at. No line holds a secret, a key or a signature."""

    steps: list[Step] = []
    verified: bool = False

    def good(self, text: str) -> None:
        """Add a step that is as it must be."""
        self.steps.append(Step("✓", text))

    def bad(self, text: str) -> None:
        """Add one that is not."""
        self.steps.append(Step("✗", text))

    def note(self, text: str) -> None:
        """Add something worth knowing."""
        self.steps.append(Step("·", text))
