"""How far a job is, as stores keep it: as JSON text."""

import msgspec

from hookyard.model import Progress

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Progress)


def progress_text(progress: Progress) -> str:
    """Progress as it is stored."""
    return _encoder.encode(progress).decode()


def progress_of(text: str) -> Progress | None:
    """The stored progress, or None: a job must not be lost because of what is told about it."""
    try:
        return _decoder.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None
