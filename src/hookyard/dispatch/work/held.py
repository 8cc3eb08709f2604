"""What holds for a job that an external worker has: its lease, its command, its deadline."""

from typing import Final

from hookyard.dispatch.work.ask import HOLDER
from hookyard.errors import Refused
from hookyard.host.foreign.external.launch import ExternalLaunch
from hookyard.host.registry import Command, Registry
from hookyard.model import Job

STALE: Final = "The lease is not, or no longer, the one that the job is held by."


def held(job: Job, token: int | None) -> Job:
    """The job, when an external worker holds it by this lease.

    Raises:
        Refused: `stale_lease`.
    """
    if not is_external(job) or token is None or job.lease_token != token:
        raise Refused("stale_lease", STALE)
    return job


def is_external(job: Job) -> bool:
    """Whether an external worker holds it."""
    return job.status == "running" and (job.worker or "").startswith(HOLDER)


def deadline_of(job: Job, command: Command) -> int:
    """When the time of the attempt under way is up."""
    return (job.started_at or 0) + timeout_of(job, command)


def timeout_of(job: Job, command: Command) -> int:
    """Milliseconds that the attempt may take."""
    return command.timeout if job.timeout is None else job.timeout


class Commands:
    """The commands of external workers, as they are now.

    Args:
        registry: has them; another one after a reload.
        lease: milliseconds that a worker may stay silent where neither it nor the command says.
    """

    def __init__(self, registry: Registry, lease: int) -> None:
        self.registry = registry
        self.lease: Final = lease

    def find(self, job: Job) -> Command | None:
        """The command of a job, if it is there."""
        return self.registry.commands.get(f"{job.plugin}/{job.command}")

    def of(self, job: Job) -> Command:
        """The command of a job.

        Raises:
            Refused: `plugin_unavailable` while it is not there.
        """
        command = self.find(job)
        if command is None:
            detail = f"The command {job.plugin}/{job.command} is not there now."
            raise Refused("plugin_unavailable", detail, retry_after=5)
        return command

    def lease_of(self, command: Command) -> int:
        """Milliseconds that a worker of a command may stay silent, where it does not say."""
        launch = command.launch
        own = launch.leases.get(command.spec.name) if isinstance(launch, ExternalLaunch) else None
        return own or self.lease

    @property
    def lanes(self) -> tuple[str, ...]:
        """Those of which workers can claim."""
        commands = self.registry.commands.values()
        return tuple(sorted({each.lane for each in commands if each.spec.options.isolation == "external"}))
