"""Requests that somebody wrote down: raw HTTP, a curl command or a HAR file, told apart by their content."""

from pathlib import Path
from typing import Final

from hookyard.inbound.explain.capture.curl import is_curl, parse_curl
from hookyard.inbound.explain.capture.har import is_har, parse_har
from hookyard.inbound.explain.capture.made import Capture, CaptureError
from hookyard.inbound.explain.capture.raw import parse_raw

__all__ = ["Capture", "CaptureError", "parse"]

_BOM: Final = b"\xef\xbb\xbf"
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


def parse(content: bytes, *, folder: Path | None = None, entry: int | None = None) -> Capture:
    """Read a capture.

    Args:
        content: of the file.
        folder: where the files start that a curl command names by `@file`; the current one if left out.
        entry: which request of a HAR file, from 1; left out, the only one that has a body.

    Raises:
        CaptureError: it is no capture, or holds no such request; the message says what is wrong and where.
    """
    if content.startswith(_UTF16):  # as redirections of PowerShell write it
        try:
            content = content.decode("utf-16").encode()
        except UnicodeError:
            raise CaptureError("it begins as UTF-16 does, and is not") from None
    content = content.removeprefix(_BOM)
    if not content.strip():
        raise CaptureError("it is empty")
    if is_har(content):
        return parse_har(content, entry)
    if entry is not None:
        raise CaptureError("only a HAR file has entries to choose from, and this is none")
    if is_curl(content):
        return parse_curl(content, folder or Path())
    return parse_raw(content)
