"""How a signature is written: hex in any case, base64 with or without its padding; strictly, and nothing else."""

from binascii import Error as BinasciiError
from binascii import a2b_base64, a2b_hex, b2a_base64
from collections.abc import Callable
from typing import Final, Literal

Encoding = Literal["hex", "base64", "base64url"]
_TO_URL: Final = bytes.maketrans(b"+/", b"-_")
_FROM_URL: Final = bytes.maketrans(b"-_+/", b"+/!!")
"""What the other alphabet has is in none."""


def decode_hex(text: bytes) -> bytes | None:
    """The bytes; None when it is no hex."""
    try:
        return a2b_hex(text)
    except BinasciiError:
        return None


def decode_base64(text: bytes) -> bytes | None:
    """The bytes; None when it is no base64, or not the one way to write them: padding may only be there or not."""
    bare = text.rstrip(b"=")
    if len(bare) != len(text) and (len(text) % 4 or len(text) - len(bare) > 2):  # noqa: PLR2004  at most `==`
        return None
    try:
        decoded = a2b_base64(bare + b"=" * (-len(bare) % 4), strict_mode=True)
    except BinasciiError:
        return None
    return decoded if b2a_base64(decoded, newline=False).rstrip(b"=") == bare else None


def decode_base64url(text: bytes) -> bytes | None:
    """The same in the alphabet for URLs."""
    return decode_base64(text.translate(_FROM_URL))


DECODERS: Final[dict[Encoding, Callable[[bytes], bytes | None]]] = {
    "hex": decode_hex,
    "base64": decode_base64,
    "base64url": decode_base64url,
}


def encode(data: bytes, encoding: Encoding) -> str:
    """Write a signature as senders do: lower-case hex, padded base64."""
    if encoding == "hex":
        return data.hex()
    text = b2a_base64(data, newline=False)
    return (text if encoding == "base64" else text.translate(_TO_URL)).decode()
