"""What is wrong with a scheme that somebody wrote."""

from collections.abc import Iterator, Sequence

from hookyard.errors import HookyardError

Found = tuple[str, str]
"""One thing wrong with a configuration: its key path, and a sentence."""


def tolerance_problems(tolerance: int | None, *, says_when: bool) -> Iterator[Found]:
    """What is wrong with a source's own tolerance, in milliseconds, of a sender that says when it sent, or does not."""
    if tolerance is None:
        return
    if not says_when:
        yield "tolerance", "has no use: this sender does not say when it sent"
    elif tolerance <= 0:
        yield "tolerance", "is 0, so nothing would ever be in time"


class SchemeError(HookyardError):
    """A scheme contradicts itself, or lacks what it needs.

    Args:
        problems: a key path within the scheme such as `timestamp.tolerance`, and a sentence about it, each.
    """

    def __init__(self, problems: Sequence[Found]) -> None:
        super().__init__("; ".join(f"{place}: {sentence}" for place, sentence in problems))
        self.problems = tuple(problems)
