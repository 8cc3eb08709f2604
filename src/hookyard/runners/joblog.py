"""The logger that a command in this process gets as `ctx.log`."""

from hookyard import log
from hookyard.context import JobInfo, Logger

_log = log.get("plugin")


def job_log(info: JobInfo) -> Logger:
    """A logger whose lines carry the job's id."""
    bound: Logger = _log.bind(
        job_id=info.id,
        request_id=info.request_id,
        command=f"{info.plugin}/{info.command}",
        attempt=info.attempt,
    )
    return bound
