"""From what a caller asks for to a request that goes nowhere but to its target."""

import re
from typing import Annotated, Any, Final
from urllib.parse import quote, unquote

import httpx
import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, field

from hookyard import CommandError
from hookyard_http_request.config import Config, Method, Status, Target, header_problem

Scalar = str | int | float | bool
_OUTSIDE: Final = re.compile(r"[\x00-\x1f\x7f\\?#]")
_KEPT: Final = "/:@!$&'()*+,;=~-._%"


class Get(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A call that changes nothing."""

    target: Annotated[str, Meta(description="The name of a configured service.", min_length=1, max_length=64)]
    path: Annotated[str, Meta(description="Below the target's URL.", max_length=4000)] = ""
    query: Annotated[
        dict[str, Scalar | list[Scalar]], Meta(description="What stands behind the `?`; a list repeats its name.")
    ] = field(default_factory=dict[str, Scalar | list[Scalar]])
    headers: Annotated[dict[str, str], Meta(description="Beyond those of the target.")] = field(
        default_factory=dict[str, str]
    )
    expect: Annotated[tuple[Status, ...], Meta(description="The statuses that mean success, if not the target's.")] = ()
    answer_headers: Annotated[tuple[str, ...], Meta(description="Headers of the answer to hand back.")] = ()


class Call(Get, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Any call."""

    method: Method = "POST"
    json: Annotated[Any, Meta(description="A body that is sent as JSON.")] = UNSET
    text: Annotated[str | UnsetType, Meta(description="A body that is sent as it is, in UTF-8.")] = UNSET
    content_type: Annotated[str, Meta(description="Of the text.")] = "text/plain; charset=utf-8"


class Outgoing(Struct, frozen=True, kw_only=True):
    """A request, as it will be sent."""

    method: Method
    url: str
    query: tuple[tuple[str, str], ...]
    headers: dict[str, str]
    content: bytes | None

    def of(self, client: httpx.AsyncClient, seconds: float) -> httpx.Request:
        """The same as the client sends it."""
        return client.build_request(
            self.method,
            self.url,
            params=self.query or None,
            headers=self.headers,
            content=self.content,
            timeout=httpx.Timeout(seconds),
        )


def find(config: Config, name: str) -> Target:
    """The target of a name.

    Raises:
        CommandError: there is none.
    """
    target = config.targets.get(name)
    if target is None:
        known = ", ".join(sorted(config.targets)) or "none"
        msg = f"no target {name!r} is configured; there are: {known}"
        raise CommandError(msg, code="unknown_target", retryable=False)
    return target


def prepare(data: Get, target: Target, secrets: dict[str, str], job: str) -> Outgoing:
    """What a call sends.

    Args:
        secrets: the values of the target's secret headers, by header.
        job: the job's id.

    Raises:
        CommandError: the caller asks for what the target does not allow; the message names the target and the field.
    """
    method: Method = data.method if isinstance(data, Call) else "GET"
    if method not in target.methods:
        raise refusal(data, "method", f"{method} is not among {', '.join(target.methods)}")
    content, content_type = _content(data, method)
    headers = {"accept": "application/json, */*;q=0.5", "accept-encoding": "identity"}
    if content_type is not None:
        headers["content-type"] = content_type
    fixed = {name.lower() for name in (*target.headers, *target.secret_headers, target.idempotency_header or "")}
    for name, value in data.headers.items():
        problem = "the configuration sets it" if name.lower() in fixed else header_problem(name, value)
        if problem is not None:
            raise refusal(data, f"headers.{name[:64]}", problem)
        headers[name.lower()] = value
    headers |= {name.lower(): value for name, value in (target.headers | secrets).items()}
    if target.idempotency_header is not None:
        headers[target.idempotency_header.lower()] = job
    return Outgoing(method=method, url=_url(data, target), query=_query(data), headers=headers, content=content)


def refusal(data: Get, place: str, problem: str) -> CommandError:
    """What a caller is told who asks for what cannot be."""
    return CommandError(
        f"target {data.target!r}: {place}: {problem}",
        code="invalid_request",
        retryable=False,
        details={"target": data.target, "field": place},
    )


def _content(data: Get, method: Method) -> tuple[bytes | None, str | None]:
    if not isinstance(data, Call) or (data.json is UNSET and data.text is UNSET):
        return None, None
    if data.json is not UNSET and data.text is not UNSET:
        raise refusal(data, "text", "there is a JSON body already")
    if method in {"GET", "HEAD", "OPTIONS"}:
        raise refusal(data, "json" if data.text is UNSET else "text", f"a {method} has no body")
    if isinstance(data.text, UnsetType):
        return msgspec.json.encode(data.json), "application/json"
    problem = header_problem("content-type", data.content_type)
    if problem is not None:
        raise refusal(data, "content_type", problem)
    return data.text.encode(), data.content_type


def _url(data: Get, target: Target) -> str:
    """The target's URL with the path below it.

    A path that would leave the target, by dots or by what servers take for a slash, is refused: in every layer of
    percent-encoding, since nobody knows how many of them a server takes off.
    """
    if not data.path:
        return target.url
    plain = data.path
    while (decoded := unquote(plain)) != plain:
        plain = decoded
    if _OUTSIDE.search(plain):
        raise refusal(data, "path", "it has a control character, `\\`, `?` or `#`; a query belongs into `query`")
    if any(part.partition(";")[0] in {".", ".."} for part in plain.split("/")):
        raise refusal(data, "path", "it has a segment of dots")
    path = data.path.removeprefix("/")
    if path.startswith("/"):
        raise refusal(data, "path", "it begins with two slashes")
    return f"{target.url.rstrip('/')}/{quote(path, safe=_KEPT)}"


def _query(data: Get) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name, _text(each))
        for name, value in data.query.items()
        for each in (value if isinstance(value, list) else [value])
    )


def _text(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
