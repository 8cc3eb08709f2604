"""Asks a verifier again and again, within bounds."""

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifier import BadSignature, Key, Verifier

_BUDGET: Final = 1 << 30
"""Bytes that may be hashed for one explanation, some seconds' worth."""


class Judge:
    """A verifier, and how often it was asked."""

    def __init__(self, verifier: Verifier) -> None:
        self.verifier = verifier
        self.asked = 0
        self._left = _BUDGET

    @property
    def tired(self) -> bool:
        """Whether the bound is reached: no further variations are tried then."""
        return self._left < 0

    def judge(self, request: InboundRequest, keys: Sequence[Key], now: int) -> Key | BadSignature:
        """The key that signed the request, or why none did."""
        self.asked += 1
        self._left -= (len(request.body) + 256) * max(1, len(keys))
        try:
            return self.verifier.verify(request if request.now == now else replace(request, now=now), keys)
        except BadSignature as error:
            return error
