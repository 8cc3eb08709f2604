"""The time of sending: read strictly, for its age only. What is signed is its text."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from hookyard.config.model.schemes import SignatureSettings, TimestampSettings
from hookyard.inbound.places import compile_place
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifier import BadSignature

Unit = Literal["s", "ms", "rfc3339"]
_SECONDS: Final = re.compile(r"[0-9]{1,12}")
_MILLIS: Final = re.compile(r"[0-9]{1,15}")
_RFC3339: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?"
    r"(?:[Zz]|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))"
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


class Timestamp:
    """Where it stands, and how far it may be from ours."""

    def __init__(self, settings: TimestampSettings, signature: SignatureSettings, tolerance: int | None) -> None:
        self.place = compile_place(settings, signature)
        self._unit: Unit = settings.unit
        self.tolerance = int(settings.tolerance) if tolerance is None else tolerance

    def check(self, request: InboundRequest, body: object | None) -> str:
        """Return the text as it stands there, when it is of our time.

        Raises:
            BadSignature: there is none (`timestamp_missing`), it is written otherwise (`timestamp_malformed`), or it
                is too old or lies ahead (`timestamp_range`).
        """
        text = self.place.find(request, body)
        if text is None:
            raise BadSignature("timestamp_missing")
        millis = read(text, self._unit)
        if millis is None:
            raise BadSignature("timestamp_malformed")
        if abs(request.now - millis) > self.tolerance:
            raise BadSignature("timestamp_range")
        return text

    def put(self, request: InboundRequest) -> InboundRequest:
        """The request, sent just now."""
        if self._unit == "rfc3339":
            moment = _EPOCH + request.now * _MILLISECOND
            return self.place.put(request, moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"))
        return self.place.put(request, request.now if self._unit == "ms" else request.now // 1000)


def read(text: str, unit: Unit) -> int | None:
    """Milliseconds UTC; None when it is not written just so."""
    if unit == "s":
        return int(text) * 1000 if _SECONDS.fullmatch(text) else None
    if unit == "ms":
        return int(text) if _MILLIS.fullmatch(text) else None
    found = _RFC3339.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, sign, hours, minutes = found.groups()
    try:
        moment = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second), tzinfo=UTC)
    except ValueError:
        return None
    offset = timedelta(hours=int(hours), minutes=int(minutes)) if sign else timedelta()
    since = moment - _EPOCH - (-offset if sign == "-" else offset)
    return since // _MILLISECOND + int((fraction or "0").ljust(9, "0")) // 1_000_000
