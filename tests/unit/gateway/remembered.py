"""Litestar takes the signature of every handler apart whenever a gateway is built: a third of what a test here costs.

Every test builds a gateway of its own, and the handlers have the same signatures in all of them. So what Litestar made
of a signature is kept by that signature.
"""

import inspect
from typing import Any

from litestar.utils.signature import ParsedSignature

_parse = ParsedSignature.from_fn
_parsed: dict[tuple[str, inspect.Signature], ParsedSignature] = {}


def remember_signatures() -> None:
    """Let Litestar take each signature apart once, from now on."""
    ParsedSignature.from_fn = _remembered  # type: ignore[method-assign]


def _remembered(fn: Any, signature_namespace: dict[str, Any]) -> ParsedSignature:  # noqa: ANN401  any callable
    try:
        key = fn.__module__, inspect.signature(fn)
        known = _parsed.get(key)
    except TypeError:  # a default or an annotation that has no hash
        return _parse(fn, signature_namespace)
    if known is None:
        known = _parsed[key] = _parse(fn, signature_namespace)
    return known
