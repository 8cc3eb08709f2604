"""Templates that differ from a source's own in one thing, one of which its sender may go by."""

import re
from collections.abc import Iterator
from typing import Final, Literal

from msgspec.structs import replace

from hookyard.config.model import TemplateScheme
from hookyard.config.model.schemes import Mac, TimestampSettings
from hookyard.inbound.explain.edits import Written, similar, written
from hookyard.inbound.problem import SchemeError
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.template import compile_template
from hookyard.inbound.verifier import Verifier

_MACS: Final[dict[int, Mac]] = {20: "hmac-sha1", 32: "hmac-sha256", 48: "hmac-sha384", 64: "hmac-sha512"}
_CLOCK: Final = re.compile(rb"[0-9]{10}(?:[0-9]{3})?")
_FORM: Final = b"application/x-www-form-urlencoded"
_SECONDS: Final = 10
"""Digits."""
_CONTENTS: Final = (
    "{body}",
    "{timestamp}.{body}",
    "{timestamp}{body}",
    "{timestamp}:{body}",
    "v0:{timestamp}:{body}",
    "{id}.{timestamp}.{body}",
    "{id}{timestamp}{body}",
    "{timestamp}.{id}.{body}",
    "{url}{body}",
    "{body}{timestamp}",
    "{method}{path}{body}",
)


def templates(template: TemplateScheme, request: InboundRequest) -> Iterator[tuple[str, Verifier]]:
    """Every other template that is tried: words that continue "it is good ...", and its verifier."""
    for says, settings in _all(template, request):
        try:
            yield says, compile_template(settings)
        except SchemeError:
            continue


def _all(template: TemplateScheme, request: InboundRequest) -> Iterator[tuple[str, TemplateScheme]]:
    name = template.signature.header
    if name is None or not template.mac.startswith("hmac-"):
        return
    own = name.lower().encode()
    for header in (own, *similar(own, request)):
        for found in written(request.headers.get(header, b"")):
            settings = _reading(template, header, own, found)
            if settings is not None and settings != template:
                yield f"as {settings.mac}, written in {found.how}, in {header.decode('latin-1')}", settings
    yield from _contents(template, request)
    if request.headers.get(b"content-type", b"").lower().startswith(_FORM):
        other: Literal["form", "field"] = "form" if template.form_signs == "field" else "field"
        yield f"with `form_signs: {other}`", replace(template, form_signs=other)


def _contents(template: TemplateScheme, request: InboundRequest) -> Iterator[tuple[str, TemplateScheme]]:
    """Other contents; of a template without a time those with one, wherever a header could hold it."""
    clocks = [
        TimestampSettings(header=name.decode("latin-1"), unit="ms" if len(value) > _SECONDS else "s")
        for name, value in request.headers.items()
        if _CLOCK.fullmatch(value)
    ]
    for content in _CONTENTS:
        if content == template.content:
            continue
        says = f"with `content: {content!r}`"
        if "{timestamp}" not in content:
            yield says, replace(template, content=content, timestamp=None)
        elif template.timestamp is not None:
            yield says, replace(template, content=content)
        else:
            for clock in clocks:
                timed = replace(template, content=content, timestamp=clock)
                yield f"{says} and `timestamp: {{header: {clock.header}, unit: {clock.unit}}}`", timed


def _reading(template: TemplateScheme, header: bytes, own: bytes, found: Written) -> TemplateScheme | None:
    """The template that reads what was found in a header; None when no hash is as long as that."""
    mac = _MACS.get(len(found.decoded))
    if mac is None:
        return None
    signature = template.signature
    if header != own or not signature.separator:
        prefix = found.before.decode("latin-1")
        signature = replace(signature, header=header.decode("latin-1"), prefix=prefix, separator="", part="")
    same = header == own and signature.prefix == template.signature.prefix
    return replace(
        template,
        signature=template.signature if same else signature,
        mac=mac,
        encoding="hex" if found.how == "hex" else "base64",
    )
