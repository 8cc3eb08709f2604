"""The fourteen hooks: what each is for, when it is called, and what its answer means.

An implementation is a `def` or an `async def` with one of these names; it may leave out parameters that it does not
need, and states the types of those it takes and of what it answers. A `def` runs in a thread. Each call is awaited,
timed and bounded by itself: one that raises, hangs or answers with another type is recorded, listed, and harms no
other.

====================================================================  =================================================
observers: told after the fact, waited for by nobody                  `job_started job_finished delivery_finished
                                                                      event_emitted`
deciders: asked one after the other, in the order of loading          `authenticate resolve_secret`
deciders: all asked, one no is a no                                   `authorize`
deciders: one plugin is asked, the one the configuration names        `verify_webhook map_input`
around every attempt                                                  `run_middleware`
of the plugin's own life                                              `startup shutdown health register_cli`
====================================================================  =================================================
"""

from collections.abc import Sequence
from typing import Final

import pluggy

from hookyard.context import HookContext, JobInfo
from hookyard.hookspecs.access import AccessQuestion, Credentials, Identity
from hookyard.hookspecs.commands import CliCommand
from hookyard.hookspecs.facts import DeliveryFinished, EventEmitted, JobFinished, JobStarted
from hookyard.hookspecs.health import HealthReport
from hookyard.hookspecs.inbound import InboundEvent, WebhookRequest, WebhookVerdict
from hookyard.hookspecs.running import Proceed
from hookyard.hookspecs.secrets import SecretReference

PROJECT: Final = "hookyard"
hookspec = pluggy.HookspecMarker(PROJECT)


class HookSpecs:
    """The names, parameters and answers, in the form pluggy and `@plugin.hook` check implementations against."""

    @hookspec
    def startup(self, ctx: HookContext[object]) -> None:
        """The plugin is about to be used: before the first request, or before a reload takes effect.

        A failure is logged, and the plugin runs all the same.
        """

    @hookspec
    def shutdown(self, ctx: HookContext[object]) -> None:
        """The plugin is not used any more: the server has drained, or a reload has replaced it."""

    @hookspec
    def authenticate(self, request: Credentials, ctx: HookContext[object]) -> Identity | None:
        """Who is calling, asked when no configured token matched; the first answer that is not None counts.

        None means that these are no credentials of this plugin's. A failure is no answer: the others are asked, and
        when none of them knows the caller the request is answered 503 instead of 401.
        """

    @hookspec
    def authorize(self, question: AccessQuestion, ctx: HookContext[object]) -> bool | None:
        """Whether this may be done, asked for every request of a known caller at the routes that need one.

        False from anyone denies; True and None leave it to the others, and to the caller's scopes, which no answer
        here can widen. A failure is not taken for a yes: the request is answered 503.
        """
        raise NotImplementedError

    @hookspec
    def verify_webhook(self, request: WebhookRequest, ctx: HookContext[object]) -> WebhookVerdict | None:
        """Whether this request comes from its sender, asked of the plugin that the source's `scheme` names.

        None is the same as `ok=False`: 401, as for any wrong signature. A failure is answered 503, so that the sender
        tries again.
        """

    @hookspec
    def map_input(self, event: InboundEvent, ctx: HookContext[object]) -> object | None:
        """The command's input, as anything JSON can hold, asked of the plugin that the route's `map` names.

        It is checked as every input is. None means that this event runs nothing: it is answered 200 and ignored. A
        failure is answered 503, so that the sender tries again.
        """
        raise NotImplementedError

    @hookspec
    def resolve_secret(self, reference: SecretReference, ctx: HookContext[object]) -> str | None:
        """A secret that a plugin declares and the configuration does not have; the first answer counts.

        None means that it is not known here. A failure is no answer, and the others are asked.
        """
        raise NotImplementedError

    @hookspec
    def job_started(self, event: JobStarted, ctx: HookContext[object]) -> None:
        """An attempt of a job of any plugin begins to run."""

    @hookspec
    def job_finished(self, event: JobFinished, ctx: HookContext[object]) -> None:
        """A job of any plugin is over, and that is on disk."""

    @hookspec
    def delivery_finished(self, event: DeliveryFinished, ctx: HookContext[object]) -> None:
        """An outgoing webhook arrived or is given up, and that is on disk."""

    @hookspec
    def event_emitted(self, event: EventEmitted, ctx: HookContext[object]) -> None:
        """A plugin's event is on disk, with the end of its job."""

    @hookspec
    def run_middleware(self, job: JobInfo, proceed: Proceed, ctx: HookContext[object]) -> None:
        """Around every attempt of every command, whatever its isolation; those loaded first are the outer ones.

        It must await `proceed()` once (call it, in a `def`). Failing before that, it is skipped and the command runs
        without it; what it does afterwards nobody waits for. The time within `proceed` is not counted against it. It
        cannot change the command's answer, nor keep it from running; it runs in a task (or thread) of its own, so
        context variables that it sets are not seen by the command.
        """

    @hookspec
    def health(self, ctx: HookContext[object]) -> HealthReport:
        """How the plugin is, asked for `GET /api/v1/health` and `/readyz`, every few seconds at most.

        A failure is a report that says `failing`, and is not critical.
        """
        raise NotImplementedError

    @hookspec
    def register_cli(self, ctx: HookContext[object]) -> Sequence[CliCommand]:
        """What the plugin adds to `hookyard run PLUGIN`; asked there only, with no server around."""
        raise NotImplementedError


HOOKS: Final = frozenset(name for name in vars(HookSpecs) if not name.startswith("_"))
