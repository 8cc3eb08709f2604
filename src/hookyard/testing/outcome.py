"""How a job that did not succeed fails its test: with what its command raised, and with its log."""

from collections.abc import Iterator, Sequence

from hookyard.model import Job, LogLine


class JobFailed(AssertionError):  # noqa: N818  the sentence it makes
    """A job did not succeed, and its command raised nothing that could be raised in its place.

    Args:
        job: as it is stored.
        lines: of its log.
    """

    def __init__(self, job: Job, lines: Sequence[LogLine]) -> None:
        super().__init__(said_of(job, lines))
        self.job = job
        self.lines = tuple(lines)


def said_of(job: Job, lines: Sequence[LogLine]) -> str:
    """What became of a job, and what it logged, for a person."""
    return "\n".join(_sentences(job, lines))


def _sentences(job: Job, lines: Sequence[LogLine]) -> Iterator[str]:
    reason = f" ({job.reason})" if job.reason else ""
    attempts = f"after {job.attempt} of {job.max_attempts} attempts"
    yield f"The job {job.plugin}/{job.command} is {job.status}{reason} {attempts}."
    if job.last_error is not None:
        yield f"Its error: {job.last_error.code}: {job.last_error.message}"
    yield "Its log:" if lines else "It logged nothing."
    for line in lines:
        values = "" if line.values == b"{}" else f" {line.values.decode()}"
        yield f"  {line.attempt}  {line.level:<7} {line.event}{values}"
