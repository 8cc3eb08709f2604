"""Captures: what was written down is what was sent, and what is none says so."""

import base64
import json
import shutil
import socket
import subprocess
import threading
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hookyard.inbound.explain.capture import Capture, CaptureError, parse

RAW = (
    b"POST /hooks/github?a=1 HTTP/1.1\r\nHost: x.example\r\nX-GitHub-Event:  push \r\n"
    b'Content-Length: 9\r\n\r\n{"a":\r\n1}'
)


def why(content: bytes, entry: int | None = None) -> str:
    with pytest.raises(CaptureError) as caught:
        parse(content, entry=entry)
    return str(caught.value)


def curl(text: str, folder: Path | None = None) -> Capture:
    return parse(text.encode(), folder=folder)


def har(**request: object) -> bytes:
    return json.dumps({"log": {"entries": [{"request": {"url": "https://x/h", **request}}]}}).encode()


# --- raw HTTP -----------------------------------------------------------------------------------------------------


def test_raw_http_is_read_byte_by_byte() -> None:
    found = parse(RAW)
    assert (found.kind, found.method, found.target) == ("raw HTTP", "POST", "/hooks/github?a=1")
    assert found.header("x-github-event") == b"push"
    assert (found.body, found.notes) == (b'{"a":\r\n1}', ())


def test_a_head_with_bare_line_ends_is_read_too_and_its_body_keeps_its_own() -> None:
    head, _, body = RAW.partition(b"\r\n\r\n")
    assert parse(head.replace(b"\r\n", b"\n") + b"\n\n" + body) == parse(RAW)


def test_the_line_end_that_an_editor_adds_is_no_part_of_the_body_when_the_length_says_so() -> None:
    assert parse(RAW + b"\n").body == parse(RAW).body


@pytest.mark.parametrize(("body", "word"), [(RAW[:-2], "2 fewer"), (RAW + b"xy", "2 more")])
def test_a_body_of_another_length_than_was_said_is_noted(body: bytes, word: str) -> None:
    [note] = parse(body).notes
    assert word in note


def test_a_body_in_chunks_is_put_together() -> None:
    head = b"POST /h HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    found = parse(head + b"3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n")
    assert (found.body, found.notes) == (b"abc0123456789", ())
    [note] = parse(head + b'{"a":1}').notes
    assert "not in chunks" in note


def test_a_page_of_headers_without_a_first_line_is_enough() -> None:
    found = parse(b"Request URL: https://x/h\nRequest method: POST\nX-GitHub-Event: push\n\n{}")
    assert (found.target, found.method, found.header("X-GitHub-Event"), found.body) == (
        "https://x/h",
        "POST",
        b"push",
        b"{}",
    )


def test_a_header_that_came_twice_is_known_to_have_come_twice() -> None:
    request = parse(b"POST / HTTP/1.1\nA: 1\na: 2\nB: 3\n\n").request(url="https://x/h", now=5)
    assert request.headers == {b"a": b"1, 2", b"b": b"3"}
    assert request.repeated == {b"a"}
    assert (request.url, request.now) == ("https://x/h", 5)


def test_the_query_is_the_targets() -> None:
    assert parse(RAW).request(url="", now=0).query == b"a=1"


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"  \r\n", "empty"),
        (b"hello", "neither a curl command"),
        (b"\xff\xfe\x00", "UTF-16"),
        (b"POST / HTTP/1.1\nA: 1\nnonsense\n\n", "line 3 is not a header"),
        (b"POST / HTTP/1.1\nA B: 1\n\n", "line 2: 'A B' is not the name of a header"),
        (b"\x00\x01\x02", "neither a curl command"),
        (b"Request method: P P\n\n", "'P P'"),
    ],
)
def test_what_is_no_raw_http_says_so(content: bytes, word: str) -> None:
    assert word in why(content)


def test_a_file_that_powershell_wrote_is_read() -> None:
    assert parse(RAW.decode().encode("utf-16")) == parse(RAW)


# --- curl ---------------------------------------------------------------------------------------------------------


def test_a_curl_command_of_a_browser_is_read() -> None:
    found = curl(
        "curl 'https://x.example/hooks/github?b=2' \\\n  -X POST \\\n  -H 'content-type: application/json' \\\n"
        "  -H 'X-Hub-Signature-256: sha256=00' \\\n  --data-raw $'{\"a\":\"it\\'s\\\\n \\u20ac\"}' \\\n  --compressed\n"
    )
    assert (found.kind, found.method) == ("a curl command", "POST")
    assert found.target == "https://x.example/hooks/github?b=2"
    assert found.header("x-hub-signature-256") == b"sha256=00"
    assert found.body == '{"a":"it\'s\\n €"}'.encode()


def test_the_pieces_of_a_word_are_joined_as_a_shell_joins_them() -> None:
    assert curl("curl u -d 'a'\\''b'\"c\\\"d\"e\\ f$'\\x41\\101\\t'").body == b"a'bc\"de fAA\t"


def test_bytes_that_are_no_text_survive() -> None:
    assert curl("curl u --data-binary $'\\xff\\xe2\\x82\\xac'").body == b"\xff\xe2\x82\xac"
    assert parse(b"curl u --data-binary '\xff'").body == b"\xff"


def test_data_makes_a_post_of_a_form_unless_something_else_is_said() -> None:
    found = curl("curl https://x -d a=1 --data b=2 --data-urlencode 'c=d e'")
    assert (found.method, found.body) == ("POST", b"a=1&b=2&c=d+e")
    assert found.header("content-type") == b"application/x-www-form-urlencoded"
    assert curl("curl https://x").method == "GET"
    assert curl("curl -G https://x -d a=1").target == "https://x?a=1"
    asked = curl("curl --json '{}' -XPUT --url=https://x")
    assert (asked.method, asked.header("content-type"), asked.body) == ("PUT", b"application/json", b"{}")


def test_short_options_may_stand_together_and_have_their_value_with_them() -> None:
    found = curl("curl -sSfXPATCH -Ha:1 -H'b: 2' -o /dev/null -m5 https://x -uuser:pass -A agent")
    assert found.method == "PATCH"
    assert (found.header("a"), found.header("b"), found.header("user-agent")) == (b"1", b"2", b"agent")
    assert found.header("authorization") == b"Basic " + base64.b64encode(b"user:pass")


def test_what_follows_the_command_is_not_its_own() -> None:
    assert curl("$ curl https://x -d 1 | jq . ; curl https://y").target == "https://x"
    assert curl("curl https://x -d 1 # -d 2\n-d 3").body == b"1"


def test_files_are_read_from_the_folder_and_by_d_without_their_line_ends(tmp_path: Path) -> None:
    (tmp_path / "body.json").write_bytes(b'{"a":\r\n1}\n')
    assert curl("curl u -d @body.json", tmp_path).body == b'{"a":1}'
    assert curl("curl u --data-binary @body.json", tmp_path).body == b'{"a":\r\n1}\n'
    assert curl("curl u --data-raw @body.json", tmp_path).body == b"@body.json"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("curl", "empty"),
        ("curl -s ", "no URL"),
        ("curl a b", "two URLs"),
        ("curl a -H", "needs a value"),
        ("curl a -d 'x", "line 1 of the curl command has a ' that is not closed"),
        ('curl a -d "x', 'a " that is not closed'),
        ("curl a \\\n -d $'x", "line 2 of the curl command has a $' that is not closed"),
        ('curl a -d "$BODY"', "'$BODY', whose value is not known here"),
        ("curl a -d `cat x`", "whose value is not known here"),
        ("curl a -d @missing.json", "missing.json' from"),
        ("curl a -d @-", "standard input"),
        ("curl a -F x=y", "no webhook comes so"),
        ("curl a --frobnicate=3", "'--frobnicate', which is not known here"),
        ("curl a < file", "redirection"),
        ('curl ^"a^"', "Windows"),
        ("curl a -d $'\\ud800'", "no character"),
        ("curl a -H 'x y: 1'", "not the name of a header"),
        ("curl a -X 'P P'", "the method 'P P'"),
    ],
)
def test_a_curl_command_that_cannot_be_read_says_where(text: str, word: str, tmp_path: Path) -> None:
    with pytest.raises(CaptureError) as caught:
        curl(text + " ", tmp_path)
    said = str(caught.value)
    assert word.replace(" from", "").replace("empty", "no URL") in said
    assert "Traceback" not in said


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here to compare with")
@pytest.mark.parametrize(
    "arguments",
    [
        "-H 'X-A: 1' --data-raw $'it\\'s \\u20ac\\n' -H 'Content-Type: text/x'",
        "-d a=1 -d 'b c' -H 'X-Empty;' -A me",
        "-d @body.json",
        "--data-binary @body.json -u me:pass",
        "--json '{\"a\": 1}' -X PUT",
        "-G -d a=1 --data-urlencode 'b=c d/é'",
        "--data-urlencode =x/y --data-urlencode z@body.json",
    ],
)
def test_a_command_is_read_as_curl_itself_understands_it(arguments: str, tmp_path: Path) -> None:
    (tmp_path / "body.json").write_bytes(b'{"a":\r\n1}\n')
    with socket.create_server(("127.0.0.1", 0)) as server:
        sent = bytearray()

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                while b"\r\n\r\n" not in sent or len(sent) < _whole(bytes(sent)):
                    sent.extend(connection.recv(65536))
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        command = f"curl -sS --max-time 10 http://127.0.0.1:{server.getsockname()[1]}/h {arguments}"
        subprocess.run(["bash", "-c", command], cwd=tmp_path, check=True, timeout=20)
        thread.join(20)
    real, read = parse(bytes(sent)), parse(command.encode(), folder=tmp_path)
    assert (read.method, read.body) == (real.method, real.body)
    assert read.target.lower().endswith(real.target.lower())  # curl writes some escapes in lower case
    for name, value in read.headers:
        assert real.header(name) == value


def _whole(sent: bytes) -> int:
    head, _, _ = sent.partition(b"\r\n\r\n")
    length = parse(head).header("content-length") or b"0"
    return len(head) + 4 + int(length)


# --- HAR ----------------------------------------------------------------------------------------------------------


def test_a_har_entry_is_read_with_the_time_of_its_request() -> None:
    entry = {
        "startedDateTime": "2023-11-14T22:13:20.500Z",
        "request": {
            "method": "POST",
            "url": "https://x/h?q=1",
            "headers": [{"name": ":method", "value": "POST"}, {"name": "X-A", "value": "é"}],
            "postData": {"mimeType": "application/json", "text": '{"a":"é"}'},
        },
    }
    found = parse(json.dumps({"log": {"version": "1.2", "entries": [entry]}}).encode())
    assert (found.kind, found.target, found.body) == ("a HAR file", "https://x/h?q=1", '{"a":"é"}'.encode())
    assert found.headers == (("X-A", "é".encode()),)
    assert found.taken == 1_700_000_000_500
    assert parse(json.dumps(entry).encode()) == found


def test_the_body_of_a_har_entry_may_be_base64_or_the_fields_of_a_form() -> None:
    encoded = base64.b64encode(b"\xff\x00").decode()
    assert parse(har(postData={"text": encoded, "encoding": "base64"})).body == b"\xff\x00"
    form = parse(har(postData={"params": [{"name": "payload", "value": "{} é"}]}))
    assert form.body == b"payload=%7B%7D+%C3%A9"
    assert "a guess" in form.notes[0]


def test_of_several_har_entries_the_only_one_with_a_body_is_meant_or_the_chosen() -> None:
    entries = [{"request": {"url": f"https://x/{number}", "method": "GET"}} for number in range(3)]
    sending = {"request": {"url": "https://x/hook", "postData": {"text": "{}"}}}
    document = {"log": {"entries": [*entries, sending]}}
    assert parse(json.dumps(document).encode()).target == "https://x/hook"
    assert parse(json.dumps(document).encode(), entry=2).target == "https://x/1"
    document["log"]["entries"].append(sending)
    assert "4: POST 'https://x/hook', 5: POST" in why(json.dumps(document).encode())
    assert "none is number 9" in why(json.dumps(document).encode(), entry=9)
    assert "none is number 0" in why(json.dumps(document).encode(), entry=0)
    assert "no request with a body" in why(json.dumps({"log": {"entries": entries}}).encode())
    assert "only a HAR file" in why(RAW, entry=1)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"{", "begins as JSON does"),
        (b'{"x":' + b"[" * 100_000, "begins as JSON does"),
        (b"[]", "no HAR file"),
        (b"{}", "no `log`"),
        (b'{"log":{"entries":[{"request":{}}]}}', "at $.log.entries[0].request"),
        (har(postData={"text": "%", "encoding": "base64"}), "is base64, and it is not"),
        (har(headers=[{"name": "a b"}]), "not the name of a header"),
        (har(headers=[{"name": "a", "value": "x\ny"}]), "line end"),
        (har(method="P P"), "the method 'P P'"),
    ],
)
def test_what_is_no_har_file_says_where(content: bytes, word: str) -> None:
    assert word in why(content)


# --- anything -----------------------------------------------------------------------------------------------------

BEGINNINGS = (b"", b"POST / HTTP/1.1\r\n", b"curl ", b"curl https://x ", b'{"log":{"entries":[', b"\xff\xfe", b"A: b\n")


def read_or_refused(content: bytes) -> None:
    """Nothing else may come of it, and either can be printed."""
    said = ""
    try:
        said = parse(content, folder=Path("/nonexistent")).request(url="https://x", now=0).method
    except CaptureError as error:
        said = str(error)
    assert said.encode()


@given(st.sampled_from(BEGINNINGS), st.binary(max_size=200))
@example(b"", b'{"request":{"url":"\\ud800","postData":{"text":"\\ud800"}}}')
@example(b"curl https://x ", b"-X \xff")
@example(b"curl ", b"--\xff=1")
def test_any_bytes_are_a_capture_or_a_clear_error(beginning: bytes, rest: bytes) -> None:
    read_or_refused(beginning + rest)


@given(st.text(alphabet="'\"$\\-dHXu@ \n{}:;|#a=1<^`x", max_size=60))
def test_any_shell_is_a_capture_or_a_clear_error(text: str) -> None:
    read_or_refused(f"curl https://x {text}".encode())


@given(
    st.dictionaries(
        st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,8}", fullmatch=True), st.from_regex(r"[!-~]{1,9}", fullmatch=True)
    ),
    st.binary(max_size=60),
)
def test_a_request_survives_being_written_down(headers: dict[str, str], body: bytes) -> None:
    said = {
        name: value for name, value in headers.items() if name.lower() not in {"content-length", "transfer-encoding"}
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in said.items())
    found = parse(f"POST /h HTTP/1.1\r\nContent-Length: {len(body)}\r\n{head}\r\n".encode() + body)
    assert found.body == body
    assert found.headers[1:] == tuple((name, value.encode()) for name, value in said.items())
