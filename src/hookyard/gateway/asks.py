"""What a caller asks for beside the input, checked against what this caller may and what there is."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from msgspec.structs import replace

from hookyard import ids
from hookyard.auth import Principal
from hookyard.auth.grant import acting_for
from hookyard.dispatch.new_job import Ask, UniqueAsk
from hookyard.errors import Refused
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.envelope import Envelope, FollowRequest, Follows, RetryRequest, When
from hookyard.gateway.permission import may_run, sees
from hookyard.host.chains import failure_misfit, misfit
from hookyard.host.registry import Command
from hookyard.model import Follow, Retry

_FINISHED: Final = ("finished",)
_Target = Callable[[FollowRequest, str], Awaitable[Command]]
"""Finds the command of a link of a chain, if it may be run; the text is the link's path."""


class Asks:
    """Reads the envelopes of one command's triggers."""

    __slots__ = ("_command", "_deps")

    def __init__(self, deps: GatewayDeps, command: Command) -> None:
        self._deps = deps
        self._command = command

    async def acting(self, principal: Principal, tenant: str, base: str = "$", *, peer: str | None) -> Principal:
        """Return who it is that makes a job of this tenant.

        Args:
            principal: who asks, and may run the command for itself.
            tenant: whose the job is to be.
            base: the JSON path at which the envelope stands.
            peer: the address that the request came from, for plugins that have a say.

        Raises:
            Refused: it is another's than the caller's own, or a plugin has something against that one's running it.
        """
        path = f"{base}.tenant"
        acting = acting_for(principal, tenant, path)
        spec = self._command.spec
        # Plugins were asked about the caller as it came: naming a tenant gets nobody past what they say of that one.
        if acting is not principal and not await may_run(
            self._deps.hooks, acting, spec.plugin, spec.name, self._command, peer=peer
        ):
            raise Refused("forbidden", path=path)
        return acting

    async def read(
        self,
        envelope: Envelope,
        principal: Principal,
        now: int,
        base: str = "$",
        *,
        peer: str | None,
        caller: Principal | None = None,
    ) -> Ask:
        """Return what is asked for.

        Args:
            envelope: what came; it does not contradict itself.
            principal: who asks, as one of the job's tenant; what is to follow the job must be allowed to it as well.
            now: milliseconds UTC.
            base: the JSON path at which the envelope stands.
            peer: the address that the request came from, for plugins that have a say.
            caller: who asks, as it came; to it, too, that must be allowed.

        Raises:
            Refused: with the path of what is wrong or not allowed.
        """
        if envelope.callback_url is not None:
            self._check_callback(envelope.callback_url, base)
        unique = envelope.unique
        both = (principal,) if caller is None or caller is principal else (caller, principal)
        target = partial(self._target, both, peer)
        return Ask(
            priority=envelope.priority,
            run_at=None if envelope.delay is None and envelope.run_at is None else envelope.due(now),
            max_attempts=envelope.max_attempts,
            timeout=None if envelope.timeout is None else round(envelope.timeout * 1000),
            callback_url=envelope.callback_url,
            callback_events=envelope.callback_events or _FINISHED,
            tags=envelope.tags,
            affinity=envelope.affinity,
            retry=None if envelope.retry is None else self._retry(envelope.retry, f"{base}.retry"),
            unique=None if unique is None else UniqueAsk(unique.key, unique.policy or "skip"),
            debounce=None if envelope.debounce is None else round(envelope.debounce * 1000),
            on_success=await self._follows(envelope.on_success, target, f"{base}.on_success", self._misfit),
            on_failure=await self._follows(envelope.on_failure, target, f"{base}.on_failure", failure_misfit),
            after=await self._after(envelope.after, principal, f"{base}.after") if envelope.after else (),
        )

    def _check_callback(self, url: str, base: str) -> None:
        if not self._deps.config.outbound.callback_secrets:
            reason: str | None = "No secret to sign callbacks with is configured: outbound.callback_secrets."
        else:
            reason = self._deps.check_callback(url)
        if reason is not None:
            raise Refused("invalid_input", reason, path=f"{base}.callback_url")

    def _retry(self, given: RetryRequest, path: str) -> Retry:
        own = self._command.retry
        changes = {name: value for name in given.__struct_fields__ if (value := getattr(given, name)) is not None}
        merged = replace(own, **({"attempts": self._command.max_attempts} | changes))
        if merged.cap < merged.base:
            detail = f"With the command's own, the cap is {merged.cap:g} s and the base {merged.base:g} s."
            raise Refused("invalid_input", detail, path=f"{path}.{'base' if given.cap is None else 'cap'}")
        return merged

    def _misfit(self, target: Command) -> str | None:
        return misfit(self._command, target)

    async def _follows(
        self, given: Follows, target: _Target, path: str, wrong: Callable[[Command], str | None]
    ) -> tuple[Follow, ...]:
        """The links of a chain; `target` finds the command of one, `wrong` says what does not fit about it."""
        found: list[Follow] = []
        for at, one in enumerate(given):
            place = f"{path}[{at}].run"
            why = wrong(await target(one, place))
            if why is not None:
                raise Refused("invalid_input", f"The command {why}.", path=place)
            found.append(Follow(run=one.run, priority=one.priority, tags=one.tags))
        return tuple(found)

    async def _target(
        self, principals: tuple[Principal, ...], peer: str | None, given: FollowRequest, path: str
    ) -> Command:
        plugin, slash, name = given.run.partition("/")
        if not slash or "/" in name:
            raise Refused("invalid_input", "Expected a command, written plugin/command.", path=path)
        command = self._deps.registry.commands.get(given.run)
        # Whoever may not run it does not learn whether it is there.
        for principal in principals:
            if not await may_run(self._deps.hooks, principal, plugin, name, command, peer=peer):
                raise Refused("forbidden", f"The credential does not allow running {given.run}.", path=path)
        if command is None:
            raise Refused("invalid_input", f"There is no command {given.run}.", path=path)
        return command

    async def _after(self, given: tuple[str, ...], principal: Principal, path: str) -> tuple[str, ...]:
        found: list[str] = []
        for at, text in enumerate(given):
            job_id = ids.parse(text)
            if job_id is None:
                raise Refused("invalid_input", "That is not a job id.", path=f"{path}[{at}]")
            job = await self._deps.store.job(job_id)
            if job is None or not sees(principal, job):
                raise unmet(job_id, None, path=f"{path}[{at}]")
            found.append(job_id)
        return tuple(found)


def asked_when(envelope: When, now: int) -> Ask:
    """What is asked for where that needs no looking up."""
    return Ask(
        priority=envelope.priority,
        run_at=envelope.due(now),
        max_attempts=envelope.max_attempts,
        timeout=None if envelope.timeout is None else round(envelope.timeout * 1000),
        tags=envelope.tags,
    )


def unmet(job_id: str, status: str | None, *, path: str | None = None) -> Refused:
    """The refusal of a job that waits for one that is not there, or ended otherwise than by success."""
    detail = "There is no such job to wait for." if status is None else f"The job to wait for has ended as {status}."
    told = {"job_id": job_id} | ({} if status is None else {"job_status": status})
    return Refused("dependency_failed", detail, path=path, extra=told)
