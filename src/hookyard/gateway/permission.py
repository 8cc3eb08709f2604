"""What of jobs and commands is there for a caller."""

from hookyard.auth import JOBS_READ, Principal
from hookyard.hookspecs import AccessQuestion
from hookyard.host.hooks import Hooks
from hookyard.host.registry import Command
from hookyard.model import Job


def sees(principal: Principal, job: Job, scope: str = JOBS_READ) -> bool:
    """Whether the job is there for this caller: of its tenant, and its own or one of all that it may read."""
    return principal.sees(job.tenant) and (principal.may(scope) or job.principal == principal.name)


async def may_run(
    hooks: Hooks, principal: Principal, plugin: str, name: str, command: Command | None, *, peer: str | None
) -> bool:
    """Whether this caller may run a command that its body names.

    Plugins are asked as if it were triggered by its own path, so that no body gets past what they say of that.

    Args:
        hooks: where plugins are asked.
        principal: who asks.
        plugin: the name of the plugin.
        name: of the command.
        command: the same, if there is one.
        peer: the address that the request came from.
    """
    if not principal.may_trigger(plugin, name, command is not None and command.spec.options.read_only):
        return False
    if not hooks.has_authorize:
        return True
    return await hooks.authorize(
        AccessQuestion(
            principal=principal.name,
            scopes=principal.scopes,
            tenant=principal.tenant,
            method="POST",
            path=f"/trigger/{plugin}/{name}",
            plugin=plugin,
            command=name,
            peer=peer,
        )
    )
