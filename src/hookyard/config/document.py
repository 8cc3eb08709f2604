"""A YAML file as a small tree of nodes that know their lines.

Only the syntax is PyYAML's. Plain scalars are read by the core schema of YAML 1.2 (section 10.3.2): by the
1.1 rules that PyYAML has, the key `on` is True, `no` is False and `1:30` is 90. Keys are always text.
"""

import math
import re
from typing import Final

import yaml
from msgspec import Struct

_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLS: Final = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT: Final = re.compile(r"[-+]?[0-9]+")
_LONGEST_INT: Final = 32
_BASED: Final = re.compile(r"0o[0-7]{1,32}|0x[0-9a-fA-F]{1,32}")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,5})?")
_QUOTED_WORD: Final = re.compile(r" '[^'<]{2,}'")

_STR: Final = "tag:yaml.org,2002:str"
_SEQ: Final = "tag:yaml.org,2002:seq"
_MAP: Final = "tag:yaml.org,2002:map"
_PLAIN: Final = "plain"


class Scalar(Struct, frozen=True):
    """One value as it is written."""

    line: int
    text: str
    plain: bool
    """Without quotes, so that it may be a number, a boolean or null."""


class Sequence(Struct, frozen=True):
    """A list."""

    line: int
    items: tuple["Node", ...]


class Entry(Struct, frozen=True):
    """One key of a mapping with what it holds."""

    line: int
    node: "Node"


class Mapping(Struct, frozen=True):
    """Keys and values, in the order of the file."""

    line: int
    entries: dict[str, Entry]


Node = Scalar | Sequence | Mapping


class Fault(Struct, frozen=True):
    """Something wrong with the YAML itself."""

    line: int
    message: str


def resolve(text: str) -> object:
    """The value of a plain scalar: None, a boolean, an integer, a finite float, or the text itself."""
    if text in _NULLS:
        return None
    if text in _BOOLS:
        return _BOOLS[text]
    if _INT.fullmatch(text):
        return int(text) if len(text) <= _LONGEST_INT else text
    if _BASED.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text) and math.isfinite(number := float(text)):
        return number
    return text


def value_of(node: Node) -> object:
    """The value a node stands for, in types that JSON has."""
    if isinstance(node, Scalar):
        return resolve(node.text) if node.plain else node.text
    if isinstance(node, Mapping):
        return {key: value_of(entry.node) for key, entry in node.entries.items()}
    return [value_of(item) for item in node.items]


def parse(text: str) -> tuple[Node, tuple[Fault, ...]]:
    """Read one document.

    Returns:
        The root, an empty mapping for an empty file, and every fault. After a fault in the syntax there is
        nothing more to read, so that it comes alone; faults such as a key given twice may be several.
    """
    empty = Mapping(line=1, entries={})
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        return empty, (_syntax(error, text),)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        return empty, (Fault(line, f"the character U+{_code_point(error):04X} is not allowed in YAML"),)
    except RecursionError:
        return empty, (Fault(0, "the file is nested too deeply"),)
    if root is None:
        return empty, ()
    builder = _Builder()
    node = builder.build(root)
    return node, tuple(builder.faults)


class _Loader(yaml.SafeLoader):
    """PyYAML's reader of syntax, without its opinion on what a plain scalar means."""

    def resolve(self, kind: type[yaml.Node], value: str | None, implicit: tuple[bool, bool] | bool) -> str:
        del value
        if kind is yaml.ScalarNode:
            plain = isinstance(implicit, tuple) and implicit[0]
            return _PLAIN if plain else _STR
        return _SEQ if kind is yaml.SequenceNode else _MAP


class _Builder:
    """Turns PyYAML's nodes into ours and finds what is wrong with them beyond the syntax."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self._open: set[int] = set()

    def build(self, node: yaml.Node) -> Node:
        line = node.start_mark.line + 1
        if id(node) in self._open:
            self.faults.append(Fault(line, "an anchor is used inside itself"))
            return Scalar(line, "", plain=True)
        if isinstance(node, yaml.ScalarNode):
            if node.tag not in (_PLAIN, _STR):
                self._refuse_tag(line)
            return Scalar(line, node.value, plain=node.tag == _PLAIN)
        if node.tag not in (_SEQ, _MAP):
            self._refuse_tag(line)
        self._open.add(id(node))
        try:
            if isinstance(node, yaml.SequenceNode):
                return Sequence(line, tuple(self.build(item) for item in node.value))
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node, line)
        finally:
            self._open.discard(id(node))
        msg = f"unexpected node {type(node).__name__}"
        raise AssertionError(msg)

    def _mapping(self, node: yaml.MappingNode, line: int) -> Mapping:
        own: dict[str, Entry] = {}
        merged: dict[str, Entry] = {}
        for key, value in node.value:
            at = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                self.faults.append(Fault(at, "a key must be text (text with { or [ needs quotes)"))
            elif key.tag == _PLAIN and key.value == "<<":
                self._merge(value, at, merged)
            elif key.value in own:
                first = own[key.value].line
                self.faults.append(Fault(at, f"the key {key.value} stands here twice, first on line {first}"))
            else:
                own[key.value] = Entry(at, self.build(value))
        return Mapping(line, merged | own)

    def _merge(self, value: yaml.Node, line: int, into: dict[str, Entry]) -> None:
        """Carry out `<<: *anchor`, or a list of them; the earlier wins over the later."""
        node = self.build(value)
        for one in node.items if isinstance(node, Sequence) else (node,):
            if isinstance(one, Mapping):
                into.update({key: entry for key, entry in one.entries.items() if key not in into})
            else:
                self.faults.append(Fault(line, "<< takes a mapping or a list of mappings"))

    def _refuse_tag(self, line: int) -> None:
        # Without its name: an unquoted secret may begin with an exclamation mark.
        self.faults.append(Fault(line, "tags are not used here (text that begins with ! needs quotes)"))


def _syntax(error: yaml.MarkedYAMLError, text: str) -> Fault:
    """A message without any text of the file, which may be a secret that lacks its quotes."""
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else 0
    problem = error.problem or error.context or "this is not YAML"
    if "undefined alias" in problem:
        return Fault(line, "no anchor has this name (text that begins with * needs quotes)")
    if "duplicate anchor" in (error.context or ""):
        return Fault(line, "an anchor of this name exists already (text that begins with & needs quotes)")
    if "another document" in problem:
        return Fault(line, "a second document begins here; the configuration is one document")
    message = _QUOTED_WORD.sub("", problem)
    lines = text.splitlines()
    if 0 < line <= len(lines) and "${" in lines[line - 1]:
        message += " (inside [ ] or { } a ${...} needs quotes)"
    return Fault(line, f"this is not YAML: {message}")


def _code_point(error: yaml.reader.ReaderError) -> int:
    character = error.character
    return character if isinstance(character, int) else ord(character[:1])
