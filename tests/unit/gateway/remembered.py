"""Litestar takes the signature of every handler apart whenever a gateway is built: a third of what a test here costs.

Every test builds a gateway of its own, and the handlers have the same signatures in all of them. So what Litestar made
of a signature is kept by that signature. `test_as_litestar_builds.py` holds what comes of it against the real ones.
"""

import inspect
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from litestar.utils.signature import ParsedSignature

_parse = ParsedSignature.from_fn
_parsed: dict[tuple[str, inspect.Signature], ParsedSignature] = {}


def remember_signatures() -> None:
    """Let Litestar take each signature apart once, from now on."""
    ParsedSignature.from_fn = _remembered  # type: ignore[method-assign]


@contextmanager
def as_litestar_does() -> Generator[list[str]]:
    """Have Litestar take signatures apart as it does for users; gives the names of those that it then has."""
    names: list[str] = []

    def parse(fn: Any, signature_namespace: dict[str, Any]) -> ParsedSignature:  # noqa: ANN401  any callable
        names.append(fn.__qualname__)
        return _parse(fn, signature_namespace)

    before = ParsedSignature.from_fn
    ParsedSignature.from_fn = parse  # type: ignore[method-assign]
    try:
        yield names
    finally:
        ParsedSignature.from_fn = before  # type: ignore[method-assign]


def _remembered(fn: Any, signature_namespace: dict[str, Any]) -> ParsedSignature:  # noqa: ANN401  any callable
    try:
        key = fn.__module__, inspect.signature(fn)
        known = _parsed.get(key)
    except TypeError:  # a default or an annotation that has no hash
        return _parse(fn, signature_namespace)
    if known is None:
        known = _parsed[key] = _parse(fn, signature_namespace)
    return known
