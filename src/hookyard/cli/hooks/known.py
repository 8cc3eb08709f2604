"""The known senders as text: a row of the list, and a source to begin one's own with."""

from collections.abc import Iterator
from importlib.resources import files
from textwrap import wrap
from typing import Final

from hookyard.inbound.preset import Preset

_SURE: Final = {
    "vectors": "checked against signatures that others made",
    "documentation": "written after the sender's own page, checked against its own signer only",
    "second-hand": "put together from what others say: experimental",
}


def row(name: str, preset: Preset) -> dict[str, str]:
    """One line of the list."""
    needs = " ".join(preset.secret.split()) if preset.needs_secrets else "no secret"
    settings = f"; may have: {', '.join(preset.settings)}" if preset.settings else ""
    return {"name": name, "title": preset.title, "sure": preset.sure, "needs": f"{needs}{settings}"}


def source(name: str, preset: Preset) -> Iterator[str]:
    """A source of this preset, and of a template the template itself, to be changed."""
    yield f"# {preset.title}. How sure: {_SURE[preset.sure]}."
    yield from (f"# {line}" for line in wrap(" ".join(preset.notes.split()), 110))
    yield from (f"# {page}" for page in preset.pages)
    yield "sources:"
    yield f"  {name}:"
    if preset.template is None:
        may = f"  # may have: {', '.join(preset.settings)}" if preset.settings else ""
        yield f"    scheme: {{preset: {name}}}{may}"
    else:
        text = (files("hookyard.inbound.presets") / f"{name}.yaml").read_text(encoding="utf-8")
        more = " and typed events" if preset.host else ""
        also = f", with handshakes{more}" if preset.handshakes else f", with{more[4:]}" if more else ""
        yield f"    # `scheme: {name}` is the same in one word{also}."
        yield "    scheme:"
        yield from (f"    {line}".rstrip() for line in _template(text))
    if preset.needs_secrets:
        yield f"    # {' '.join(preset.secret.split())}"
        yield f'    secrets: ["${{{name.upper().replace("-", "_")}_SECRET}}"]'
    yield '    routes: [{on: "*", run: plugin/command}]'


def _template(text: str) -> Iterator[str]:
    """The lines of the member `template` of a preset's file, comments among them."""
    inside = False
    for line in text.splitlines():
        if line and not line[0].isspace():
            inside = line.startswith("template:")
        elif inside:
            yield line
