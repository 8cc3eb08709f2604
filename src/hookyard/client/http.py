"""Calls a running gateway: JSON in, JSON out, and its problems as errors. For scripts and for the command line."""

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Final, Self

import httpx
import msgspec

from hookyard.errors import CODES, Refused

TIMEOUT: Final = 60.0
"""Seconds that one answer may take."""

Json = Any
"""What a JSON document is decoded into: dict, list, str, int, float, bool or None."""


class Api:
    """A gateway, as one caller sees it. Use it in a `with` statement.

    Args:
        url: where it is, without a path, such as `http://127.0.0.1:8420`.
        token: the bearer token; None sends none. It is in no message of any error.
        timeout: seconds that one answer may take.

    Raises:
        Refused: the token cannot be one.
    """

    def __init__(self, url: str, token: str | None = None, *, timeout: float = TIMEOUT) -> None:
        self._url = url.rstrip("/")
        if token is not None and not (token.isascii() and token.isprintable() and token.strip() == token and token):
            raise Refused("unauthenticated", "The token has characters that no token has, or none at all.")
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        self._client = httpx.Client(headers=headers, timeout=timeout, follow_redirects=False)

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the connections."""
        self._client.close()

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        body: object = msgspec.UNSET,
        wait: int | None = None,
    ) -> Json:
        """Call it once.

        Args:
            method: the HTTP method.
            path: from the slash on.
            query: what is None is left out.
            body: sent as JSON; nothing is sent when left out.
            wait: seconds that the gateway is asked to wait for what is to come (`Prefer`, RFC 7240).

        Returns:
            What the answer's JSON says; None when it has no body.

        Raises:
            Refused: it cannot be reached, or answers with a problem, whose code and detail this has.
        """
        asked = {name: _text(value) for name, value in (query or {}).items() if value is not None}
        content = None if body is msgspec.UNSET else msgspec.json.encode(body)
        headers = {} if content is None else {"content-type": "application/json"}
        if wait is not None:
            headers["prefer"] = f"wait={wait}"
        try:
            answer = self._client.request(method, f"{self._url}{path}", params=asked, content=content, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            why = str(error) or type(error).__name__
            raise Refused("not_found", f"{self._url} cannot be reached: {why}") from error
        if not answer.is_success:
            raise _refusal(self._url, answer)
        if not answer.content:
            return None
        try:
            return msgspec.json.decode(answer.content)
        except (msgspec.DecodeError, RecursionError) as error:
            raise _no_hookyard(self._url) from error

    @contextmanager
    def lines(
        self, path: str, *, query: Mapping[str, object] | None = None, headers: Mapping[str, str] | None = None
    ) -> Generator[Iterator[str]]:
        """Read an answer line by line, as it comes; one without a body has no lines.

        Raises:
            Refused: as of :meth:`call`.
            ConnectionError: the connection broke, or nothing came for :data:`TIMEOUT` seconds.
        """
        asked = {name: _text(value) for name, value in (query or {}).items() if value is not None}
        try:
            with self._client.stream("GET", f"{self._url}{path}", params=asked, headers=headers) as answer:
                if not answer.is_success:
                    answer.read()
                    raise _refusal(self._url, answer)
                yield answer.iter_lines()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ConnectionError(f"{self._url}: {str(error) or type(error).__name__}") from error

    def pages(self, path: str, member: str, query: Mapping[str, object] | None = None) -> Iterator[Json]:
        """Walk a whole list, page by page.

        Args:
            path: of the list.
            member: the member of a page that holds its rows.
            query: as for :meth:`call`.

        Raises:
            Refused: as there.
        """
        cursor: object = None
        while True:
            page = self.call("GET", path, query={**(query or {}), "cursor": cursor})
            try:
                rows, cursor = page[member], page["next"]
            except (KeyError, TypeError) as error:
                raise _no_hookyard(self._url) from error
            yield from rows
            if cursor is None:
                return


def _text(value: object) -> str:
    return ("false", "true")[value] if isinstance(value, bool) else str(value)


class _Problem(msgspec.Struct):
    """What of a problem document is used."""

    code: str
    detail: str
    path: str | None = None


def _refusal(url: str, answer: httpx.Response) -> Refused:
    try:
        problem = msgspec.json.decode(answer.content, type=_Problem)
    except (msgspec.DecodeError, RecursionError):
        return Refused("not_found", f"{url} answers {answer.status_code}, and not as Hookyard does.")
    # A newer gateway may have codes that are not known here; its sentence still says what it is.
    code = problem.code if problem.code in CODES else "internal"
    return Refused(code, problem.detail, path=problem.path)


def _no_hookyard(url: str) -> Refused:
    return Refused("not_found", f"{url} does not answer as Hookyard does.")
