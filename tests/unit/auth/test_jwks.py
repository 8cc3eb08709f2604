"""Keys that an issuer publishes: fetched, kept, looked for again, and given up only after a day."""

import asyncio
import http.server
import json
import threading
import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from joserfc import jws
from joserfc.jwk import RSAKey

from hookyard.auth.jwt import Refresher
from hookyard.auth.jwt.refresh import SOONEST, STALE
from hookyard.config.model import JwtSettings
from hookyard.egress.fetch import LARGEST, fetch
from hookyard.testing import FakeClock

NOW = 1_700_000_000
URL = "https://id.example/keys"
OLD, NEW = RSAKey.generate_key(2048, {"kid": "old"}), RSAKey.generate_key(2048, {"kid": "new"})


def token(key: RSAKey, *, lasts: int = 10 * 86_400) -> bytes:
    claims = {"iss": "https://id.example", "aud": "hookyard", "sub": "ada", "exp": NOW + lasts}
    return jws.serialize_compact({"alg": "RS256", "kid": key.kid}, json.dumps(claims).encode(), key).encode()


def key_set(*keys: RSAKey) -> bytes:
    return json.dumps({"keys": [key.as_dict(private=False) for key in keys]}).encode()


class House:
    """An issuer that answers as it is told, and who fetches from it."""

    def __init__(self) -> None:
        self.clock = FakeClock(NOW * 1000)
        self.keys: tuple[RSAKey, ...] | None = (OLD,)
        self.fetched = 0
        self.asked = asyncio.Event()
        self.refresher = Refresher(self.clock, self.fetch)
        self.scheme = self.refresher.scheme
        settings = JwtSettings(
            issuer="https://id.example", audience=("hookyard",), at_most=("jobs:read",), jwks_url=URL
        )
        self.scheme.use({"id": settings}, Path())

    async def fetch(self, url: str) -> bytes:
        assert url == URL
        self.fetched += 1
        self.asked.set()
        if self.keys is None:
            msg = "nobody is there"
            raise OSError(msg)
        if not self.keys:
            return b'{"keys":[{"x":' + b"[" * 5000
        return key_set(*self.keys)

    async def after(self, milliseconds: int) -> None:
        """Let time pass, and wait until the issuer has been asked again."""
        self.asked.clear()
        self.clock.advance(milliseconds)
        await self.asked.wait()
        await asyncio.sleep(0)


def live(story: Callable[[House], Awaitable[None]]) -> None:
    async def run() -> None:
        house = House()
        await house.refresher.start()
        try:
            await asyncio.wait_for(story(house), 20)
        finally:
            await house.refresher.stop()

    asyncio.run(run())


def test_keys_are_there_once_it_has_started_and_are_fetched_again_in_time() -> None:
    async def story(house: House) -> None:
        assert house.scheme.authenticate(token(OLD)) is not None
        assert house.fetched == 1
        house.keys = (NEW,)
        await house.after(600_000)
        assert house.scheme.authenticate(token(OLD)) is None
        assert house.scheme.authenticate(token(NEW)) is not None

    live(story)


def test_a_key_that_is_not_known_is_looked_for_at_once_but_not_over_and_over() -> None:
    async def story(house: House) -> None:
        house.keys = (OLD, NEW)
        house.clock.advance(SOONEST)
        house.asked.clear()
        assert house.scheme.authenticate(token(NEW)) is None  # it must not wait for the issuer
        await house.asked.wait()
        await asyncio.sleep(0)
        assert house.scheme.authenticate(token(NEW)) is not None
        made_up = token(RSAKey.import_key({**NEW.as_dict(private=True), "kid": "made up"}))
        for _ in range(100):
            assert house.scheme.authenticate(made_up) is None
        for _ in range(10):
            await asyncio.sleep(0)
        assert house.fetched == 2

    live(story)


def test_an_issuer_that_cannot_be_reached_leaves_its_keys_good_for_a_day() -> None:
    async def story(house: House) -> None:
        house.keys = None
        await house.after(600_000)
        assert house.scheme.authenticate(token(OLD)) is not None
        await house.after(STALE)
        assert house.scheme.authenticate(token(OLD)) is None
        house.keys = (OLD,)
        await house.after(SOONEST)
        assert house.scheme.authenticate(token(OLD)) is not None

    live(story)


def test_a_start_without_the_issuer_lets_nobody_in_and_goes_on_trying() -> None:
    async def run() -> None:
        house = House()
        house.keys = None
        await house.refresher.start()
        assert house.scheme.authenticate(token(OLD)) is None
        house.keys = (OLD,)
        await house.after(SOONEST)
        assert house.scheme.authenticate(token(OLD)) is not None
        await house.refresher.stop()

    asyncio.run(asyncio.wait_for(run(), 20))


def test_an_issuer_that_hangs_holds_up_no_other() -> None:
    async def run() -> None:
        fetched = asyncio.Event()

        async def fetch_or_hang(url: str) -> bytes:
            if url != URL:
                await asyncio.Event().wait()
            fetched.set()
            return key_set(OLD)

        refresher = Refresher(FakeClock(NOW * 1000), fetch_or_hang)
        good = JwtSettings(issuer="https://id.example", audience=("hookyard",), at_most=("jobs:read",), jwks_url=URL)
        hanging = msgspec.structs.replace(good, jwks_url="https://slow.example/keys")
        refresher.scheme.use({"a": hanging, "b": good}, Path())
        starting = asyncio.create_task(refresher.start(patience=60))
        await fetched.wait()
        await asyncio.sleep(0)
        assert refresher.scheme.authenticate(token(OLD)) is not None
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        await refresher.stop()

    asyncio.run(asyncio.wait_for(run(), 20))


def test_a_key_set_nested_too_deep_is_none_and_ends_nothing() -> None:
    async def story(house: House) -> None:
        house.keys = ()
        await house.after(600_000)
        assert house.scheme.authenticate(token(OLD)) is not None
        house.keys = (NEW,)
        await house.after(600_000)
        assert house.scheme.authenticate(token(NEW)) is not None

    live(story)


class _Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/drip":
            self.send_response(200)
            self.end_headers()
            with suppress(OSError):  # the caller has gone
                for _ in range(500):
                    self.wfile.write(b" ")
                    time.sleep(0.02)
            return
        body = {"/keys": key_set(OLD), "/large": b" " * (LARGEST + 1)}.get(self.path)
        self.send_response(302 if self.path == "/moved" else 200 if body is not None else 500)
        self.send_header("Location", "/keys")
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name that it has there
        """Say nothing."""


@pytest.fixture
def issuer() -> Generator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_key_set_is_fetched_over_http_without_redirects_and_only_so_much_in_so_much_time(
    issuer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert asyncio.run(fetch(f"{issuer}/keys")) == key_set(OLD)
    for path, why in (("/moved", "answered 302"), ("/gone", "answered 500"), ("/large", "larger than")):
        with pytest.raises(OSError, match=why):
            asyncio.run(fetch(f"{issuer}{path}"))
    with pytest.raises(OSError, match="Connect"):
        asyncio.run(fetch("http://127.0.0.1:1/keys"))
    with pytest.raises(OSError, match="Protocol"):
        asyncio.run(fetch("nonsense"))
    monkeypatch.setattr("hookyard.egress.fetch.PATIENCE", 0.2)
    with pytest.raises(OSError, match=r"longer than 0\.2 s"):
        asyncio.run(fetch(f"{issuer}/drip"))
