"""What of a new configuration holds without a restart."""

from hookyard.config import Config, loads
from hookyard.reloading import effective


def config(text: str) -> Config:
    return loads(text, environ={})


def test_the_same_configuration_changes_nothing() -> None:
    same = config("server: {port: 1}\nlanes: {a/b: {limit: 1}}\n")
    assert effective(same, config("server: {port: 1}\nlanes: {a/b: {limit: 1}}\n")) == (same, (), ())


def test_what_rooms_are_built_from_once_stays_and_is_named() -> None:
    running = config("server: {port: 1}\n")
    wanted = config(
        "server: {port: 2}\nstore: {path: x.db}\nlog: {level: debug}\noutbound: {timeout: 9s}\n"
        "jobs: {lease: 9s, drain: 1s, timeout: 5s}\nartifacts: {path: blobs, max_size: 1MiB}\nrequire_types: true\n"
    )
    made, holds, waiting = effective(running, wanted)
    assert waiting == (
        *("server.port", "store.path", "log.level", "outbound.timeout"),
        *("jobs.lease", "jobs.drain", "artifacts.path"),
    )
    assert holds == ("jobs", "artifacts", "require_types")
    assert (made.server.port, made.store.path, made.jobs.lease) == (1, "hookyard.db", running.jobs.lease)
    assert (made.jobs.timeout.text, made.artifacts.path, made.artifacts.max_size.text) == ("5s", "artifacts", "1MiB")


def test_what_waits_for_a_restart_is_named_again_by_every_reload() -> None:
    running, wanted = config("server: {port: 1}\n"), config("server: {port: 2}\n")
    made, _, waiting = effective(running, wanted)
    assert effective(made, wanted)[2] == waiting == ("server.port",)
    assert effective(made, running) == (running, (), ())
