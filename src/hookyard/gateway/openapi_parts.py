"""Pieces of the OpenAPI document that many paths have."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from hookyard.errors import CODES

Object = dict[str, Any]
"""A piece of JSON that is written out by hand, because OpenAPI's own grammar is the only type it has."""

READ: Final = ("invalid_request", "unauthenticated", "forbidden", "internal", "store_unavailable")
SECURITY: Final[list[Object]] = [{"bearer": []}, {"api_key": []}]


def read(summary: str, answer: Object, parameters: list[Object], known: Mapping[str, Object], *codes: str) -> Object:
    """A path that is only read, with a token."""
    return {
        "get": {
            "operationId": summary,
            "tags": ["jobs"],
            "summary": summary,
            "security": SECURITY,
            "parameters": parameters,
            "responses": {"200": answer, **problems((*READ, *codes), known)},
        }
    }


def filters(query: Object) -> list[Object]:
    """The parameters of a list, from the type that its query is decoded into."""
    return [
        {"name": name, "in": "query", "required": False, "schema": schema}
        for name, schema in query["properties"].items()
    ]


def problems(codes: Iterable[str], known: Mapping[str, Object]) -> Object:
    """Document these codes; several of one status become one response."""
    titles: dict[int, list[str]] = {}
    for code in codes:
        titles.setdefault(CODES[code].status, []).append(CODES[code].title)
    return {
        str(status): {
            "description": " ".join(lines),
            "content": {"application/problem+json": {"schema": known["problem"]}},
        }
        for status, lines in sorted(titles.items())
    }


def json_body(description: str, schema: Object, headers: Object | None = None) -> Object:
    """A response with a JSON body."""
    response: Object = {"description": description, "content": {"application/json": {"schema": schema}}}
    return response if headers is None else {**response, "headers": headers}


def header(name: str, description: str) -> Object:
    """A header of a request."""
    return {"name": name, "in": "header", "description": description, "schema": {"type": "string"}}


def name_of(schema: Object) -> str:
    """The component that a schema refers to."""
    return str(schema["$ref"]).rsplit("/", 1)[-1]
