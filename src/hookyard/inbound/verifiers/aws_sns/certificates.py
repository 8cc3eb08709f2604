"""The certificates that Amazon SNS signs with: where they may be, and which were had already."""

import re
from collections import OrderedDict
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from msgspec import Struct

from hookyard.errors import Refused
from hookyard.inbound.verifier import BadSignature

_URL: Final = re.compile(
    r"https://sns\.[a-z]{2,4}(?:-[a-z]{2,16}){1,3}-[0-9]{1,2}\.amazonaws\.com(?:\.cn)?"
    r"/SimpleNotificationService-[0-9a-f]{16,64}\.pem"
)
_BITS: Final = 2048
_LARGEST: Final = 16 * 1024
_MOST: Final = 16
"""Certificates that are kept; each region has one at a time."""
_MOST_NAMED: Final = 64
"""Places that are asked in a minute; a sender's rotation is one."""
_MOST_ASKED: Final = 512
"""Times that one of them is asked in a minute while it has nothing; all that wait for the same one count."""
_MINUTE: Final = 60_000


class Certificate(Struct, frozen=True):
    """A certificate's public key, and from when to when it is good, in milliseconds UTC."""

    key: rsa.RSAPublicKey
    begins: int
    ends: int


def read(document: bytes) -> Certificate | None:
    """Read one from PEM; None when it is none, or its key is weak or of another kind."""
    if len(document) > _LARGEST:
        return None
    try:
        found = x509.load_pem_x509_certificate(document)
        key = found.public_key()
        begins, ends = found.not_valid_before_utc, found.not_valid_after_utc
    except (ValueError, UnsupportedAlgorithm):
        return None
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < _BITS:
        return None
    return Certificate(key, int(begins.timestamp() * 1000), int(ends.timestamp() * 1000))


def place(url: str) -> str:
    """The URL of a certificate, if it is Amazon's.

    The whole of it is held against one pattern, the path too: behind the same host are Amazon's services, which answer
    with what their callers want.

    Raises:
        BadSignature: it is not.
    """
    if not _URL.fullmatch(url):
        raise BadSignature("certificate", "SigningCertURL is not a place of Amazon SNS")
    return url


class Cache:
    """The certificates had so far, the least lately used of too many forgotten."""

    def __init__(self) -> None:
        self._found: OrderedDict[str, Certificate] = OrderedDict()
        self._asked: dict[str, int] = {}
        self._since = 0

    def get(self, url: str) -> Certificate | None:
        """The one of this place, if it was had."""
        found = self._found.get(url)
        if found is not None:
            self._found.move_to_end(url)
        return found

    def put(self, url: str, certificate: Certificate) -> None:
        """Keep one."""
        self._found[url] = certificate
        self._found.move_to_end(url)
        while len(self._found) > _MOST:
            self._found.popitem(last=False)

    def ask(self, url: str, now: int) -> None:
        """Note that one is asked for.

        Raises:
            Refused: strangers have so many asked for in this minute that it has to wait (`sender_unreachable`); whoever
                is genuine comes again.
        """
        if not 0 <= now - self._since < _MINUTE:
            self._since, self._asked = now, {}
        times = self._asked.get(url, 0)
        if times >= _MOST_ASKED or (not times and len(self._asked) >= _MOST_NAMED):
            raise Refused("sender_unreachable", retry_after=_MINUTE // 1000)
        self._asked[url] = times + 1
