"""The typed asynchronous facade over pluggy.

pluggy finds who implements a hook and checks their parameters; calling is done here, because pluggy itself has no
async, no types, and stops at the first implementation that raises.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping
from time import monotonic
from typing import Any, Final

import pluggy
from msgspec import Struct

from hookyard import log
from hookyard.context import HookContext
from hookyard.hookspecs import PROJECT, HookSpecs, JobFinished
from hookyard.host.threads import DaemonThreads
from hookyard.model import Job
from hookyard.plugin import HookSpec, Plugin

TIMEOUT: Final = 10.0
MOST_PENDING: Final = 1000

_log = log.get("hooks")


class HookResult(Struct, frozen=True, kw_only=True):
    """How one implementation did."""

    plugin: str
    hook: str
    seconds: float
    error: str | None = None
    """Its exception's type and message, or that its time was up; None when all went well."""


class _Implementations:
    """One plugin's hooks as pluggy wants them: attributes of an object that equals no other plugin's."""

    def __init__(self, functions: Mapping[str, Callable[..., object]]) -> None:
        vars(self).update(functions)


class _Manager(pluggy.PluginManager):
    """pluggy without marks on the functions: what a plugin declared with `@plugin.hook` is what there is."""

    def parse_hookimpl_opts(self, plugin: object, name: str) -> pluggy.HookimplOpts | None:
        if name not in vars(plugin):
            return None
        return {
            "wrapper": False,
            "hookwrapper": False,
            "optionalhook": False,
            "tryfirst": False,
            "trylast": False,
            "specname": None,
        }


class Hooks:
    """Calls the hooks of the active plugins; each implementation is awaited, timed, bounded and isolated.

    Args:
        plugins: the active ones, with their configurations.
        timeout: seconds one implementation may take.
    """

    def __init__(self, plugins: Iterable[tuple[Plugin[Any], object]] = (), *, timeout: float = TIMEOUT) -> None:
        self._timeout = timeout
        self._threads = DaemonThreads("hookyard-hook")
        self._contexts: dict[str, HookContext[object]] = {}
        self._specs: dict[tuple[str, str], HookSpec] = {}
        self._pending: set[asyncio.Task[tuple[HookResult, ...]]] = set()
        self._dropped = 0
        self._manager = _Manager(PROJECT)
        self._manager.add_hookspecs(HookSpecs)
        for plugin, config in plugins:
            bound = _log.bind(plugin=plugin.name)
            self._contexts[plugin.name] = HookContext(plugin.name, config, bound)
            self._specs.update({(plugin.name, spec.name): spec for spec in plugin.hooks.values()})
            functions = {spec.name: spec.function for spec in plugin.hooks.values()}
            self._manager.register(_Implementations(functions), plugin.name)
        self.has_job_finished: Final = bool(self._manager.hook.job_finished.get_hookimpls())

    async def startup(self) -> tuple[HookResult, ...]:
        """The server is about to take its first request."""
        return await self._call("startup", {})

    async def shutdown(self) -> tuple[HookResult, ...]:
        """The server has drained; what is still told of finished jobs is waited for first."""
        if self._pending:
            await asyncio.wait(self._pending)
        results = await self._call("shutdown", {})
        self._threads.close()
        return results

    async def job_finished(self, event: JobFinished) -> tuple[HookResult, ...]:
        """A job is over."""
        return await self._call("job_finished", {"event": event})

    def job_ended(self, job: Job) -> None:
        """Tell of a job that is over, and do not wait; nothing at all when no plugin asked to be told."""
        if not self.has_job_finished:
            return
        if len(self._pending) >= MOST_PENDING:
            self._dropped += 1
            if self._dropped % MOST_PENDING == 1:
                _log.error("hook.dropped", hook="job_finished", dropped=self._dropped)
            return
        task = asyncio.get_running_loop().create_task(self.job_finished(_event(job)))
        self._pending.add(task)
        task.add_done_callback(self._pending.discard)

    async def _call(self, hook: str, values: Mapping[str, object]) -> tuple[HookResult, ...]:
        implementations: list[pluggy.HookImpl] = getattr(self._manager.hook, hook).get_hookimpls()
        if not implementations:
            return ()
        # pluggy keeps the last registered first when it calls; plugins are asked in the order they were loaded.
        return tuple(await asyncio.gather(*(self._one(hook, each, values) for each in implementations)))

    async def _one(self, hook: str, implementation: pluggy.HookImpl, values: Mapping[str, object]) -> HookResult:
        plugin = implementation.plugin_name
        spec = self._specs[plugin, hook]
        offered = {"ctx": self._contexts[plugin], **values}
        arguments = {name: offered[name] for name in implementation.argnames}
        begun = monotonic()
        # A task of its own: what it does to its task, it does to itself.
        task = asyncio.ensure_future(self._run(spec, arguments))
        done, _ = await asyncio.wait({task}, timeout=self._timeout)
        error: str | None = None
        if not done:
            task.cancel()
            task.add_done_callback(_ignore)
            error = f"took longer than {self._timeout:g} s"
        elif task.cancelled():
            error = "CancelledError: it cancelled itself"
        elif (raised := task.exception()) is not None:
            error = f"{type(raised).__name__}: {raised}"
            _log.error("hook.raised", plugin=plugin, hook=hook, exc_info=raised)
        seconds = monotonic() - begun
        if error is not None:
            _log.warning("hook.failed", plugin=plugin, hook=hook, why=error, ms=round(seconds * 1000))
        return HookResult(plugin=plugin, hook=hook, seconds=seconds, error=error)

    async def _run(self, spec: HookSpec, arguments: Mapping[str, object]) -> object:
        try:
            if spec.is_async:
                return await spec.function(**arguments)
            return await self._in_thread(spec, arguments)
        except (Exception, asyncio.CancelledError, GeneratorExit):
            raise
        except BaseException as error:  # SystemExit in a task would end the event loop
            raise _Crashed(error) from error

    def _in_thread(self, spec: HookSpec, arguments: Mapping[str, object]) -> asyncio.Future[object]:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[object] = loop.create_future()

        def finish(value: object, error: Exception | None) -> None:
            if answer.done():
                return
            if error is None:
                answer.set_result(value)
            else:
                answer.set_exception(error)

        def call() -> None:
            value: object = None
            error: Exception | None = None
            try:
                value = spec.function(**arguments)
            except (StopIteration, StopAsyncIteration) as raised:  # neither passes through a future
                error = _Crashed(raised)
            except Exception as raised:  # noqa: BLE001  handed on as it is
                error = raised
            except BaseException as raised:  # noqa: BLE001  SystemExit ends a hook, not the server
                error = _Crashed(raised)
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
                loop.call_soon_threadsafe(finish, value, error)

        self._threads.submit(call)
        return answer


class _Crashed(Exception):  # noqa: N818  never leaves this module but as text
    def __init__(self, cause: BaseException) -> None:
        super().__init__(f"{type(cause).__name__}: {cause}")


def _ignore(task: asyncio.Task[object]) -> None:
    if not task.cancelled():
        task.exception()


def _event(job: Job) -> JobFinished:
    if job.status == "queued" or job.status == "running":  # noqa: PLR1714  checkers narrow this form
        msg = f"job {job.id} is {job.status}, which is not an end"
        raise ValueError(msg)
    return JobFinished(
        job_id=job.id,
        plugin=job.plugin,
        command=job.command,
        status=job.status,
        reason=job.reason,
        attempt=job.attempt,
        error=job.last_error,
        submitted_at=job.submitted_at,
        started_at=job.started_at,
        completed_at=job.completed_at,
        principal=job.principal,
        source=job.source,
        request_id=job.request_id,
        tags=job.tags,
    )
