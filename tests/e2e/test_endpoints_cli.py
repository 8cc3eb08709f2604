"""Outgoing webhooks from the command line: a real server, a real `hookyard listen`, and every command between them."""

import functools
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.e2e.lab import PATIENCE, TOKEN, Server
from tests.ports import free_port

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
Line = dict[str, Any]


def environment(server: Server) -> dict[str, str]:
    return {"PATH": "", "HOOKYARD_TOKEN": TOKEN, "HOOKYARD_URL": str(server.client.base_url).rstrip("/")}


def hookyard(server: Server, *words: str, code: int = 0, given: str = "") -> str:
    """What `hookyard ...` prints to standard output."""
    done = subprocess.run(
        [sys.executable, "-m", "hookyard", *words],
        check=False,
        cwd=server.folder,
        env=environment(server),
        input=given,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


class Listening:
    """`hookyard listen --json` in a process of its own."""

    def __init__(self, server: Server, *words: str) -> None:
        self.lines: list[Line] = []
        self._news = threading.Condition()
        self._ended = False
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hookyard", "listen", "--json", *words],
            cwd=server.folder,
            env=environment(server),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.start = self.wait_for(lambda line: "listening" in line)
        self.url: str = self.start["listening"]

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._news:
                self.lines.append(json.loads(line))
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()

    def wait_for(self, wanted: Callable[[Line], bool], after: int = 0) -> Line:
        """The first line like this, from a number on."""
        found = functools.partial(self._found, wanted, after)
        with self._news:
            self._news.wait_for(lambda: found() is not None or self._ended, PATIENCE)
            line = found()
        assert line is not None, f"nothing of the kind came: {self.lines}"
        return line

    def _found(self, wanted: Callable[[Line], bool], after: int) -> Line | None:
        return next((line for line in self.lines[after:] if wanted(line)), None)

    def event(self, kind: str, after: int = 0) -> Line:
        """The first event of this type, from a line on."""
        return self.wait_for(lambda line: line.get("event") == kind, after)

    def end(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Stop it as a person would; the exit code, and what it said about itself."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.ended()

    def ended(self) -> tuple[int, str]:
        """Wait for its end."""
        assert self.process.stderr is not None
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return code, self.process.stderr.read()

    def close(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()


@pytest.fixture
def listen(server: Server) -> Iterator[Callable[..., Listening]]:
    """Starts listeners at a free port, and ends them."""
    made: list[Listening] = []

    def start(*words: str) -> Listening:
        port = () if "--port" in words else ("--port", "0")
        made.append(Listening(server, *port, *words))
        return made[-1]

    yield start
    for each in made:
        each.close()


@pytest.fixture
def serving(server: Server) -> Server:
    """A server that may send to loopback, tries everything once, and lets the tester do all with endpoints."""
    server.config["outbound"] = {
        "allow_http": True,
        "allow_ports": "any",
        "allow_networks": ["127.0.0.0/8"],
        "schedule": [0],
        "jitter": 0,
    }
    server.config["tokens"][0]["scopes"] += ["endpoints:*", "jobs:*"]
    return server.start()


def names(server: Server) -> list[str]:
    return [json.loads(line)["name"] for line in hookyard(server, "endpoints", "list", "--json").splitlines()]


def created(server: Server, listener: Listening, name: str = "audit", *more: str) -> None:
    """Make an endpoint of a listener, with the listener's secret."""
    [secret] = listener.start["secrets"]
    words = ("create", name, "--to", listener.url, "--secret-file", "-", *more)
    hookyard(server, "endpoints", *words, given=secret)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_endpoint_is_there_for_as_long_as_somebody_listens(
    serving: Server, listen: Callable[..., Listening], how: signal.Signals
) -> None:
    listener = listen("--register", "try", "--event", "job.succeeded")
    assert names(serving) == ["try"]
    assert listener.start["secrets"] == [], "the gateway's secret is nobody else's"
    job_id = serving.result("double", {"n": 2}).json()["job_id"]
    told = listener.event("job.succeeded")
    assert (told["verified"], told["by"], told["times"], told["answered"]) == (True, "v1", 1, 204)
    assert told["body"]["data"]["job_id"] == job_id
    code, said = listener.end(how)
    assert (code, said) == (0, "The endpoint try is deleted.\n")
    assert names(serving) == []


def test_it_ends_by_itself_after_so_many_and_answers_in_turn(serving: Server, listen: Callable[..., Listening]) -> None:
    listener = listen("--register", "try", "--count", "2", "--answer", "503:retry-after=1,204")
    for status in (503, 204):
        sent = json.loads(hookyard(serving, "endpoints", "test", "try", "--wait", "--json", code=int(status == 503)))
        assert sent["attempt"]["status"] == status
    assert listener.ended()[0] == 0
    assert names(serving) == []


def test_a_key_pair_signs_and_its_public_half_verifies(serving: Server, listen: Callable[..., Listening]) -> None:
    port = str(free_port())  # for two listeners, one after the other
    first = listen("--port", port)
    made = json.loads(hookyard(serving, "endpoints", "create", "pair", "--to", first.url, "--sign", "v1a", "--json"))
    first.end()
    second = listen("--port", port, "--secret", made["public_keys"][0]["public_key"])
    assert "delivered" in hookyard(serving, "endpoints", "test", "pair", "--wait")
    assert second.wait_for(lambda line: bool(line.get("verified")))["by"] == "v1a"


def test_both_secrets_sign_until_a_rotation_is_over(serving: Server, listen: Callable[..., Listening]) -> None:
    listener = listen()
    created(serving, listener)
    assert "delivered" in hookyard(serving, "endpoints", "test", "audit", "--wait")
    rotated = hookyard(serving, "endpoints", "rotate", "audit", "--overlap", "1h")
    assert rotated.startswith("secret      whsec_")
    assert "delivered" in hookyard(serving, "endpoints", "test", "audit", "--wait")
    hookyard(serving, "endpoints", "rotate", "audit", "--overlap", "0s", "--yes")
    assert "status 401" in hookyard(serving, "endpoints", "test", "audit", "--wait", code=1)
    assert listener.wait_for(lambda line: line.get("verified") is False)
    assert [line["verified"] for line in listener.lines[1:]] == [True, True, False]
    code, _ = listener.end()
    assert code == 1, "something came that did not verify"


def test_what_a_disabled_endpoint_missed_is_replayed_once(serving: Server, listen: Callable[..., Listening]) -> None:
    listener = listen()
    created(serving, listener, "audit", "--event", "job.succeeded")
    assert hookyard(serving, "endpoints", "disable", "audit") == "audit is disabled (user)\n"
    job_id = serving.result("double", {"n": 2}).json()["job_id"]
    assert "somebody disabled it" in hookyard(serving, "endpoints", "stats")
    assert hookyard(serving, "endpoints", "enable", "audit") == "audit is live\n"
    assert hookyard(serving, "endpoints", "replay", "audit", "--since", "1h").startswith("1 to be sent, ")
    assert listener.event("job.succeeded")["body"]["data"]["job_id"] == job_id
    assert hookyard(serving, "endpoints", "replay", "audit", "--since", "1h").startswith("0 to be sent, ")
    assert [line["id"] for line in listener.lines[1:]] == [listener.lines[1]["id"]]


def test_dead_letters_are_listed_looked_into_and_recovered_under_their_id(
    serving: Server, listen: Callable[..., Listening]
) -> None:
    port = str(free_port())  # for two listeners, one after the other
    broken = listen("--port", port, "--answer", "500", "--secret", SECRET)
    words = ("create", "audit", "--to", broken.url, "--secret-file", "-", "--event", "job.*")
    hookyard(serving, "endpoints", *words, given=SECRET)
    sent = json.loads(hookyard(serving, "endpoints", "test", "audit", "--wait", "--json", code=1))
    delivery = sent["delivery_id"]
    broken.end()
    [dead] = hookyard(serving, "deliveries", "list", "--dead", "--json").splitlines()
    assert (json.loads(dead)["id"], json.loads(dead)["last_error"]) == (delivery, "http_500")
    assert "500" in hookyard(serving, "deliveries", "attempts", delivery)
    assert json.loads(hookyard(serving, "deliveries", "show", delivery))["body"]["type"] == sent["event"]
    health = hookyard(serving, "endpoints", "stats", "audit")
    assert "  ! last error http_500" in health
    assert "  ! 1 dead letter\n" in health
    mended = listen("--port", port, "--secret", SECRET)
    window = ("--since", "1h")
    assert hookyard(serving, "endpoints", "recover", "audit", *window, "--dry-run") == "1 to be sent again\n"
    assert hookyard(serving, "endpoints", "recover", "audit", *window) == "1 sent again\n"
    assert mended.event(sent["event"])["id"] == delivery


def test_one_delivery_is_sent_again_under_its_id(serving: Server, listen: Callable[..., Listening]) -> None:
    listener = listen()
    created(serving, listener)
    sent = json.loads(hookyard(serving, "endpoints", "test", "audit", "--wait", "--json"))
    said = hookyard(serving, "deliveries", "resend", sent["delivery_id"]).split()
    assert said[:2] == [sent["delivery_id"], "is"]
    assert said[2:] in (["pending"], ["sending"], ["delivered"]), "it may be gone already when that is said"
    again = listener.wait_for(lambda line: line.get("times") == 2)
    assert (again["id"], again["changed"]) == (sent["delivery_id"], False)


def test_what_nobody_wants_any_more_is_purged_and_the_endpoint_deleted(
    serving: Server, listen: Callable[..., Listening]
) -> None:
    listener = listen("--answer", "500")
    created(serving, listener)
    hookyard(serving, "endpoints", "test", "audit", "--wait", code=1)
    purge = ("endpoints", "purge", "audit", "--since", "1h")
    assert hookyard(serving, *purge, code=2) == "", "there is nobody to ask whether it is meant"
    assert hookyard(serving, *purge, "--dry-run") == "1 to be deleted\n"
    assert hookyard(serving, *purge, "--yes") == "1 deleted\n"
    assert hookyard(serving, "deliveries", "list", "--dead", "--json") == ""
    assert hookyard(serving, "endpoints", "delete", "audit", "--yes") == "audit is deleted\n"
    assert names(serving) == []


def test_an_endpoint_is_changed_and_refused_with_its_place(serving: Server, listen: Callable[..., Listening]) -> None:
    listener = listen()
    created(serving, listener)
    hookyard(serving, "endpoints", "change", "audit", "--event", "job.failed", "--rate", "10/1s", "--order", "job")
    shown = json.loads(hookyard(serving, "endpoints", "show", "audit"))
    assert (shown["events"], shown["rate"], shown["order"]["by"]) == (["job.failed"], "10/1s", "job")
    hookyard(serving, "endpoints", "change", "audit", "--unset", "rate")
    assert json.loads(hookyard(serving, "endpoints", "show", "audit"))["rate"] is None
    hookyard(serving, "endpoints", "change", "audit", "--if", "data.", code=65)
    hookyard(serving, "endpoints", "create", "audit", "--to", listener.url, code=65)
    hookyard(serving, "endpoints", "create", "inside", "--to", "http://10.0.0.1/", code=65)
    assert names(serving) == ["audit"]
