"""`hookyard hooks`: explaining, sending and listing webhooks, and taking one again."""

import hmac
import io
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hookyard.cli.hooks.samples import events, hosts, sample
from hookyard.config import loads
from hookyard.inbound import presets
from hookyard.inbound.events import git
from hookyard.inbound.events.hosts import normaliser, types
from hookyard.inbound.explain.capture import Capture, parse

Call = Callable[..., Any]
SECRET = "It's a Secret to Everybody"
BODY = b'{"ref":"refs/heads/main"}'
JOB = "0190a5b6-7c8d-7e9f-8a0b-1c2d3e4f5a6b"
CONFIG = """
server: {public_url: "https://hooks.example"}
tokens: [{name: me, sha256: "${NOT_SET_ANYWHERE}", scopes: [admin]}]
sources:
  hub:
    scheme: github
    secrets: [{value: "${OLD}", until: 2020-01-01T00:00:00Z}, "${HUB}"]
    routes: [{on: push, run: nowhere/nothing}]
  chat: {scheme: slack, secrets: ["${HUB}"], routes: [{run: nowhere/nothing}]}
  own:
    scheme: {signature: {header: X-Sig}, event: {header: X-Kind}}
    secrets: [plain-text-secret]
    routes: [{run: nowhere/nothing}]
  topics: {scheme: {preset: aws-sns, topics: ["arn:aws:sns:eu-central-1:123456789012:a"]}, routes: [{run: no/no}]}
  plugged: {scheme: {plugin: elsewhere}, secrets: [a], routes: [{run: nowhere/nothing}]}
  broken: {scheme: {signature: {header: X-Sig}, content: "{nonsense}"}, secrets: [a], routes: [{run: nowhere/nothing}]}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configuration whose other parts could not be loaded here."""
    (tmp_path / "hookyard.yaml").write_text(CONFIG, encoding="utf-8")
    monkeypatch.setenv("OLD", "the secret of before")
    monkeypatch.setenv("HUB", SECRET)
    monkeypatch.delenv("HOOKYARD_HOOK_SECRET", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def raw(secret: str = SECRET, body: bytes = BODY, event: str = "push") -> bytes:
    digest = hmac.digest(secret.encode(), BODY, "sha256").hex()
    headers = (f"X-Hub-Signature-256: sha256={digest}", f"X-GitHub-Event: {event}", "X-GitHub-Delivery: d-1")
    return "\n".join(("POST /hooks/hub HTTP/1.1", *headers, "", "")).encode() + body


@contextmanager
def listening(answers: dict[str, tuple[int, object]]) -> Generator[tuple[str, list[tuple[str, Capture]]]]:
    """A server on loopback that answers by path, and what it was sent."""
    taken: list[tuple[str, Capture]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = tuple((name, value.encode("latin-1")) for name, value in self.headers.items())
            made = Capture(kind="raw HTTP", method=self.command, target=self.path, headers=headers, body=body)
            taken.append((self.path, made))
            status, answer = answers.get(self.path.partition("?")[0], (404, {"code": "not_found", "detail": "no"}))
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the standard library's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", taken
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


# --- verify -------------------------------------------------------------------------------------------------------


def test_a_good_capture_exits_with_0_and_one_step_a_line(hookyard: Call, folder: Path) -> None:
    (folder / "capture").write_bytes(raw())
    ended = hookyard("hooks", "verify", "capture", "--source", "hub")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines() == [
        "✓ the capture is raw HTTP: POST, 3 headers, a body of 25 bytes",
        "✓ what carries the signature is there: X-Hub-Signature-256",
        "✓ it is signed with secret 2 of 2",
        "✓ it is the event 'push', with the delivery id d-1",
    ]


def test_a_bad_one_exits_with_1_and_says_why_without_any_secret(hookyard: Call, folder: Path) -> None:
    (folder / "capture").write_bytes(raw(body=b'{"ref": "refs/heads/main"}\n'))
    ended = hookyard("hooks", "verify", "capture", "--source", "hub")
    assert ended.code == 1
    assert "✗ none of the secrets signed this\n" in ended.out
    assert "· found: the body that was signed is the captured one as JSON that is compact; it was signed" in ended.out
    assert SECRET not in ended.out + ended.err
    assert hmac.digest(SECRET.encode(), BODY, "sha256").hex() not in ended.out + ended.err


def test_an_expired_secret_is_named_and_not_good(hookyard: Call, folder: Path) -> None:
    (folder / "capture").write_bytes(raw("the secret of before"))
    ended = hookyard("hooks", "verify", "capture", "--source", "hub")
    assert ended.code == 1
    assert "it is signed with secret 1 of 2, which was good until 2020-01-01T00:00:00.000Z only" in ended.out
    assert hookyard("hooks", "verify", "capture", "--source", "hub", "--at", "2019-12-31T23:59:59Z").code == 0


def test_a_capture_may_come_by_standard_input(hookyard: Call, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw())))
    assert hookyard("hooks", "verify", "-", "--source", "hub").code == 0


def test_the_files_of_a_curl_command_are_beside_it(hookyard: Call, folder: Path, tmp_path: Path) -> None:
    there = folder / "captures"
    there.mkdir()
    (there / "body.json").write_bytes(BODY)
    digest = hmac.digest(SECRET.encode(), BODY, "sha256").hex()
    headers = f"-H 'X-Hub-Signature-256: sha256={digest}' -H 'X-GitHub-Event: push' -H 'X-GitHub-Delivery: d'"
    (there / "curl.sh").write_text(f"curl https://x/hooks/hub {headers} --json @body.json", encoding="utf-8")
    ended = hookyard("hooks", "verify", there / "curl.sh", "--source", "hub")
    assert (ended.code, ended.err) == (0, "")
    assert "the capture is a curl command" in ended.out


def test_no_other_part_of_the_configuration_is_needed_and_what_of_the_source_is_wrong_is_said(
    hookyard: Call, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "capture").write_bytes(raw())
    broken = hookyard("hooks", "verify", "capture", "--source", "broken")
    assert broken.code == 78
    assert "hookyard.yaml:16: sources.broken.scheme.content: {nonsense} is not known" in broken.err
    monkeypatch.delenv("OLD")
    missing = hookyard("hooks", "verify", "capture", "--source", "hub")
    assert missing.code == 78
    assert "sources.hub.secrets[0].value" in missing.err


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["missing", "--source", "hub"], 2, "missing cannot be read: no such file"),
        (["capture"], 2, "Missing option '--source'"),
        (["capture", "--source", "hub", "--at", "soon"], 2, "'soon' is no time such as"),
        (["capture", "--source", "hub", "--entry", "1"], 2, "only a HAR file has entries"),
        (["nonsense", "--source", "hub"], 2, "neither a curl command"),
        (["capture", "--source", "hub", "--document", "missing"], 2, "missing cannot be read"),
        (["capture", "--source", "hub", "--config", "nowhere.yaml"], 78, "nowhere.yaml: cannot be read"),
        (["capture", "--source", "nope"], 69, "no source 'nope'; there are: hub, chat, own, topics, plugged, broken"),
        (["capture", "--source", "plugged"], 64, "The plugin elsewhere verifies plugged"),
    ],
)
def test_what_cannot_be_explained_says_so(
    hookyard: Call, folder: Path, arguments: list[str], code: int, word: str
) -> None:
    (folder / "capture").write_bytes(raw())
    (folder / "nonsense").write_bytes(b"\x00\xff\x00")
    ended = hookyard("hooks", "verify", *arguments)
    assert ended.code == code
    assert word in " ".join(ended.err.split())
    assert ended.out == ""


def test_no_plugin_and_no_server_is_loaded_to_explain(folder: Path) -> None:
    (folder / "capture").write_bytes(raw())
    code = (
        "import sys; sys.argv = ['hookyard', 'hooks', 'verify', 'capture', '--source', 'hub']\n"
        "from hookyard.cli import main\n"
        "try: main()\nfinally: print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60)
    heavy = {"litestar", "uvicorn", "apsw", "httpx", "httptools", "hookyard.host.loading"}
    assert not heavy & set(done.stdout.split())


# --- send ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["github", "gitlab", "forgejo", "bitbucket", "azure-devops", "stripe", "twilio", "slack"]
)
def test_what_is_sent_is_what_the_senders_verifier_takes(
    hookyard: Call, folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    from hookyard.inbound.explain.looks import verifier_of
    from hookyard.inbound.verifier import Key

    verifier = verifier_of(name)
    assert verifier is not None
    pair = verifier.pair()
    monkeypatch.setenv("HOOKYARD_HOOK_SECRET", pair.signing)
    with listening({"/hooks/a": (202, {"job_id": JOB})}) as (url, taken):
        ended = hookyard("hooks", "send", name, "push", "--to", f"{url}/hooks/a")
    assert (ended.code, ended.out) == (0, f'202 Accepted\n{{"job_id": "{JOB}"}}\n')
    [(_, capture)] = taken
    from hookyard.clock import SystemClock

    request = capture.request(url=f"{url}/hooks/a", now=SystemClock().now())
    assert verifier.verify(request, [Key(material=verifier.load(pair.verifying), number=7)]).number == 7


def test_the_body_the_delivery_and_how_often_may_be_said(hookyard: Call, folder: Path) -> None:
    (folder / "secret").write_text(SECRET + "\n", encoding="utf-8")
    (folder / "body").write_bytes(b'{"a": 1}')
    with listening({"/h": (200, {})}) as (url, taken):
        ended = hookyard(
            "hooks", "send", "github", "star", "--to", f"{url}/h?x=1", "--secret-file", "secret",
            "--body", "body", "--delivery", "d-9", "--times", "3",
        )  # fmt: skip
    assert (ended.code, ended.out) == (0, "200 OK\n{}\n" * 3)
    assert {path for path, _ in taken} == {"/h?x=1"}
    assert [capture.header("x-github-delivery") for _, capture in taken] == [b"d-9"] * 3
    assert {capture.header("x-github-event") for _, capture in taken} == {b"star"}
    assert {capture.body for _, capture in taken} == {b'{"a": 1}'}
    digest = hmac.digest(SECRET.encode(), b'{"a": 1}', "sha256").hex().encode()
    assert taken[0][1].header("x-hub-signature-256") == b"sha256=" + digest


def test_each_of_several_has_a_delivery_id_of_its_own(
    hookyard: Call, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOKYARD_HOOK_SECRET", SECRET)
    with listening({"/h": (200, {})}) as (url, taken):
        hookyard("hooks", "send", "github", "push", "--to", f"{url}/h", "--times", "2")
    assert len({capture.header("x-github-delivery") for _, capture in taken}) == 2


def test_a_form_holds_the_json_in_its_field_and_is_signed_as_its_sender_does(
    hookyard: Call, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOKYARD_HOOK_SECRET", SECRET)
    with listening({"/h": (200, {})}) as (url, taken):
        assert hookyard("hooks", "send", "github", "push", "--to", f"{url}/h", "--form").code == 0
    [(_, capture)] = taken
    assert capture.body.startswith(b"payload=%7B")
    assert capture.header("content-type") == b"application/x-www-form-urlencoded"
    digest = hmac.digest(SECRET.encode(), capture.body, "sha256").hex().encode()
    assert capture.header("x-hub-signature-256") == b"sha256=" + digest


def test_a_source_brings_its_scheme_and_its_secret(hookyard: Call, folder: Path) -> None:
    with listening({"/h": (200, {})}) as (url, taken):
        assert hookyard("hooks", "send", "github", "push", "--to", f"{url}/h", "--source", "hub").code == 0
        assert hookyard("hooks", "send", "template", "made", "--to", f"{url}/h", "--source", "own").code == 0
    hub, own = (capture for _, capture in taken)
    digest = hmac.digest(SECRET.encode(), hub.body, "sha256").hex().encode()
    assert hub.header("x-hub-signature-256") == b"sha256=" + digest
    assert own.header("x-kind") == b"made"
    assert own.header("x-sig") == hmac.digest(b"plain-text-secret", own.body, "sha256").hex().encode()


@pytest.mark.parametrize("name", ["github", "gitlab", "docker-hub", "azure-devops", "microsoft-graph", "stripe"])
def test_what_is_printed_is_a_curl_command_that_sends_the_same_and_has_no_secret(
    hookyard: Call, folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    from hookyard.clock import SystemClock
    from hookyard.inbound.explain.looks import verifier_of
    from hookyard.inbound.verifier import Key

    verifier = verifier_of(name)
    assert verifier is not None
    pair = verifier.pair()
    monkeypatch.setenv("HOOKYARD_HOOK_SECRET", pair.signing)
    ended = hookyard("hooks", "send", name, "push", "--to", "https://x.example/h", "--print")
    assert ended.code == 0
    assert pair.signing not in ended.out + ended.err
    # What the shell does, done by hand.
    command = ended.out.replace('"$HOOKYARD_HOOK_SECRET"', pair.signing)
    request = parse(command.encode()).request(url="https://x.example/h", now=SystemClock().now())
    assert verifier.verify(request, [Key(material=verifier.load(pair.verifying), number=7)]).number == 7
    assert ("takes from HOOKYARD_HOOK_SECRET" in ended.err) is (command != ended.out)


def test_an_answer_that_is_no_success_exits_with_1(
    hookyard: Call, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOKYARD_HOOK_SECRET", SECRET)
    with listening({"/h": (401, {"code": "invalid_signature"})}) as (url, _):
        ended = hookyard("hooks", "send", "github", "push", "--to", f"{url}/h")
    assert ended.code == 1
    assert ended.out.startswith("401 Unauthorized\n")


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["nope", "push", "--to", "http://127.0.0.1:9/h"], 69, "There is no preset 'nope'; there are aws-sns"),
        (["github", "push", "--to", "127.0.0.1:9/h"], 2, "is no URL such as"),
        (["github", "push", "--to", "http://127.0.0.1:1/h"], 69, "http://127.0.0.1:1/h cannot be reached"),
        (["github", "push", "--to", "http://x/h", "--body", "missing"], 2, "missing cannot be read"),
        (["github", "push", "--to", "http://x/h", "--secret-file", "missing"], 69, "missing cannot be read"),
        (["slack", "push", "--to", "http://x/h", "--source", "hub"], 2, "the source hub is of the scheme github"),
        (["aws-sns", "push", "--to", "http://x/h"], 64, "give --source and --config"),
        (["discord", "push", "--to", "http://x/h"], 64, "The secret"),
        (["standard-webhooks", "push", "--to", "http://x/h"], 64, "The secret"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_what_cannot_be_sent_says_so_without_the_secret(
    hookyard: Call, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, word: str
) -> None:
    monkeypatch.setenv("HOOKYARD_HOOK_SECRET", "no key at all, but a secret")
    ended = hookyard("hooks", "send", *arguments)
    assert ended.code == code, ended.err
    assert word in " ".join(ended.err.split())
    assert "but a secret" not in ended.err


def test_without_a_secret_nothing_is_sent(hookyard: Call, folder: Path) -> None:
    ended = hookyard("hooks", "send", "github", "push", "--to", "http://127.0.0.1:1/h")
    assert ended.code == 64
    assert "set HOOKYARD_HOOK_SECRET or give --secret-file" in ended.err


@pytest.mark.parametrize(("host", "event"), [(host, event) for host in hosts() for event in events(host)])
def test_every_sample_is_what_its_host_sends(host: str, event: str) -> None:
    name, body = sample(presets.load(host), event)
    assert name == event
    assert isinstance(msgspec.json.decode(body, type=types(host)[event]), msgspec.Struct)
    kinds: list[type[git.Push | git.PullRequest]] = [git.Push, git.PullRequest]
    made = [
        msgspec.json.decode(found, type=kind)
        for kind in kinds
        if (normalise := normaliser(host, kind)) and (found := normalise(body, event))
    ]
    for one in made:
        assert one.host == host
        assert one.repository.name == "rocket"
        if isinstance(one, git.Push):
            assert (one.branch, one.after[:4]) == ("main", "2c0f")
        else:
            assert (one.number, one.action, one.source_branch) == (12, "opened", "moon")
    assert made or event in {"issues", "ping"}


def test_the_event_of_a_sample_may_be_named_in_short() -> None:
    assert sample(presets.load("gitlab"), "push")[0] == "Push Hook"
    assert sample(presets.load("bitbucket"), "push")[0] == "repo:push"
    assert sample(presets.load("forgejo"), "push")[1] == sample(presets.load("gitea"), "push")[1]
    name, body = sample(presets.load("stripe"), "invoice.paid")
    assert (name, json.loads(body)["type"]) == ("invoice.paid", "invoice.paid")


# --- presets ------------------------------------------------------------------------------------------------------


def test_every_preset_is_listed_with_how_sure_it_is_and_what_it_needs(hookyard: Call) -> None:
    ended = hookyard("hooks", "presets")
    assert ended.out.splitlines()[0].split() == ["NAME", "TITLE", "SURE", "NEEDS"]
    assert [line.split()[0] for line in ended.out.splitlines()[1:]] == list(presets.names())
    rows = [json.loads(line) for line in hookyard("hooks", "presets", "--json").out.splitlines()]
    assert {row["name"]: row["sure"] for row in rows}["github"] == "vectors"
    assert next(row for row in rows if row["name"] == "gitlab")["needs"].endswith("may have: accept, until")
    unknown = hookyard("hooks", "presets", "nope")
    assert unknown.code == 69
    assert "There is no preset 'nope'" in unknown.err


@pytest.mark.parametrize("name", presets.names())
def test_a_preset_is_printed_as_a_source_that_loads_and_is_the_same(hookyard: Call, name: str) -> None:
    ended = hookyard("hooks", "presets", name)
    variable = f"{name.upper().replace('-', '_')}_SECRET"
    config = loads(ended.out, environ={variable: "a secret"})
    scheme = config.sources[name].scheme
    preset = presets.load(name)
    if preset.template is None:
        assert getattr(scheme, "preset", None) == name
    else:
        assert scheme == preset.template


# --- a running gateway --------------------------------------------------------------------------------------------


def test_a_replay_prints_the_new_jobs(hookyard: Call) -> None:
    made = {"event": "push", "jobs": [{"job_id": "j-1", "plugin": "a", "command": "b"}, {"job_id": "j-2"}]}
    with listening({f"/api/v1/jobs/{JOB}/replay": (202, made)}) as (url, taken):
        ended = hookyard("hooks", "replay", JOB, "--url", url)
        as_json = hookyard("hooks", "replay", JOB, "--url", url, "--json")
    assert (ended.code, ended.out) == (0, "j-1\nj-2\n")
    assert json.loads(as_json.out) == made
    assert [capture.method for _, capture in taken] == ["POST", "POST"]


def test_a_replay_that_no_route_takes_says_so(hookyard: Call) -> None:
    with listening({f"/api/v1/jobs/{JOB}/replay": (202, {"event": "push", "jobs": []})}) as (url, _):
        ended = hookyard("hooks", "replay", JOB, "--url", url)
    assert (ended.code, ended.out, ended.err) == (0, "", "No route takes this event now.\n")
    assert hookyard("hooks", "replay", "x/../y").code == 64


@pytest.mark.parametrize(("count", "said"), [(2, "d/1 is forgotten\n"), (0, "d/1 is not known\n")])
def test_a_delivery_is_forgotten(hookyard: Call, count: int, said: str) -> None:
    with listening({"/api/v1/sources/a%2Fb/forget": (200, {"forgotten": count})}) as (url, taken):
        ended = hookyard("hooks", "forget", "a/b", "d/1", "--url", url)
    assert (ended.code, ended.out) == (0, said)
    assert json.loads(taken[0][1].body) == {"delivery": "d/1"}


def test_the_sources_of_a_gateway_are_listed(hookyard: Call) -> None:
    route = {"on": ["push"], "command": "a/b", "available": True}
    source = {
        "source": "hub",
        "url": "https://x/hooks/hub",
        "scheme": "github",
        "sure": "vectors",
        "secrets": [{"number": 0, "expired": True}, {"number": 1}],
        "routes": [route, route],
        "take": "first",
        "dedupe_seconds": 1.0,
    }
    with listening({"/api/v1/sources": (200, {"sources": [source]})}) as (url, _):
        table = hookyard("hooks", "sources", "--url", url)
        rows = hookyard("hooks", "sources", "--url", url, "--json")
    assert [line.split() for line in table.out.splitlines()] == [
        ["SOURCE", "SCHEME", "SURE", "SECRETS", "RUNS", "URL"],
        ["hub", "github", "vectors", "2,", "1", "expired", "a/b", "https://x/hooks/hub"],
    ]
    assert json.loads(rows.out) == source
