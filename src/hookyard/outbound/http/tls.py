"""Whom a receiver has to prove to be, and who we prove to be: the contexts of TLS, one for each identity."""

import asyncio
import os
import ssl
from collections.abc import Generator
from contextlib import contextmanager
from tempfile import NamedTemporaryFile
from typing import Final

from hookyard.egress.trust import usual_trust
from hookyard.outbound.sender import Identity

_MOST: Final = 256


class Contexts:
    """Makes contexts and keeps them: reading all authorities' certificates takes some 20 ms."""

    def __init__(self) -> None:
        self._made: dict[Identity | None, ssl.SSLContext] = {}

    async def get(self, identity: Identity | None) -> ssl.SSLContext:
        """The context for this identity.

        Raises:
            ssl.SSLError: its certificates are none, which :func:`identity_problem` would have told.
        """
        found = self._made.get(identity)
        if found is None:
            found = await asyncio.get_running_loop().run_in_executor(None, context, identity)
            if len(self._made) >= _MOST:
                del self._made[next(iter(self._made))]
            self._made[identity] = found
        return found


def context(identity: Identity | None) -> ssl.SSLContext:
    """A context that takes the certificates of the usual authorities and of the identity's, and shows the identity's.

    Raises:
        ssl.SSLError: its certificates are none.
    """
    made = usual_trust()
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.set_alpn_protocols(["http/1.1"])
    if identity is not None:
        if identity.ca is not None:
            _trust(made, identity.ca)
        if identity.cert is not None:
            _show(made, identity.cert, identity.key or "")
    return made


def identity_problem(identity: Identity) -> str | None:
    """What is wrong with the certificates of an identity, without quoting them; None if nothing is."""
    trial = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if identity.ca is not None:
        try:
            _trust(trial, identity.ca)
        except ssl.SSLError:
            return "`ca` has no certificate in PEM that can be read"
        if not trial.cert_store_stats()["x509_ca"]:
            return "`ca` has no certificate of an authority"
    if (identity.cert is None) != (identity.key is None):
        return "`cert` and `key` need each other"
    if identity.cert is None or identity.key is None:
        return None
    if "-----BEGIN CERTIFICATE-----" not in identity.cert:
        return "`cert` has no certificate in PEM"
    if "PRIVATE KEY-----" not in identity.key:
        return "`key` has no private key in PEM"
    if "ENCRYPTED" in identity.key:
        return "`key` has a passphrase, and there is nobody to ask for it"
    try:
        _show(trial, identity.cert, identity.key)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            return "`key` is not the key of the first certificate in `cert`"
        return "`cert` or `key` cannot be read"
    return None


def _trust(made: ssl.SSLContext, authorities: str) -> None:
    try:
        made.load_verify_locations(cadata=authorities)
    except (ValueError, TypeError) as error:  # of an empty text, and of one with letters beyond ASCII
        raise ssl.SSLError(str(error)) from None


def _show(made: ssl.SSLContext, cert: str, key: str) -> None:
    with _as_file(f"{cert}\n{key}\n".encode()) as path:
        try:
            # Without a password the library would ask for one on the terminal.
            made.load_cert_chain(path, password="")
        except ValueError as error:
            raise ssl.SSLError(str(error)) from None


@contextmanager
def _as_file(content: bytes) -> Generator[str]:
    """The library reads keys from files only: one in memory where the system has such, else one that is ours alone."""
    if hasattr(os, "memfd_create"):
        fd = os.memfd_create("hookyard-identity")
        try:
            os.write(fd, content)
            yield f"/proc/self/fd/{fd}"
        finally:
            os.close(fd)
        return
    with NamedTemporaryFile() as file:  # of mode 0600
        file.write(content)
        file.flush()
        yield file.name
