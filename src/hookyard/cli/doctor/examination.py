"""All that the doctor looks at, in order."""

from collections.abc import Iterator
from pathlib import Path

from hookyard.cli.doctor.finding import Diagnosis, Finding, diagnose
from hookyard.cli.doctor.machine import examine_machine, examine_secret_files
from hookyard.cli.doctor.serving import examine_server
from hookyard.cli.doctor.stored import WAITS, examine_store, examine_tokens
from hookyard.cli.report import Report, examine
from hookyard.clock import SystemClock
from hookyard.config import Loaded, load_file
from hookyard.errors import ConfigError, StoreError
from hookyard.store.sqlite.inspect import inspect

_WEEK = 7 * 86_400_000
_TRIES = 3


def examine_all(path: Path) -> Diagnosis:
    """Look at everything that a configuration names."""
    report = examine(path)
    findings = list(_configuration(report))
    try:
        loaded = load_file(path)
    except ConfigError:
        return diagnose(str(path), findings)  # what the file means is not known
    return diagnose(str(path), [*findings, *_deployment(path, loaded, report)])


def _configuration(report: Report) -> Iterator[Finding]:
    for problem in report.problems:
        yield Finding(
            "error",
            "config.wrong",
            str(problem),
            "A server does not start with it, and one that runs keeps what it had.",
            "Change that line; `hookyard check` says whether it is right.",
        )
    for problem in report.warnings:
        if problem.path == "tokens":
            continue  # the store may have some: that is looked at there
        yield Finding("warning", "config.warning", str(problem), "Something of it is not in use.", "Change that line.")
    told = " ".join(str(problem) for problem in (*report.problems, *report.warnings))
    for plugin in report.plugins:
        if plugin.state in {"failed", "blocked", "incompatible"} and f"plugins.{plugin.name}" not in told:
            yield Finding(
                "error",
                "plugin.inactive",
                f"the plugin {plugin.name} is {plugin.state}: {' '.join(str(plugin.reason or '').split())}",
                "Its commands cannot be called, and jobs for them wait.",
                f"Mend it, or switch it off: hookyard plugins disable {plugin.name}",
            )


def _deployment(path: Path, loaded: Loaded, report: Report) -> Iterator[Finding]:
    config, store = loaded.config, loaded.base / loaded.config.store.path
    yield from examine_machine(store, path)
    yield from examine_secret_files(loaded.secrets, path)
    yield from examine_server(config.server, store)
    if not store.exists():
        if not config.tokens:
            yield from examine_tokens((), config, SystemClock().now())
        yield Finding(
            "info", "store.missing", f"there is no store at {store} yet", "The first start makes it.", "hookyard serve"
        )
        return
    now = SystemClock().now()
    try:
        found = inspect(
            store,
            stuck_before=now - 2 * config.jobs.lease,
            dead_since=now - _WEEK,
            tries=_TRIES,
            due_before=now - WAITS,
        )
    except StoreError as error:
        yield Finding(
            "error",
            "store.unusable",
            str(error),
            "A server cannot start with it.",
            "hookyard db check says more; a backup can be put in its place while no server runs.",
        )
        return
    commands = frozenset(command.command for command in report.commands)
    yield from examine_store(found, config, commands, now)
