"""What few jobs are asked for, as stores keep it: as JSON text."""

import msgspec

from hookyard.model import JobOptions

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(JobOptions)


def options_text(options: JobOptions) -> str:
    """Options as they are stored."""
    return _encoder.encode(options).decode()


def options_of(text: str) -> JobOptions | None:
    """The stored options, or None: a job must not be lost because of options that a later version knows better."""
    try:
        return _decoder.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None
