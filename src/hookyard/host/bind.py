"""A plugin's command with what the configuration decides about it."""

from dataclasses import replace
from typing import Final

from hookyard.command import CommandSpec, Isolation
from hookyard.config.model import Config, LaneSettings
from hookyard.host.foreign.external.launch import ExternalLaunch
from hookyard.host.foreign.worker.launch import WorkerLaunch
from hookyard.host.merge import merged
from hookyard.host.registry import Command

INLINE_LIMIT: Final = 256
THREAD_LIMIT: Final = 8
"""How many of a command may run at once, where neither it nor the configuration says: of those that wait for others
without holding a thread or a process, and of those that hold one."""
WORKER_LIMIT: Final = 8
"""The same for each worker process there may be: enough to keep it fed with short jobs. What is let in beyond the one
that runs there holds a lease already: no higher priority overtakes it, and it loses an attempt if the server dies."""
EXTERNAL_LIMIT: Final = 1024
"""The same of an external worker's: each of them takes what it can do, so this only holds what is out of hand."""
_NOTHING_CHOSEN: Final = LaneSettings()
_LIMITS: Final = {"inline": INLINE_LIMIT, "external": EXTERNAL_LIMIT}


def bind(spec: CommandSpec, config: object, launch: object, whole: Config, shared: str | None = None) -> Command:
    """The command as it runs under this configuration.

    Args:
        spec: the command.
        config: its plugin's configuration, decoded.
        launch: how its runner starts it; None inline and in threads.
        whole: everything that is configured.
        shared: the lane that all commands of its plugin have in common, where they do.
    """
    settings = whole.commands.get(spec.key)
    if settings is not None:
        spec = replace(spec, options=merged(spec.options, settings))
    options, lane = spec.options, shared or spec.key
    own = options.concurrency if isinstance(options.concurrency, int) else None
    limit = own or _default_limit(options.isolation, launch)
    chosen = whole.lanes.get(lane, _NOTHING_CHOSEN)
    rate = chosen.rate or (None if settings is None else settings.rate)
    most = chosen.max_queued or (None if settings is None else settings.max_queued)
    return Command(
        spec=spec,
        config=config,
        lane=lane,
        lane_limit=chosen.limit or limit,
        rate=rate,
        burst=chosen.burst,
        max_queued=most,
        timeout=int(whole.jobs.timeout) if options.timeout is None else max(1, round(options.timeout * 1000)),
        max_attempts=options.retry.attempts,
        max_result=int(whole.jobs.max_result) if options.max_result is None else options.max_result,
        affinity=launch.affinities.get(spec.name) if isinstance(launch, ExternalLaunch) else None,
        launch=launch,
    )


def _default_limit(isolation: Isolation, launch: object) -> int:
    if isolation == "worker":
        return WORKER_LIMIT * (launch.workers if isinstance(launch, WorkerLaunch) else 1)
    return _LIMITS.get(isolation, THREAD_LIMIT)
