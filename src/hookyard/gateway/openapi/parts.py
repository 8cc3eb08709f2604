"""Pieces of the OpenAPI document that many paths have."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from hookyard.config.values import Duration, Rate
from hookyard.errors import CODES
from hookyard.signature import type_hook

Object = dict[str, Any]
"""A piece of JSON that is written out by hand, because OpenAPI's own grammar is the only type it has."""
Method = Literal["get", "post", "put", "patch", "delete"]

READ: Final = ("invalid_request", "unauthenticated", "forbidden", "internal", "store_unavailable")
"""What every route that wants a token and reads the store can answer."""
BODY: Final = ("invalid_json", "invalid_input", "too_large", "unsupported_media_type")
"""What every route with a JSON body can answer besides."""
WRITE: Final = (*READ, "busy")
"""What every route that changes something can answer."""
_DURATION: Final = "A length of time: seconds, or text such as `5m` or `1h30m`."
_RATE: Final = "So many in so much time, such as `10/1s`."
SECURITY: Final[list[Object]] = [{"bearer": []}, {"api_key": []}]


class Problem(Struct, kw_only=True):
    """Every error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    """A word that a program can act on."""
    retryable: bool
    """Whether the same call may succeed later, unchanged."""
    request_id: str
    path: str | UnsetType = UNSET
    """The JSON path of what was wrong in the body."""
    job_id: str | UnsetType = UNSET
    """The job that an idempotency key stands for, or that is in the way."""
    limit: int | UnsetType = UNSET
    """The largest body, in bytes."""


class Known:
    """The schemas of all groups, by the Struct that they describe."""

    def __init__(self, kinds: Sequence[type], queries: Sequence[type]) -> None:
        schemas, self.components = msgspec.json.schema_components(
            [*kinds, *queries], schema_hook=_schema_of, ref_template="#/components/schemas/{name}"
        )
        self._schemas: dict[type, Object] = dict(zip((*kinds, *queries), schemas, strict=True))
        # What a query is decoded into is no component: it is written out as parameters.
        self._whole: dict[type, Object] = {kind: self.components.pop(self._name(kind)) for kind in queries}

    def __getitem__(self, kind: type) -> Object:
        """The reference to a Struct of a body."""
        return self._schemas[kind]

    def whole(self, kind: type) -> Object:
        """The schema of a Struct that was given as a query, written out."""
        return self._whole[kind]

    def parameters(self, kind: type) -> list[Object]:
        """The parameters of a list, from the Struct that its query is decoded into."""
        return [
            {"name": name, "in": "query", "required": False, "schema": schema}
            for name, schema in self._whole[kind]["properties"].items()
        ]

    def _name(self, kind: type) -> str:
        return str(self._schemas[kind]["$ref"]).rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group of routes.

    Args:
        kinds: the Structs that its bodies and answers are.
        queries: the Structs that its queries are decoded into.
        paths: writes its paths, once all schemas are known.
    """

    kinds: tuple[type, ...] = ()
    queries: tuple[type, ...] = ()
    paths: Callable[[Known], Object]


def _schema_of(kind: type[Any]) -> Object:
    """The schemas of the types that msgspec does not know."""
    if kind is Rate:
        return {"type": "string", "description": _RATE}
    if kind is Duration:
        return {"anyOf": [{"type": "number", "minimum": 0}, {"type": "string"}], "description": _DURATION}
    return type_hook(kind)


def operation(
    method: Method,
    summary: str,
    known: Known,
    *,
    tag: str,
    answers: Object,
    codes: Iterable[str] = READ,
    parameters: Sequence[Object] = (),
    body: type | None = None,
    description: str = "",
    required: bool = True,
) -> Object:
    """One operation of a path, for callers with a token.

    Args:
        method: the method.
        summary: one short sentence, which no other operation has.
        known: the schemas.
        tag: the group.
        answers: the answers of success, by status.
        codes: the refusals it can answer with.
        parameters: of path, query and header.
        body: the Struct that its JSON body is.
        description: more about it.
        required: whether a body must come.
    """
    found: Object = {"operationId": summary, "tags": [tag], "summary": summary, "security": SECURITY}
    if description:
        found["description"] = description
    if parameters:
        found["parameters"] = list(parameters)
    if body is not None:
        found["requestBody"] = {"required": required, "content": {"application/json": {"schema": known[body]}}}
        codes = (*codes, *BODY)
    found["responses"] = {**answers, **problems(codes, known)}
    return {method: found}


def shown(
    summary: str,
    kind: type,
    known: Known,
    *codes: str,
    tag: str,
    parameters: Sequence[Object] = (),
) -> Object:
    """A path that is only read, with a token, and answers with this Struct."""
    answers: Object = {"200": json_body(summary, known[kind])}
    return operation("get", summary, known, tag=tag, answers=answers, codes=(*READ, *codes), parameters=parameters)


def problems(codes: Iterable[str], known: Known) -> Object:
    """Document these codes, and the limits that every route has; several of one status become one response."""
    titles: dict[int, dict[str, None]] = {}
    for code in (*codes, "rate_limited"):
        titles.setdefault(CODES[code].status, {})[CODES[code].title] = None
    return {
        str(status): {
            "description": " ".join(lines),
            "content": {"application/problem+json": {"schema": known[Problem]}},
        }
        for status, lines in sorted(titles.items())
    }


def json_body(description: str, schema: Object, headers: Mapping[str, Object] | None = None) -> Object:
    """A response with a JSON body."""
    response: Object = {"description": description, "content": {"application/json": {"schema": schema}}}
    return response if headers is None else {**response, "headers": headers}


def in_path(name: str, schema: Object) -> Object:
    """A parameter of a path."""
    return {"name": name, "in": "path", "required": True, "schema": schema}


def header(name: str, description: str) -> Object:
    """A header of a request."""
    return {"name": name, "in": "header", "description": description, "schema": {"type": "string"}}
