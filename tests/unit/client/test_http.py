"""The small client of a running gateway, against a real server on loopback that answers as it is told."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from hookyard.client.http import Api
from hookyard.errors import Refused

TOKEN = "hky_tell-nobody"


class Told:
    """A server: what it was asked, and what it answers next."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str | None, bytes]] = []
        self.answers: list[tuple[int, bytes]] = []
        told = self

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", "0")))
                told.asked.append((self.command, self.path, self.headers.get("authorization"), body))
                status, content = told.answers.pop(0)
                self.send_response(status)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_DELETE = handle_any  # noqa: N815  the names that the standard library calls

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the standard library calls it so
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def close(self) -> None:
        """End it."""
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def told() -> Iterator[Told]:
    found = Told()
    yield found
    found.close()


def test_a_call_sends_its_query_its_body_and_the_token_and_gives_the_json(told: Told) -> None:
    told.answers = [(201, b'{"id": 7}'), (204, b"")]
    with Api(told.url + "/", TOKEN) as api:
        assert api.call("POST", "/x", query={"a": 1, "b": None, "c": True}, body={"n": 1}) == {"id": 7}
        assert api.call("DELETE", "/x/7") is None
    assert told.asked == [
        ("POST", "/x?a=1&c=true", f"Bearer {TOKEN}", b'{"n":1}'),
        ("DELETE", "/x/7", f"Bearer {TOKEN}", b""),
    ]


def test_a_list_is_walked_page_by_page(told: Told) -> None:
    told.answers = [
        (200, b'{"rows":[1,2],"next":"abc"}'),
        (200, b'{"rows":[],"next":"d"}'),
        (200, b'{"rows":[3],"next":null}'),
    ]
    with Api(told.url) as api:
        assert list(api.pages("/rows", "rows", {"limit": 2})) == [1, 2, 3]
    assert [path for _, path, _, _ in told.asked] == [
        "/rows?limit=2",
        "/rows?limit=2&cursor=abc",
        "/rows?limit=2&cursor=d",
    ]
    assert {token for _, _, token, _ in told.asked} == {None}


@pytest.mark.parametrize(
    ("status", "content", "code", "detail"),
    [
        (403, b'{"code":"forbidden","detail":"Not you.","path":"$.x"}', "forbidden", "Not you."),
        (418, b'{"code":"of_the_future","detail":"Tea."}', "internal", "Tea."),
        (502, b"<html>", "not_found", "answers 502"),
        (302, b"", "not_found", "answers 302"),
        (200, b"<html>", "not_found", "does not answer as Hookyard does"),
    ],
)
def test_what_is_no_success_is_an_error_with_its_code_and_its_sentence(
    told: Told, status: int, content: bytes, code: str, detail: str
) -> None:
    told.answers = [(status, content)]
    with Api(told.url, TOKEN) as api, pytest.raises(Refused) as caught:
        api.call("GET", "/x")
    assert caught.value.code == code
    assert detail in str(caught.value)
    assert TOKEN not in str(caught.value)


def test_a_list_that_is_none_is_an_error(told: Told) -> None:
    told.answers = [(200, b"[]")]
    with Api(told.url) as api, pytest.raises(Refused, match="does not answer as Hookyard does"):
        list(api.pages("/rows", "rows"))


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://[", "ftp://127.0.0.1", "nonsense"])
def test_where_nobody_answers_is_said_without_the_token(url: str) -> None:
    with Api(url, TOKEN) as api, pytest.raises(Refused) as caught:
        api.call("GET", "/x")
    assert caught.value.code == "not_found"
    assert url in str(caught.value)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("token", ["", "a\nb", "a\r\nx: y", "\u00e4", " a", "a ", "a\x00"])
def test_what_can_be_no_token_is_not_sent_and_not_quoted(token: str) -> None:
    with pytest.raises(Refused) as caught:
        Api("http://127.0.0.1:1", token)
    assert caught.value.code == "unauthenticated"
