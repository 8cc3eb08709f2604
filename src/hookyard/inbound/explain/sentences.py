"""The step that failed, in a sentence."""

from typing import Final

from hookyard.inbound.explain.edits import similar, size_of
from hookyard.inbound.explain.exemplar import Exemplar
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifier import BadSignature, Step

_SIGNATURE: Final = b"-signature"
_SENTENCES: Final[dict[Step, str]] = {
    "unknown_source": "there is no such source",
    "not_allowed": "it may not come in here",
    "masquerade": "another sender sent it, who uses this one's headers too",
    "repeated": "a header or parameter that matters came several times",
    "timestamp_missing": "the time of sending is not there",
    "timestamp_malformed": "the time of sending is not written as it must be",
    "timestamp_range": "the time of sending is too far off",
    "no_secret": "no secret is left to verify with: all have expired, or none has the id that is named",
    "certificate": "the certificate cannot be had, or is none of the sender's",
    "content_digest": "the body is not the one whose digest was signed",
    "coverage": "the signature does not cover what it must",
    "mismatch": "none of the secrets signed this",
}


def sentence(error: BadSignature, request: InboundRequest, exemplar: Exemplar) -> str:
    """What is wrong, and what there is instead."""
    if error.step == "missing":
        return _missing(error, request, exemplar)
    if error.step == "malformed":
        return _malformed(error, request, exemplar)
    return _SENTENCES[error.step] + _why(error)


def shown(name: bytes) -> str:
    """A header's name as people write it."""
    return "-".join(part.capitalize() for part in name.decode("latin-1").split("-"))


def _why(error: BadSignature) -> str:
    return f" ({error.why})" if error.why else ""


def _missing(error: BadSignature, request: InboundRequest, exemplar: Exemplar) -> str:
    lacking = [name for name in exemplar.headers if name not in request.headers]
    if not lacking:
        return f"what carries the signature is not there{_why(error)}"
    said = f"not there: {', '.join(map(shown, lacking))}"
    if hint := _hint(lacking, request):
        return f"{said}; {hint}"
    near = [name for each in lacking for name in similar(each, request)]
    if near:
        said += "; there is " + ", ".join(
            f"{shown(name)}{f' ({size})' if (size := size_of(request.headers[name])) else ''}"
            for name in dict.fromkeys(near)
        )
    return said if near else f"{said}; is a secret entered at the sender?"


def _hint(lacking: list[bytes], request: InboundRequest) -> str:
    """Which setting of the preset makes good what lacks."""
    if not any(name.endswith(_SIGNATURE) for name in lacking):
        return ""
    if b"webhook-signature" in lacking and b"x-gitlab-token" in request.headers:
        return "there is X-Gitlab-Token, the secret token of older ones: `scheme: {preset: gitlab, accept: token}`"
    for name in request.headers:
        prefix = name.removesuffix(_SIGNATURE)
        if prefix != name and {prefix + b"-id", prefix + b"-timestamp"} <= request.headers.keys():
            text = prefix.decode("latin-1")
            return f"there is {shown(name)}: `scheme: {{preset: standard-webhooks, prefix: {text}}}`"
    return ""


def _malformed(error: BadSignature, request: InboundRequest, exemplar: Exemplar) -> str:
    name = exemplar.signature
    value = None if name is None else request.headers.get(name)
    if name is None or value is None:
        return f"it is no signature of this kind{_why(error)}"
    bare = value.removeprefix(exemplar.prefix).strip()
    if not bare:
        return f"{shown(name)} is empty: the sender has no secret"
    has, wants = size_of(value), size_of(exemplar.prefix + exemplar.core)
    said = f"{shown(name)} holds no signature of this kind"
    if exemplar.is_token:
        begins = exemplar.prefix.decode("latin-1")
        return f"{said}: it does not begin with {begins!r}" if begins and bare == value.strip() else said
    if wants is None:
        return said
    if has == wants:
        return f"{said}: it has {has}, as one of this kind has, but what stands before and around them is not the same"
    return f"{said}: it has {has or 'nothing like one'}, and one of this kind has {wants}"
