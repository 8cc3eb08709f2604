"""Contexts for calling a command's function alone: `await greet(Greet(name="Ada"), FakeContext())`."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar, overload

from hookyard.context import CancelFlag, Context, JobInfo, SyncContext
from hookyard.context.events import NO_EVENTS, EventSpec
from hookyard.context.facade import JobContext
from hookyard.context.messages import CallCommand, CallDone
from hookyard.testing.port import JOB_ID, FakePort

if TYPE_CHECKING:
    # As in `hookyard.context.facade`; the default is the type of a context that is made without a configuration.
    from typing_extensions import TypeVar as _TypeVar

    C_co = _TypeVar("C_co", covariant=True, default=None)
else:
    C_co = TypeVar("C_co", covariant=True)

JOB = JobInfo(id=JOB_ID, plugin="test", command="test", principal="test", request_id="test")
"""What `ctx.job` is where a test does not say otherwise."""


class _Fake(JobContext[C_co]):
    host: FakePort

    @overload
    def __init__(
        self: "_Fake[None]",
        *,
        job: JobInfo = JOB,
        secrets: Mapping[str, str] | None = None,
        call: Callable[[CallCommand], CallDone] | None = None,
        events: Mapping[str, EventSpec] = NO_EVENTS,
    ) -> None: ...
    @overload
    def __init__(
        self,
        config: C_co,
        *,
        job: JobInfo = JOB,
        secrets: Mapping[str, str] | None = None,
        call: Callable[[CallCommand], CallDone] | None = None,
        events: Mapping[str, EventSpec] = NO_EVENTS,
    ) -> None: ...
    def __init__(
        self,
        config: object = None,
        *,
        job: JobInfo = JOB,
        secrets: Mapping[str, str] | None = None,
        call: Callable[[CallCommand], CallDone] | None = None,
        events: Mapping[str, EventSpec] = NO_EVENTS,
    ) -> None:
        self.host = FakePort(secrets=secrets, call=call, job_id=job.id, declared=events)
        super().__init__(config, job, CancelFlag(), lambda: self.host)  # type: ignore[arg-type]  # the overloads say it

    def cancel(self) -> None:
        """Ask the command to stop."""
        self._cancel.set()


class FakeContext(_Fake[C_co], Context[C_co]):
    """A :class:`hookyard.Context` without a server.

    Args:
        config: what `ctx.config` is.
        job: what `ctx.job` is.
        secrets: those that the plugin declares and has.
        call: answers the calls of other commands; without it they are refused.
        events: the plugin's own `events`: one of them with other data is refused, as a server does it.

    Attributes:
        host: what the command told and left behind: `lines, progress, events, state, artifacts, calls`. A test may
            also put there beforehand what the command is to find.
    """


class FakeSyncContext(_Fake[C_co], SyncContext[C_co]):
    """A :class:`hookyard.SyncContext` without a server; see :class:`FakeContext`."""
