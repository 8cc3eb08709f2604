"""Captured requests, and what is said of them."""

import hmac
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import cast

from msgspec.structs import replace

from hookyard.config.model import PresetName, PresetScheme, ReadingSettings, TemplateScheme
from hookyard.config.values import Secret
from hookyard.inbound.explain.capture import Capture
from hookyard.inbound.explain.explain import explain
from hookyard.inbound.explain.explanation import Explanation
from hookyard.inbound.explain.subject import Subject
from hookyard.inbound.reading import Reading
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.scheme import Scheme, scheme_of
from hookyard.inbound.secrets import SourceSecret, secrets_of
from hookyard.inbound.verifier import BadSignature, Key, Pair

NOW = 1_700_000_000_000
SECRET = "It's a Secret to Everybody"
BODY = b'{"ref":"refs/heads/main","url":"https://x.example/a","who":"J\xc3\xb6rg <j@x.example>","n":1.50}'


class Small:
    """A verifier of the tests' own: `X-Small: v1=<hex>` over the body, by the text of the secret."""

    def load(self, secret: str) -> object:
        return secret.encode()

    def verify(self, request: InboundRequest, keys: Sequence[Key]) -> Key:
        given = request.headers.get(b"x-small")
        if given is None:
            raise BadSignature("missing", "x-small")
        if not given.startswith(b"v1=") or len(given) != 67:
            raise BadSignature("malformed")
        for key in keys:
            assert isinstance(key.material, bytes)
            if given[3:] == hmac.digest(key.material, request.body, "sha256").hex().encode():
                return key
        raise BadSignature("mismatch")

    def sign(self, request: InboundRequest, secret: str) -> InboundRequest:
        digest = hmac.digest(secret.encode(), request.body, "sha256").hex()
        return replace(request, headers={**request.headers, b"x-small": f"v1={digest}".encode()})

    def pair(self) -> Pair:
        return Pair("secret", "secret")


def small(*secrets: str, until: int | None = None) -> Subject:
    """A source that the small verifier is of; `until` is of the first secret."""
    scheme = Scheme(name="small", verifier=Small(), reader=Reading(ReadingSettings()))
    given = [SourceSecret(text=text, number=at, until=None if at else until) for at, text in enumerate(secrets)]
    return Subject(name="hub", scheme=scheme, secrets=tuple(given))


def source(scheme: str | PresetScheme | TemplateScheme, *secrets: str, url: str = "") -> Subject:
    """A source as a configuration has it."""
    problems: list[tuple[str, str]] = []
    given = secrets_of(map(Secret, secrets), "secrets", problems)
    assert problems == []
    return Subject(name="hub", scheme=scheme_of(cast("PresetName", scheme)), secrets=given, url=url)


def sent(subject: Subject, secret: str, body: bytes = BODY, headers: Mapping[str, str] | None = None) -> InboundRequest:
    """A request as the source's sender signs it at NOW."""
    named = {name.lower().encode(): value.encode() for name, value in (headers or {}).items()}
    blank = InboundRequest(headers={b"content-type": b"application/json"} | named, body=body, now=NOW, url=subject.url)
    return subject.scheme.verifier.sign(blank, secret)


def captured(request: InboundRequest, *, body: bytes | None = None, target: str = "", **headers: str | None) -> Capture:
    """It, written down; with another body, or other headers: `_` stands for `-`, and None takes one away."""
    said = {name.decode(): value for name, value in request.headers.items()}
    for name, value in headers.items():
        said.pop(name.replace("_", "-"), None)
        if value is not None:
            said[name.replace("_", "-")] = value.encode()
    query = f"?{request.query.decode()}" if request.query else ""
    return Capture(
        kind="raw HTTP",
        target=(target or "/hooks/hub") + query,
        headers=tuple(said.items()),
        body=request.body if body is None else body,
    )


def told(
    capture: Capture, subject: Subject, *, at: int | None = None, now: int = NOW, document: bytes | None = None
) -> Explanation:
    """The explanation, which shows neither a secret nor what would have been right."""
    found = explain(capture, subject, at=at, now=now, document=document)
    text = "\n".join(map(str, found.steps))
    for given in subject.secrets:
        assert len(given.text) < 4 or given.text not in text
        for body in {capture.body, BODY}:
            for hash_name in ("sha1", "sha256", "sha512"):
                digest = hmac.digest(given.text.encode(), body, hash_name)
                assert digest.hex() not in text
                assert b64encode(digest).decode() not in text
    return found


def lines(found: Explanation, mark: str) -> str:
    """All lines with a mark."""
    return "\n".join(step.text for step in found.steps if step.mark == mark)
