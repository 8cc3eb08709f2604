"""Raw HTTP: the head of a request with either kind of line end, a blank line, and the body to the end of the file."""

import re
from typing import Final

from hookyard.inbound.explain.capture.made import TOKEN, Capture, CaptureError, checked

_FIRST: Final = re.compile(r"([A-Za-z]+) +(\S+)(?: +HTTP/[0-9](?:\.[0-9])?)?")
_END: Final = re.compile(rb"\r?\n\r?\n")
_SIZE: Final = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r?\n")
_LENGTH: Final = re.compile(rb"[0-9]{1,12}")
_PAGE: Final = {"request url": "target", "request method": "method"}
"""How the pages of senders and browsers begin a list of headers."""


def parse_raw(content: bytes) -> Capture:
    """Read raw HTTP; the first line may be missing, as where only the headers could be copied.

    Raises:
        CaptureError: it is none.
    """
    content = content.lstrip(b"\r\n")
    end = _END.search(content)
    head, body = (content, b"") if end is None else (content[: end.start()], content[end.end() :])
    lines = head.decode("utf-8", "surrogateescape").split("\n")
    first = _FIRST.fullmatch(lines[0].strip())
    method, target = ("POST", "") if first is None else (first[1].upper(), first[2])
    if first is None and ":" not in lines[0]:
        raise CaptureError(
            "it is neither a curl command, nor a HAR file, nor raw HTTP, whose first line is such as "
            "`POST /hooks/github HTTP/1.1`"
        )
    said: dict[str, str] = {}
    headers = _headers(lines if first is None else lines[1:], 1 if first is None else 2, said)
    notes: list[str] = []
    method = said.get("method", method).upper()
    if TOKEN.fullmatch(method) is None:
        raise CaptureError(f"the method is {method[:20]!r}, which is none")
    if end is None:
        notes.append("there is no blank line after the headers, and so no body")
    body = _body(body, {name.lower(): value for name, value in headers}, notes)
    return Capture(
        kind="raw HTTP",
        method=method,
        target=said.get("target", target),
        headers=tuple(headers),
        body=body,
        notes=tuple(notes),
    )


def _headers(lines: list[str], number: int, said: dict[str, str]) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for at, raw in enumerate(lines, number):
        line = raw.removesuffix("\r")
        if not line.strip():
            continue
        if line[0] in " \t" and found:  # a folded line, which belongs to the one before it (RFC 9112, section 5.2)
            last, begun = found[-1]
            found[-1] = last, begun + b" " + line.strip().encode("utf-8", "surrogateescape")
            continue
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise CaptureError(f"line {at} is not a header such as `Name: value`")
        part = _PAGE.get(name.strip().lower())
        if part is not None and TOKEN.fullmatch(name.strip()) is None:
            said[part] = value.strip()
            continue
        found.append(checked(name.strip(), value.encode("utf-8", "surrogateescape"), f"line {at}"))
    return found


def _body(body: bytes, headers: dict[str, bytes], notes: list[str]) -> bytes:
    if headers.get("transfer-encoding", b"").lower().endswith(b"chunked"):
        whole = _joined(body)
        if whole is None:
            notes.append("Transfer-Encoding says chunked, and the body is not in chunks: it was put together already")
        return body if whole is None else whole
    said = headers.get("content-length", b"")
    if not _LENGTH.fullmatch(said) or int(said) == len(body):
        return body
    length = int(said)
    if len(body) > length and not body[length:].strip():
        return body[:length]  # the line end that editors add
    much = "more" if len(body) > length else "fewer"
    notes.append(
        f"Content-Length says {length} bytes, and the capture has {abs(len(body) - length)} {much}: "
        "the body was cut off or rewritten"
    )
    return body


def _joined(body: bytes) -> bytes | None:
    """The content of chunks; None when these are none."""
    parts: list[bytes] = []
    at = 0
    while (size := _SIZE.match(body, at)) is not None:
        begin, length = size.end(), int(size[1], 16)
        if length == 0:
            return b"".join(parts)
        if len(body) < begin + length:
            return None
        parts.append(body[begin : begin + length])
        end = re.compile(rb"\r?\n").match(body, begin + length)
        if end is None:
            return None
        at = end.end()
    return None
