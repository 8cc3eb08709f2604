"""Changing one key of a configuration file in place: comments, order and layout stay as they are."""

from typing import Final

import yaml

from hookyard.config.document import Mapping, Node, Scalar, Sequence, parse
from hookyard.errors import HookyardError

_NOTHING: Final[tuple[object, ...]] = ({}, *((text, True) for text in ("", "~", "null", "Null", "NULL")))


class CannotEdit(HookyardError):  # noqa: N818  a refusal
    """The file cannot be changed safely; the message says why, and which lines to write by hand."""

    code = "config"

    def __init__(self, why: str, name: str, enabled: bool) -> None:
        lines = f"plugins:\n  {name}:\n    enabled: {_word(enabled)}"
        super().__init__(f"{why}; change it by hand so that it says\n{lines}")


def set_enabled(text: str, name: str, enabled: bool) -> str:
    """The text of a configuration in which a plugin is enabled, or disabled.

    Args:
        text: YAML, as it is.
        name: the plugin.
        enabled: what is to hold.

    Raises:
        CannotEdit: it is no YAML, or the place is shared by anchors and aliases.
    """
    before, faults = parse(text)
    if faults:
        msg = f"the file is not in order (line {faults[0].line}: {faults[0].message})"
        raise CannotEdit(msg, name, enabled)
    if _value(before, name) is enabled:
        return text
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text)) or _has_anchor(text):
        msg = "the file has anchors, so that the place may not be this plugin's alone"
        raise CannotEdit(msg, name, enabled)
    after = _edited(text, root, name, _word(enabled))
    made, faults = parse(after)
    if faults or _value(made, name) is not enabled or _without(made, name) != _without(before, name):
        msg = "the layout of the file is not one that can be changed safely"
        raise CannotEdit(msg, name, enabled)
    return after


def _edited(text: str, root: yaml.Node | None, name: str, word: str) -> str:
    entry = f"{name}: {{enabled: {word}}}"
    plugins = _find(root, "plugins")
    if plugins is None:
        return f"{text.rstrip()}\n\nplugins:\n  {entry}\n".lstrip()
    key, section = plugins
    found = _find(section, name)
    if found is None:
        return _into(text, key, section, entry, block=entry)
    key, own = found
    switch = _find(own, "enabled")
    if switch is None:
        return _into(text, key, own, f"enabled: {word}", block=f"enabled: {word}")
    value = switch[1]
    return text[: value.start_mark.index] + word + text[value.end_mark.index :]


def _into(text: str, key: yaml.Node, mapping: yaml.Node, flow: str, *, block: str) -> str:
    """Add an entry as the first of a mapping."""
    if not isinstance(mapping, yaml.MappingNode):  # nothing at all stands there
        at = key.end_mark.index
        colon = text.index(":", at) + 1
        return f"{text[:colon]} {{{flow}}}{text[mapping.end_mark.index if mapping.value else colon :]}"
    if mapping.flow_style:
        at = mapping.start_mark.index + 1
        return f"{text[:at]}{flow}{', ' if mapping.value else ''}{text[at:]}"
    first = mapping.value[0][0].start_mark
    return f"{text[: first.index]}{block}\n{' ' * first.column}{text[first.index :]}"


def _find(mapping: yaml.Node | None, key: str) -> tuple[yaml.Node, yaml.Node] | None:
    if not isinstance(mapping, yaml.MappingNode):
        return None
    for one, value in mapping.value:
        if isinstance(one, yaml.ScalarNode) and one.value == key:
            return one, value
    return None


def _has_anchor(text: str) -> bool:
    return any(getattr(event, "anchor", None) is not None for event in yaml.parse(text))


def _value(root: Node, name: str) -> bool | None:
    """Whether the plugin is enabled by the text; None when it does not say."""
    node: Node | None = root
    for key in ("plugins", name, "enabled"):
        entry = node.entries.get(key) if isinstance(node, Mapping) else None
        node = None if entry is None else entry.node
    return {"true": True, "false": False}.get(node.text.lower()) if isinstance(node, Scalar) and node.plain else None


def _without(node: Node, name: str, path: tuple[str, ...] = ()) -> object:
    """All that the file says but whether this plugin is enabled, without lines."""
    if isinstance(node, Scalar):
        return (node.text, node.plain)
    if isinstance(node, Sequence):
        return [_without(item, name, (*path, "[]")) for item in node.items]
    entries = {key: _without(entry.node, name, (*path, key)) for key, entry in node.entries.items()}
    if path == ("plugins", name):
        entries.pop("enabled", None)
    # A section that says nothing is as good as none.
    return {key: value for key, value in entries.items() if path not in {(), ("plugins",)} or value not in _NOTHING}


def _word(enabled: bool) -> str:
    return "true" if enabled else "false"
