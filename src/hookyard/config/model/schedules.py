"""Rules that create jobs by time."""

from typing import Annotated, Any, Literal

from msgspec import Meta, field

from hookyard.command import Priority
from hookyard.config.model.parts import Name, Section, Text
from hookyard.config.values import Duration

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Tag = Annotated[str, Meta(min_length=1, max_length=64)]


def _none() -> Duration:
    """No time at all; by a function, since msgspec writes no default of this type into a JSON Schema."""
    return Duration(0)


class AfterSettings(Section, frozen=True, kw_only=True):
    """What else has to happen first: one of `schedule`, `command` and `server`."""

    schedule: Name | None = None
    """A schedule, whose job has to end. Its own name makes a pause between one end and the next start."""
    command: Annotated[str, Meta(pattern=r"^[^/]+/[^/]+$", description="a command, written plugin/command")] | None = (
        None
    )
    """A command, as `plugin/command`, any job of which has to end."""
    server: Literal["started"] | None = None
    """That the server has started."""
    on: Literal["succeeded", "failed", "ended"] = "succeeded"
    """How the job has to end; `failed` is for good and also by time, `ended` is in any way."""
    delay: Duration = field(default_factory=_none)
    """How long after that."""


class BetweenSettings(Section, frozen=True, kw_only=True):
    """A part of the day, by the clock of the schedule's time zone."""

    from_: Text = field(name="from")
    """When it begins, such as `08:30`."""
    until: Text
    """When it is over, such as `18:00`; a time before `from` is one on the day after."""
    days: tuple[Weekday, ...] = ()
    """The weekdays on which it begins; every one when left out."""


class ScheduleSettings(Section, frozen=True, kw_only=True):
    """A rule and what it runs; exactly one of `cron`, `every`, `at` and `after` says when."""

    run: Annotated[str, Meta(pattern=r"^[^/]+/[^/]+$", description="a command, written plugin/command")]
    """The command, as `plugin/command`."""
    with_: dict[str, Any] = field(name="with", default_factory=dict[str, Any])
    """The command's input. The strings `$fire_time` (RFC 3339, in UTC) and `$schedule` stand for the fire time and
    the schedule's name, `$$text` for `$text`."""
    cron: Text | None = None
    """Five fields (minute, hour, day, month, weekday), six with seconds first, or `@daily` and its like."""
    timezone: Text = "UTC"
    """The IANA time zone whose clock `cron`, `only_between` and `not_on` are about."""
    every: Duration | None = None
    """Again and again after this long, counted from `start` or else from 1970-01-01 UTC; at least 1s."""
    at: Text | Annotated[tuple[Text, ...], Meta(min_length=1, max_length=1000)] | None = None
    """One time, or several: RFC 3339 with an offset."""
    after: AfterSettings | None = None
    """After something else has happened."""
    start: Text | None = None
    """No fire time lies before: RFC 3339 with an offset."""
    end: Text | None = None
    """No fire time lies after."""
    jitter: Duration = field(default_factory=_none)
    """Each fire time is acted on up to this much later, drawn once for each."""
    only_between: BetweenSettings | Annotated[tuple[BetweenSettings, ...], Meta(max_length=50)] = ()
    """Fire times outside of these parts of the day do not count."""
    not_on: Annotated[tuple[Text, ...], Meta(max_length=1000)] = ()
    """Days on which none counts: weekdays as `sun`, dates as `2027-01-06`, or of every year as `12-25`."""
    catch_up: Literal["skip", "one", "all"] = "one"
    """What is done about fire times that passed while the server was down: nothing, the last one, or all."""
    catch_up_max: Annotated[int, Meta(ge=1, le=1000)] = 100
    """Of `all`, how many of the last."""
    if_running: Literal["skip", "queue", "cancel"] = "skip"
    """While an earlier job of the schedule is queued or runs: make none, let it wait, or cancel the earlier one."""
    priority: Priority | None = None
    """Higher runs first; the command's own when left out."""
    tags: Annotated[tuple[Tag, ...], Meta(max_length=30)] = ()
    """Tags of its jobs, beside `fire:` and the fire time."""
    max_attempts: Annotated[int, Meta(ge=1, le=100)] | None = None
    """How often a job is tried; the command's own when left out."""
    timeout: Duration | None = None
    """How long one attempt may take; the command's own when left out."""
    enabled: bool = True
    """Whether it fires at all."""
