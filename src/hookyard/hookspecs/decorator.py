"""`@plugin.hook` as type checkers see it.

A checker does not look at a function's name, so the record that a hook takes tells which one it is. What the name adds
to that is checked when the hook is declared.
"""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol, TypeVar, overload

from hookyard.context import HookContext, JobInfo
from hookyard.hookspecs.access import AccessQuestion, Credentials, Identity
from hookyard.hookspecs.commands import CliCommand
from hookyard.hookspecs.facts import DeliveryFinished, EventEmitted, JobFinished, JobStarted
from hookyard.hookspecs.health import HealthReport
from hookyard.hookspecs.inbound import InboundEvent, WebhookRequest, WebhookVerdict
from hookyard.hookspecs.running import Proceed, ProceedSync
from hookyard.hookspecs.secrets import SecretReference

C = TypeVar("C")
Told = TypeVar("Told", JobStarted, JobFinished, DeliveryFinished, EventEmitted)
Nothing = TypeVar("Nothing", bound=Coroutine[Any, Any, None] | None)
Who = TypeVar("Who", bound=Identity | Coroutine[Any, Any, Identity | None] | None)
Verdict = TypeVar("Verdict", bound=WebhookVerdict | Coroutine[Any, Any, WebhookVerdict | None] | None)
YesNo = TypeVar("YesNo", bound=bool | Coroutine[Any, Any, bool | None] | None)
Text = TypeVar("Text", bound=str | Coroutine[Any, Any, str | None] | None)
Input = TypeVar("Input")
Own = TypeVar(
    "Own",
    bound=HealthReport | Sequence[CliCommand] | Coroutine[Any, Any, HealthReport | Sequence[CliCommand] | None] | None,
)
Async = TypeVar("Async", bound=Coroutine[Any, Any, None])


class HookDecorator(Protocol[C]):
    """Declares the implementation of the hook that the function's name names.

    Raises:
        DeclarationError: there is no such hook, it does not take these parameters, or it does not answer this.
    """

    @overload
    def __call__(
        self, f: Callable[[Told, HookContext[C]], Nothing], /
    ) -> Callable[[Told, HookContext[C]], Nothing]: ...
    @overload
    def __call__(self, f: Callable[[Told], Nothing], /) -> Callable[[Told], Nothing]: ...
    @overload
    def __call__(
        self, f: Callable[[Credentials, HookContext[C]], Who], /
    ) -> Callable[[Credentials, HookContext[C]], Who]: ...
    @overload
    def __call__(self, f: Callable[[Credentials], Who], /) -> Callable[[Credentials], Who]: ...
    @overload
    def __call__(
        self, f: Callable[[AccessQuestion, HookContext[C]], YesNo], /
    ) -> Callable[[AccessQuestion, HookContext[C]], YesNo]: ...
    @overload
    def __call__(self, f: Callable[[AccessQuestion], YesNo], /) -> Callable[[AccessQuestion], YesNo]: ...
    @overload
    def __call__(
        self, f: Callable[[WebhookRequest, HookContext[C]], Verdict], /
    ) -> Callable[[WebhookRequest, HookContext[C]], Verdict]: ...
    @overload
    def __call__(self, f: Callable[[WebhookRequest], Verdict], /) -> Callable[[WebhookRequest], Verdict]: ...
    @overload
    def __call__(
        self, f: Callable[[InboundEvent, HookContext[C]], Input], /
    ) -> Callable[[InboundEvent, HookContext[C]], Input]: ...
    @overload
    def __call__(self, f: Callable[[InboundEvent], Input], /) -> Callable[[InboundEvent], Input]: ...
    @overload
    def __call__(
        self, f: Callable[[SecretReference, HookContext[C]], Text], /
    ) -> Callable[[SecretReference, HookContext[C]], Text]: ...
    @overload
    def __call__(self, f: Callable[[SecretReference], Text], /) -> Callable[[SecretReference], Text]: ...
    @overload
    def __call__(
        self, f: Callable[[JobInfo, Proceed, HookContext[C]], Async], /
    ) -> Callable[[JobInfo, Proceed, HookContext[C]], Async]: ...
    @overload
    def __call__(self, f: Callable[[JobInfo, Proceed], Async], /) -> Callable[[JobInfo, Proceed], Async]: ...
    @overload
    def __call__(
        self, f: Callable[[JobInfo, ProceedSync, HookContext[C]], None], /
    ) -> Callable[[JobInfo, ProceedSync, HookContext[C]], None]: ...
    @overload
    def __call__(self, f: Callable[[JobInfo, ProceedSync], None], /) -> Callable[[JobInfo, ProceedSync], None]: ...
    @overload
    def __call__(self, f: Callable[[HookContext[C]], Own], /) -> Callable[[HookContext[C]], Own]: ...
    @overload
    def __call__(self, f: Callable[[], Own], /) -> Callable[[], Own]: ...
