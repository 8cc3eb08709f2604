"""`hookyard doctor`: each thing that can be wrong with a deployment is found, with what to do about it."""

import asyncio
import shutil
import socket
import tempfile
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.unit.cli.place import DAY, MINUTE, SECRET, Call, Place

from hookyard.cli.doctor.machine import examine_file_system, examine_secret_files, file_system
from hookyard.model import EVERY_LANE, Delivery, DeliveryAttempt, ErrorInfo, Pause, Token
from hookyard.store.contract import (
    ClaimDeliveries,
    Dead,
    Enqueue,
    Finish,
    FinishDelivery,
    Lease,
    PauseLane,
    PutToken,
)
from hookyard.store.sqlite import SqliteStore


@pytest.fixture
def place(tmp_path: Path, hookyard: Call) -> Place:
    return Place(tmp_path, hookyard)


def test_a_deployment_that_was_never_started_has_nothing_wrong(place: Place, hookyard: Call) -> None:
    assert set(place.found()) == {"server.stopped", "store.missing"}
    ended = hookyard("doctor", place.config)
    assert ended.code == 0
    assert "do:  hookyard serve" in ended.out


def test_a_store_at_rest_has_nothing_wrong(place: Place) -> None:
    job = place.job()
    place.store(Enqueue(now=place.now, job=job, lease=Lease(1, "local", place.now + MINUTE)))
    assert set(place.found()) == {"server.stopped"}


def test_problems_of_the_configuration_are_errors_with_their_line(place: Place) -> None:
    place.write("jobs: {timeuot: 5s}\n")
    (one,) = place.found().values()
    assert (one["severity"], one["code"]) == ("error", "config.wrong")
    assert "hookyard.yaml:4" in one["what"]


def test_a_plugin_that_cannot_be_loaded_is_an_error(place: Place) -> None:
    (place.folder / "plugins" / "torn.py").write_text("import nothing_of_that_name\n")
    found = [one for one in place.found().values() if one["severity"] == "error"]
    assert ["torn" in one["what"] for one in found] == [True]


def test_files_that_others_can_read_or_write_are_told(place: Place) -> None:
    place.store()
    (place.folder / "hookyard.db").chmod(0o644)
    assert "store.readable" not in place.found(), "nobody else gets into the folder"
    place.config.chmod(0o666)
    assert place.found()["config.writable"]["severity"] == "error"


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user gets to."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder)


def open_place(open_folder: Path, hookyard: Call) -> Place:
    """A deployment that every user gets to, whose files are nevertheless its own."""
    place = Place(open_folder, hookyard)
    open_folder.chmod(0o755)
    return place


KEPT = "encryption: {keys: [{file: key}]}\n"
SOURCE = """\
sources:
  ci: {scheme: github, routes: [{on: [push], run: hello/greet, with: {name: $.ref}}], secrets: [SECRET]}
"""


def test_every_file_that_a_secret_is_read_from_is_looked_at(open_folder: Path, hookyard: Call) -> None:
    place = open_place(open_folder, hookyard)
    place.write(KEPT + SOURCE.replace("SECRET", "{file: hook}"))
    (open_folder / "hook").write_text(SECRET)
    (open_folder / "key").write_text("hyek_" + "A" * 43)
    for file in ("key", "hook"):
        (open_folder / file).chmod(0o600)
    ended = hookyard("doctor", place.config, "--json")
    assert "secret.readable" not in ended.out
    (open_folder / "key").chmod(0o644)
    told = place.found()["secret.readable"]
    assert told["severity"] == "warning"
    assert f"{open_folder}/key can be read by every user" in told["what"]
    assert told["what"].endswith("in it: encryption.keys[0]")
    assert f"chmod 600 {open_folder}/key" in told["do"]


def test_a_secret_that_is_written_in_the_configuration_is_told_when_others_can_read_that(
    open_folder: Path, hookyard: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = open_place(open_folder, hookyard)
    monkeypatch.setenv("ELSEWHERE", SECRET)
    place.write(SOURCE.replace("SECRET", "'${ELSEWHERE}'"))
    place.config.chmod(0o644)
    assert "secret.readable" not in place.found()
    place.write(SOURCE.replace("SECRET", SECRET))
    place.config.chmod(0o644)
    assert place.found()["secret.readable"]["what"].endswith("in it: sources.ci.secrets[0]")


def test_certificates_and_public_keys_are_no_secrets_but_private_keys_are(open_folder: Path) -> None:
    open_folder.chmod(0o755)
    texts = {"ca": "CERTIFICATE", "key": "PRIVATE KEY", "public": "PUBLIC KEY"}
    for name, text in texts.items():
        (open_folder / name).write_text(f"-----BEGIN {text}-----\nMIIB\n-----END {text}-----\n")
        (open_folder / name).chmod(0o644)
    both = open_folder / "both"
    both.write_text((open_folder / "ca").read_text() + (open_folder / "key").read_text())
    secrets = [("endpoints.audit.tls.ca", None), *((name, open_folder / name) for name in (*texts, "both"))]
    found = list(examine_secret_files(secrets, open_folder / "ca"))
    assert [one.what.rpartition(": ")[2] for one in found] == ["key", "both"]


def test_a_full_disk_is_told(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = shutil.disk_usage("/")

    def nearly_full(_: object) -> object:
        return whole._replace(free=free)

    monkeypatch.setattr(shutil, "disk_usage", nearly_full)
    free = 500 << 20
    assert place.found()["disk.room"]["severity"] == "warning"
    free = 5 << 20
    assert place.found()["disk.room"]["severity"] == "error"


def test_file_systems_that_keep_nothing_or_lock_nothing_are_told(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(
        "none / ext4 rw 0 0\nhost:/data /srv/the\\040data nfs4 rw 0 0\n"
        "tmpfs /srv tmpfs rw 0 0\nover /var overlay rw 0 0\n"
    )
    kinds = [file_system(Path(one), mounts) for one in ("/home", "/srv/the data/x", "/srv/x", "/var/lib/hookyard")]
    assert kinds == ["ext4", "nfs4", "tmpfs", "overlay"]
    codes = [[(one.severity, one.code) for one in examine_file_system(kind, tmp_path)] for kind in kinds]
    warning = [("warning", "store.passing")]
    assert codes == [[], [("error", "store.network")], warning, warning]


def test_a_clock_behind_the_last_id_is_an_error(place: Place) -> None:
    place.clock.advance(5 * MINUTE)
    place.store(Enqueue(now=place.now, job=place.job()))
    assert place.found()["clock.behind"]["severity"] == "error"


def test_queues_that_stand_still_are_told(place: Place) -> None:
    old = place.now - 30 * MINUTE
    pause = Pause(lane=EVERY_LANE, since=old, by="token:ops", reason="too hot")
    place.store(
        *(Enqueue(now=place.now, job=place.job(at=old)) for _ in range(3)),
        Enqueue(now=place.now, job=place.job("gone/away")),
        Enqueue(now=old, job=place.job(), lease=Lease(1, "local", old)),
    )
    found = place.found()
    assert found.keys() == {"lane.backlog", "lane.nobody", "jobs.stuck", "server.stopped"}
    assert found["lane.backlog"]["what"].startswith("3 jobs of the lane hello/greet are due")
    assert "gone/away" in found["lane.nobody"]["what"]
    place.store(PauseLane(now=place.now, pause=pause))
    found = place.found()
    assert "lane.backlog" not in found, "it waits because it is paused"
    assert "too hot" in found["lane.paused"]["what"]


def test_dead_letters_and_deliveries_that_fail_are_told(place: Place) -> None:
    place.write("endpoints: {ops: {url: 'https://example.com/x', secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw]}}\n")
    job, fault = replace(place.job(), max_attempts=1), place.job("hello/fault")
    deliveries = tuple(
        Delivery(
            id=place.new_id(),
            job_id=job.id,
            event="job.failed",
            endpoint=name,
            url=None,
            body=b"{}",
            created_at=place.now,
        )
        for name in ("ops", "former")
    )
    ended = Finish(
        now=place.now,
        job_id=job.id,
        token=1,
        status="failed",
        outcome="failed",
        reason="attempts_exhausted",
        deliveries=deliveries,
    )
    tried = DeliveryAttempt(
        delivery_id="", number=0, started_at=place.now, duration=1, status=503, error="503 from it", response=None
    )
    place.store(Enqueue(now=place.now, job=job, lease=Lease(1, "local", place.now + 1)), ended)
    # What no further attempt would mend is no dead letter, and neither is what succeeded.
    faulty = Finish(now=place.now, job_id=fault.id, token=2, status="failed", outcome="failed", reason="not_retryable")
    place.store(Enqueue(now=place.now, job=fault, lease=Lease(2, "local", place.now + 1)), faulty)
    # An event of a webhook that its command cannot take is one from the first.
    unfit = replace(place.job(), id=place.new_id())
    place.store(Enqueue(now=place.now, job=unfit, dead=Dead(ErrorInfo("invalid_event", "it does not fit"))))
    for number in range(1, 4):
        claim = ClaimDeliveries(now=place.now, limit=9, lease=Lease(number, "courier", place.now + 1))
        again = [
            FinishDelivery(
                now=place.now, delivery_id=one.id, token=number, status="pending", attempt=replace(tried, number=number)
            )
            for one in deliveries
        ]
        place.store(claim, *again)
    found = place.found()
    assert found["jobs.dead"]["what"].startswith("2 jobs of hello/greet that were made in the last week")
    assert "503 from it" in found["endpoint.failing"]["what"]
    assert "former" in found["endpoint.gone"]["what"]


def test_tokens_that_end_soon_and_their_absence_are_told(place: Place) -> None:
    place.write("", tokens="")
    assert place.found()["tokens.none"]["severity"] == "warning"
    token = Token(
        id=place.new_id(),
        name="ci",
        digest=b"1" * 32,
        scopes=("jobs:read",),
        created_at=place.now,
        created_by="token:admin",
        expires_at=place.now + 3 * DAY,
    )
    place.store(PutToken(now=place.now, token=token))
    found = place.found()
    assert "tokens.none" not in found
    assert "the token ci is good until" in found["tokens.expiring"]["what"]
    place.store(PutToken(now=place.now, token=replace(token, revoked_at=place.now)))
    assert "tokens.none" in place.found()


def test_a_store_that_cannot_be_used_is_an_error(place: Place) -> None:
    (place.folder / "hookyard.db").write_bytes(b"no database" * 500)
    assert place.found()["store.unusable"]["severity"] == "error"


@contextmanager
def answering(status: int, body: bytes = b"") -> Generator[int]:
    """Something that answers on a port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class names it so
            del format, args

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_server_and_a_port_that_do_not_belong_together_are_told(place: Place) -> None:
    place.store()
    with answering(200) as port:
        place.write("", port=port)
        assert place.found()["server.stranger"]["severity"] == "error"

        async def while_served() -> tuple[set[str], dict[str, dict[str, Any]], set[str]]:
            store = await SqliteStore.open(place.folder / "hookyard.db")
            try:
                healthy = set(await asyncio.to_thread(place.found))
                with answering(503, b'{"detail": "The disk is full."}') as busy:
                    place.write("", port=busy)
                    unready = await asyncio.to_thread(place.found)
                with socket.socket() as nobody:
                    nobody.bind(("127.0.0.1", 0))  # and nobody listens there
                    place.write("", port=nobody.getsockname()[1])
                    silent = set(await asyncio.to_thread(place.found))
            finally:
                await store.aclose()
                store.close()
            return healthy, unready, silent

        healthy, unready, silent = asyncio.run(while_served())
    assert (healthy, set(unready), silent) == (set(), {"server.unready"}, {"server.silent"})
    assert unready["server.unready"]["what"].endswith("(503): The disk is full.")


def test_a_server_that_was_killed_is_told(place: Place) -> None:
    place.store()
    (place.folder / "hookyard.db.lock").write_text("12345\n")
    assert "the last one ended without closing it" in place.found()["server.stopped"]["what"]


def test_the_doctor_leaves_nothing_behind(place: Place) -> None:
    place.store()
    before = sorted(path.name for path in place.folder.iterdir())
    place.found()
    assert sorted(path.name for path in place.folder.iterdir()) == before
