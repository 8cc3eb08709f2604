"""Requests, keys and what becomes of them."""

import json
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import strategies as st

from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifier import BadSignature, Key, Step, Verifier

URL: Final = "https://example.com/foo"
NOW: Final = 1_700_000_000_000
_VECTORS: Final = Path(__file__).parents[5] / "shared" / "vectors" / "signatures.json"


def request(
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    *,
    now: int = NOW,
    query: str = "",
    url: str = URL,
    repeated: tuple[str, ...] = (),
    method: str = "POST",
) -> InboundRequest:
    """A request whose headers are text."""
    return InboundRequest(
        headers={name.lower().encode(): value.encode("latin-1") for name, value in (headers or {}).items()},
        body=body,
        now=now,
        query=query.encode(),
        url=url,
        repeated=frozenset(name.encode() for name in repeated),
        method=method,
    )


def keys(verifier: Verifier, *secrets: str, ids: tuple[str | None, ...] = ()) -> list[Key]:
    """The keys of some secrets."""
    return [
        Key(material=verifier.load(secret), number=number, id=ids[number] if ids else None)
        for number, secret in enumerate(secrets)
    ]


def step(verifier: Verifier, given: InboundRequest, found: list[Key]) -> Step | None:
    """The step at which verification ended; None when it is good. Any other exception goes through."""
    try:
        verifier.verify(given, found)
    except BadSignature as error:
        return error.step
    return None


def vectors(scheme: str) -> list[dict[str, Any]]:
    """The published vectors of a scheme."""
    if not _VECTORS.exists():
        pytest.skip("the folder of vectors is not here")
    found = [one for one in json.loads(_VECTORS.read_text()) if one["scheme"] == scheme]
    assert found
    return found


HEADERS: Final = st.one_of(st.binary(max_size=120), st.text(max_size=60).map(lambda text: text.encode()))
