"""The presets as the reference page has them, from the files themselves: `python -m hookyard.inbound.presets`."""

from collections.abc import Iterator
from typing import Final

from hookyard.config.model.schemes import Place, SignatureSettings, TemplateScheme
from hookyard.config.values import Duration
from hookyard.inbound.places import places_of
from hookyard.inbound.preset import Preset
from hookyard.inbound.presets import load, names

_HEAD: Final = (
    "| `scheme` | sender | signature | time of sending | event | delivery id | sure |",
    "|---|---|---|---|---|---|---|",
)
_SURE: Final = {"vectors": "vectors", "documentation": "documentation", "second-hand": "second-hand: experimental"}


def markdown() -> str:
    """The table, and under it a paragraph for each preset."""
    presets = [(name, load(name)) for name in names()]
    lines = [*_HEAD, *(_row(name, preset) for name, preset in presets), ""]
    for name, preset in presets:
        lines += [*_paragraph(name, preset), ""]
    return "\n".join(lines)


def _row(name: str, preset: Preset) -> str:
    template, reading = preset.template, preset.template or preset.reading
    cells = [
        f"`{name}`",
        preset.title,
        _signature(template) if template else "by a class",
        _time(template) if template else "",
        ", else ".join(map(_place, places_of(reading.event))) or "`webhook`",
        _place(reading.delivery) or "digest of the body",
        _SURE[preset.sure],
    ]
    return f"| {' | '.join(cells)} |"


def _signature(template: TemplateScheme) -> str:
    where = _where(template.signature)
    if template.mac == "token":
        return f"{where} is the secret"
    form = f", key in {template.key}" if template.key != "raw" else ""
    field = f"; of a form its `{template.form}`" if template.form_signs == "field" else ""
    return f"{where}: {template.mac} of `{template.content}`{field}, {template.encoding}{form}"


def _where(signature: SignatureSettings) -> str:
    if signature.basic:
        return "`Authorization: Basic`"
    if signature.query is not None:
        return f"`?{signature.query}=`"
    if signature.json is not None:
        return f"`{signature.json}`"
    entry = f"{signature.part}{signature.assign}" if signature.part else signature.prefix
    return f"`{signature.header}: {entry}`" if entry else f"`{signature.header}`"


def _time(template: TemplateScheme) -> str:
    timestamp = template.timestamp
    if timestamp is None:
        return ""
    unit = "" if timestamp.unit == "s" else f", {timestamp.unit}"
    return f"{_place(timestamp)}{unit}, ±{Duration(timestamp.tolerance).text}"


def _place(place: Place | None) -> str:
    if place is None:
        return ""
    if place.query is not None:
        return f"`?{place.query}=`"
    if place.part is not None:
        return f"its part `{place.part}`"
    before = f" without its `{place.prefix}`" if place.prefix else ""
    return f"`{place.header or place.json or place.constant}`{before}"


def _paragraph(name: str, preset: Preset) -> Iterator[str]:
    has = "Needs no `secrets`" if not preset.needs_secrets else "`secrets`"
    yield f"**`{name}`** {has}: {preset.secret}."
    if preset.settings:
        yield f"Settings: {', '.join(f'`{setting}`' for setting in preset.settings)}."
    if preset.notes:
        yield preset.notes.strip()
    yield f"([{preset.title}]({preset.pages[0]}))" if preset.pages else ""
