"""Whom it believes over TLS, and what it shows of itself."""

import asyncio
import os
import socket
import ssl
import tempfile
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
import trustme

from hookyard.egress.guard import Target
from hookyard.outbound.http import HttpSender, identity_problem
from hookyard.outbound.http.tls import context
from hookyard.outbound.sender import Channel, Identity, SendError
from hookyard.testing.receiver import Received, Receiver, receiving, talking

Run = Callable[[Coroutine[Any, Any, None]], None]
Sending = Callable[..., AbstractAsyncContextManager[HttpSender]]
AUTHORITY = trustme.CA()
OTHER = trustme.CA()


def pem(authority: trustme.CA) -> str:
    return authority.cert_pem.bytes().decode()


TRUSTED = Identity(ca=pem(AUTHORITY))


def shown(authority: trustme.CA) -> Identity:
    own = authority.issue_cert("sender@example.invalid")
    chain = "".join(part.bytes().decode() for part in own.cert_chain_pems)
    return Identity(ca=pem(AUTHORITY), cert=chain, key=own.private_key_pem.bytes().decode())


def server_side(*names: str, clients: trustme.CA | None = None, subject: str | None = None) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # trustme also takes pyOpenSSL's contexts, of which the checker knows nothing.
    AUTHORITY.issue_cert(*names, common_name=subject).configure_cert(made)  # pyright: ignore[reportUnknownMemberType]
    if clients is not None:
        made.verify_mode = ssl.CERT_REQUIRED
        clients.configure_trust(made)  # pyright: ignore[reportUnknownMemberType]
    return made


def channel(identity: Identity | None = TRUSTED, key: str = "one", connect_timeout: float = 5) -> Channel:
    return Channel(key=key, timeout=5, connect_timeout=connect_timeout, identity=identity)


@pytest.mark.parametrize("host", ["receiver.invalid", "127.0.0.1"])
def test_a_certificate_for_the_name_or_the_literal_address_is_taken(host: str, run: Run, sending: Sending) -> None:
    asked: list[str | None] = []
    made = server_side(host)
    made.sni_callback = lambda _sock, name, _context: asked.append(name)

    async def scenario() -> None:
        async with receiving(tls=made) as receiver, sending() as sender:
            for _ in range(3):
                answer = await sender.send(receiver.target(host, "127.0.0.1", scheme="https"), {}, b"{}", channel())
                assert answer.status == 200
            assert receiver.connections == 1
            # An address is no name to be asked for (RFC 6066, section 3).
            assert asked == [None if host == "127.0.0.1" else host]

    run(scenario())


def test_a_kept_connection_is_closed_with_a_word_when_it_is_forgotten(run: Run, sending: Sending) -> None:
    ended: list[bytes] = []

    async def scenario() -> None:
        async def until_the_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"{}")
            writer.write(b"HTTP/1.1 204 X\r\n\r\n")
            ended.append(await reader.read())  # an end without a word is an error
            over.set()

        over = asyncio.Event()
        async with talking(until_the_end, tls=server_side("receiver.invalid")) as receiver, sending() as sender:
            await sender.send(receiver.target(scheme="https"), {}, b"{}", channel())
            await sender.forget("one")
            async with asyncio.timeout(30):
                await over.wait()
            assert ended == [b""]

    run(scenario())


@pytest.mark.parametrize("names", [("other.invalid",), ("127.0.0.1",), ("*.receiver.invalid",)])
def test_a_certificate_for_another_name_is_refused(names: tuple[str, ...], run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        async with receiving(tls=server_side(*names)) as receiver, sending() as sender:
            with pytest.raises(SendError, match=r"^tls$"):
                await sender.send(receiver.target(scheme="https"), {}, b"{}", channel())
            assert receiver.requests == []

    run(scenario())


def test_the_subject_of_a_certificate_is_no_name_for_it(run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        async with receiving(tls=server_side(subject="receiver.invalid")) as receiver, sending() as sender:
            with pytest.raises(SendError, match=r"^tls$"):
                await sender.send(receiver.target(scheme="https"), {}, b"{}", channel())
            assert receiver.requests == []

    run(scenario())


@pytest.mark.parametrize("identity", [None, Identity(ca=pem(OTHER))])
def test_a_certificate_of_an_unknown_authority_is_refused(
    identity: Identity | None, run: Run, sending: Sending
) -> None:
    async def scenario() -> None:
        async with receiving(tls=server_side("receiver.invalid")) as receiver, sending() as sender:
            with pytest.raises(SendError, match=r"^tls$"):
                await sender.send(receiver.target(scheme="https"), {}, b"{}", channel(identity))
            assert receiver.requests == []

    run(scenario())


def test_trust_of_one_endpoint_is_not_that_of_another(run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        async with receiving(tls=server_side("receiver.invalid")) as receiver, sending() as sender:
            target = receiver.target(scheme="https")
            await sender.send(target, {}, b"{}", channel())
            for key in ("two", "one"):  # also where it changed and nobody said so
                with pytest.raises(SendError, match=r"^tls$"):
                    await sender.send(target, {}, b"{}", channel(None, key))

    run(scenario())


def test_a_version_before_1_2_is_refused_and_http_1_1_is_asked_for(run: Run, sending: Sending) -> None:
    made = server_side("receiver.invalid")
    made.set_alpn_protocols(["h2", "http/1.1"])
    spoken: list[str | None] = []

    async def scenario() -> None:
        async def note(_receiver: Receiver, _request: Received, writer: asyncio.StreamWriter) -> None:
            found: ssl.SSLObject = writer.get_extra_info("ssl_object")
            spoken.append(found.selected_alpn_protocol())
            writer.write(b"HTTP/1.1 204 X\r\n\r\n")

        async with receiving(note, tls=made) as receiver, sending() as sender:
            await sender.send(receiver.target(scheme="https"), {}, b"{}", channel())
            assert spoken == ["http/1.1"]

    run(scenario())
    assert context(TRUSTED).minimum_version == ssl.TLSVersion.TLSv1_2


def test_a_receiver_without_tls_or_that_hangs_up_in_it_is_a_failure_of_tls(run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        async def hang_up(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
            await reader.read(100)

        async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(100)
            writer.write(b"HTTP/1.1 400 X\r\n\r\n")

        for talk in (hang_up, plain):
            async with talking(talk) as receiver, sending() as sender:
                with pytest.raises(SendError, match=r"^tls$"):
                    await sender.send(receiver.target(scheme="https"), {}, b"{}", channel())

    run(scenario())


def test_a_handshake_that_never_ends_costs_no_more_than_connecting_may(run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        async def mute(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
            await reader.read()

        async with talking(mute) as receiver, sending() as sender, asyncio.timeout(30):
            target = receiver.target(scheme="https")
            with pytest.raises(SendError, match=r"^connect_timeout$"):
                await sender.send(target, {}, b"{}", channel(connect_timeout=0.1))

    run(scenario())


def test_the_receiver_is_shown_the_endpoints_own_certificate(run: Run, sending: Sending) -> None:
    seen: list[str] = []

    async def scenario() -> None:
        async def note(_receiver: Receiver, _request: Received, writer: asyncio.StreamWriter) -> None:
            seen.append(str(writer.get_extra_info("peercert")["subjectAltName"]))
            writer.write(b"HTTP/1.1 204 X\r\n\r\n")

        demanding = server_side("receiver.invalid", clients=OTHER)
        async with receiving(note, tls=demanding) as receiver, sending() as sender:
            target = receiver.target(scheme="https")
            await sender.send(target, {}, b"{}", channel(shown(OTHER)))
            assert seen == ["(('email', 'sender@example.invalid'),)"]

    run(scenario())


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("identity", [TRUSTED, shown(AUTHORITY)])
def test_a_receiver_that_wants_another_certificate_is_a_failure_of_tls(
    version: ssl.TLSVersion, identity: Identity, run: Run, sending: Sending
) -> None:
    demanding = server_side("receiver.invalid", clients=OTHER)
    demanding.maximum_version = version

    # asyncio hangs up without a word; this is how others say what they think of a certificate.
    def serve(server: socket.socket) -> None:
        raw, _ = server.accept()
        with demanding.wrap_socket(raw, server_side=True, do_handshake_on_connect=False) as spoken:
            with pytest.raises(ssl.SSLError):
                spoken.do_handshake()
            spoken.shutdown(socket.SHUT_WR)
            while spoken.recv(65536):  # a socket closed with something unread takes its last words back
                pass

    async def scenario() -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port: int = server.getsockname()[1]
            served = asyncio.get_running_loop().run_in_executor(None, serve, server)
            target = Target(f"https://receiver.invalid:{port}/", "https", "receiver.invalid", port, ("127.0.0.1",))
            async with sending() as sender:
                with pytest.raises(SendError, match=r"^tls$"):
                    await sender.send(target, {}, b"{}", channel(identity))
            await served

    run(scenario())


def test_the_key_is_in_no_file_afterwards(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert identity_problem(shown(OTHER)) is None
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.delattr(os, "memfd_create", raising=False)
    assert identity_problem(shown(OTHER)) is None
    assert list(tmp_path.iterdir()) == []


GOOD = shown(OTHER)
NONSENSE = "-----BEGIN CERTIFICATE-----\nbm9uc2Vuc2U=\n-----END CERTIFICATE-----\n"
WRONG = {
    "no authority": (Identity(ca=""), "`ca` has no certificate"),
    "an authority that is a word": (Identity(ca="word"), "`ca` has no certificate"),
    "an authority that is no certificate": (Identity(ca=NONSENSE), "`ca` has no certificate"),
    "letters beyond ASCII": (Identity(ca="\u00e4"), "`ca` has no certificate"),
    "an authority that is none": (Identity(ca=GOOD.cert), "`ca` has no certificate of an authority"),
    "no key": (Identity(cert=GOOD.cert), "need each other"),
    "no certificate": (Identity(key=GOOD.key), "need each other"),
    "the key twice": (Identity(cert=GOOD.key, key=GOOD.key), "`cert` has no certificate"),
    "the certificate twice": (Identity(cert=GOOD.cert, key=GOOD.cert), "`key` has no private key"),
    "a key that is none": (
        Identity(cert=GOOD.cert, key="-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
        "cannot be read",
    ),
    "a certificate that is none": (Identity(cert=NONSENSE, key=GOOD.key), "cannot be read"),
    "another's key": (Identity(cert=GOOD.cert, key=shown(OTHER).key), "`key` is not the key"),
    "a passphrase": (
        Identity(
            cert=GOOD.cert, key="-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----"
        ),
        "has a passphrase",
    ),
    "a passphrase of the old kind": (
        Identity(
            cert=GOOD.cert,
            key="-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n",
        ),
        "has a passphrase",
    ),
}


@pytest.mark.parametrize("row", list(WRONG.values()), ids=list(WRONG))
def test_certificates_that_cannot_be_used_are_told_apart_without_quoting_them(row: tuple[Identity, str]) -> None:
    identity, why = row
    assert why in (identity_problem(identity) or "nothing")


@pytest.mark.parametrize("identity", [Identity(), TRUSTED, GOOD, Identity(cert=GOOD.cert, key=GOOD.key)])
def test_certificates_that_can_be_used_are_no_problem(identity: Identity) -> None:
    assert identity_problem(identity) is None
