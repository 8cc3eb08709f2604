"""What is wrong with a scheme that somebody wrote."""

from collections.abc import Sequence

from hookyard.errors import HookyardError

Found = tuple[str, str]
"""One thing wrong with a configuration: its key path, and a sentence."""


class SchemeError(HookyardError):
    """A scheme contradicts itself, or lacks what it needs.

    Args:
        problems: a key path within the scheme such as `timestamp.tolerance`, and a sentence about it, each.
    """

    def __init__(self, problems: Sequence[Found]) -> None:
        super().__init__("; ".join(f"{place}: {sentence}" for place, sentence in problems))
        self.problems = tuple(problems)
