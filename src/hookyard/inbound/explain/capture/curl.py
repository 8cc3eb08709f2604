"""A curl command, as browsers, consoles of senders and people write it."""

import base64
import re
from pathlib import Path
from typing import Final
from urllib.parse import quote_plus

from hookyard.inbound.explain.capture.made import TOKEN, Capture, CaptureError, checked
from hookyard.inbound.explain.capture.shell import words

_BEGINS: Final = re.compile(rb"\s*(?:[$%#>]\s+)?curl(?:\.exe)?(?:\s|\\\r?\n)")
_LONG: Final = {
    "-H": "--header", "-d": "--data", "-X": "--request", "-u": "--user", "-A": "--user-agent", "-e": "--referer",
    "-b": "--cookie", "-F": "--form", "-G": "--get", "-I": "--head", "-T": "--upload-file",
}  # fmt: skip
_DATA: Final = frozenset({"--data", "--data-ascii", "--data-raw", "--data-binary", "--data-urlencode", "--json"})
_IGNORED: Final = {
    "-o", "-x", "-m", "-w", "-c", "-E", "-C", "-D", "-K", "-Q", "-r", "-U", "-y", "-Y", "-z", "-t", "-P", "--output",
    "--proxy", "--max-time", "--connect-timeout", "--write-out", "--cookie-jar", "--cert", "--key", "--cacert",
    "--capath", "--resolve", "--retry", "--retry-delay", "--retry-max-time", "--interface", "--limit-rate",
    "--max-redirs", "--proxy-user", "--dump-header", "--ciphers", "--tls-max", "--dns-servers", "--unix-socket",
    "--connect-to", "--keepalive-time", "--trace", "--trace-ascii", "--stderr", "--range", "--expect100-timeout",
    "--proto",
}  # fmt: skip
"""Options with a value that says nothing about the request."""
_VALUED: Final = _DATA | _IGNORED | frozenset(_LONG.values()) - {"--get", "--head"} | {"--url", "--oauth2-bearer"}
_HEADERS: Final = {"--user-agent": "User-Agent", "--referer": "Referer", "--cookie": "Cookie"}
_FORM: Final = "application/x-www-form-urlencoded"
_LARGEST: Final = 64 << 20


def is_curl(content: bytes) -> bool:
    """Whether it begins as a curl command does."""
    return _BEGINS.match(content) is not None


def parse_curl(content: bytes, folder: Path) -> Capture:
    """Read a curl command.

    Raises:
        CaptureError: it is none, names a file that cannot be read, or sends what no webhook is.
    """
    text = content.decode("utf-8", "surrogateescape").replace("\r\n", "\n").lstrip()
    command = _Command(folder)
    command.read(words(re.sub(r"^[$%#>]\s+", "", text))[1:])
    return command.capture()


class _Command:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._url: str | None = None
        self._method: str | None = None
        self._headers: list[tuple[str, bytes]] = []
        self._removed: set[str] = set()
        self._body: bytes | None = None
        self._get = False

    def read(self, given: list[str]) -> None:
        """Take the arguments in."""
        left = iter(given)
        for word in left:
            if word == "--" or not word.startswith("-") or word == "-":
                if word != "--":
                    self._take_url(word)
                continue
            for option, value in _options(word):
                if option in {"--get", "--head"}:
                    self._get |= option == "--get"
                    self._method = "HEAD" if option == "--head" else self._method
                elif option in _VALUED:
                    found = next(left, None) if value is None else value
                    if found is None:
                        raise CaptureError(f"the curl command ends after {option}, which needs a value")
                    self._take(option, found)
                elif value is not None:
                    raise CaptureError(f"the curl command has the option {option!r}, which is not known here")

    def _take(self, option: str, value: str) -> None:
        if option in _DATA:
            self._take_data(option, value)
        elif option == "--header":
            self._take_header(value)
        elif option == "--request":
            self._method = value.upper()
        elif option == "--url":
            self._take_url(value)
        elif option == "--user":
            credentials = base64.b64encode(_bytes(value if ":" in value else f"{value}:")).decode()
            self._add("Authorization", f"Basic {credentials}")
        elif option == "--oauth2-bearer":
            self._add("Authorization", f"Bearer {value}")
        elif option in _HEADERS:
            self._add(_HEADERS[option], value)
        elif option in {"--form", "--upload-file"}:
            raise CaptureError(f"the curl command sends by {option}, and no webhook comes so")

    def _take_url(self, url: str) -> None:
        if self._url is not None:
            raise CaptureError("the curl command has two URLs; leave the request in that is meant")
        self._url = url

    def _add(self, name: str, value: str) -> None:
        self._headers.append(checked(name, _bytes(value), "the curl command"))

    def _take_header(self, text: str) -> None:
        name, colon, value = text.partition(":")
        if not colon and name.endswith(";"):
            self._add(name[:-1], "")  # curl's way to write an empty one
        elif text.startswith("@"):
            for line in self._file(text[1:]).decode("utf-8", "surrogateescape").splitlines():
                self._take_header(line)
        elif colon and not value.strip():
            self._removed.add(name.strip().lower())
        elif colon and not name.startswith(":"):  # those of HTTP/2 are no headers
            self._add(name.strip(), value)

    def _take_data(self, option: str, value: str) -> None:
        if option == "--data-urlencode":
            data = self._encoded(value)
        elif value.startswith("@") and option != "--data-raw":
            data = self._file(value[1:])
            if option in {"--data", "--data-ascii"}:  # curl takes these out of files, and only of files
                data = data.translate(None, b"\r\n\0")
        else:
            data = _bytes(value)
        if option == "--json":
            self._headers += [("Content-Type", b"application/json"), ("Accept", b"application/json")]
        glue = b"" if option == "--json" else b"&"
        self._body = data if self._body is None else self._body + glue + data

    def _encoded(self, value: str) -> bytes:
        name, is_there, rest = value.partition("=")
        if not is_there and "@" in value:
            name, _, path = value.partition("@")
            content = self._file(path)
        else:
            content = _bytes(rest if is_there else value)
        prefix = f"{name}=" if name and (is_there or "@" in value) else ""
        return f"{prefix}{quote_plus(content)}".encode()

    def _file(self, name: str) -> bytes:
        if name == "-":
            raise CaptureError("the curl command takes its data from standard input, which is not in the capture")
        try:
            with (self._folder / name).open("rb") as file:
                data = file.read(_LARGEST + 1)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no path"
            raise CaptureError(f"the curl command names the file {name!r}, which cannot be read: {why}") from None
        if len(data) > _LARGEST:
            raise CaptureError(f"the curl command names the file {name!r}, which is larger than 64 MiB")
        return data

    def capture(self) -> Capture:
        """What curl would have sent."""
        if self._url is None:
            raise CaptureError("the curl command has no URL")
        target, body = self._url, self._body or b""
        if self._get and self._body is not None:
            target += ("&" if "?" in target else "?") + body.decode("utf-8", "surrogateescape")
            body = b""
        method = self._method or ("GET" if self._body is None or self._get else "POST")
        if TOKEN.fullmatch(method) is None:
            raise CaptureError(f"the curl command has the method {method[:20]!r}, which is none")
        headers = list(self._headers)
        if body and "content-type" not in {name.lower() for name, _ in headers} | self._removed:
            headers.append(("Content-Type", _FORM.encode()))
        return Capture(kind="a curl command", method=method, target=target, headers=tuple(headers), body=body)


def _options(word: str) -> list[tuple[str, str | None]]:
    """The options of one word by their long names; several short ones may stand together, the last with its value."""
    if word.startswith("--"):
        name, is_there, value = word.partition("=")
        return [(name, value if is_there else None)]
    found: list[tuple[str, str | None]] = []
    for at, char in enumerate(word[1:], 2):
        name = _LONG.get(f"-{char}", f"-{char}")
        if name in _VALUED:
            return [*found, (name, word[at:] or None)]
        found.append((name, None))
    return found


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
