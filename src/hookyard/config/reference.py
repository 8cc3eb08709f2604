"""The reference of every configuration key as Markdown, made from the same Structs as everything else."""

import json
from collections.abc import Iterator
from types import NoneType
from typing import Final, cast, get_args

import msgspec
from msgspec import Struct
from msgspec.structs import FieldInfo

from hookyard.config import docstrings
from hookyard.config.kinds import base, expected, members, split, struct_of
from hookyard.config.model import Config
from hookyard.config.schema import default_of
from hookyard.config.values import Duration, Rate, Secret, Size

_SHORT: Final[dict[object, str]] = {Duration: "duration", Rate: "rate", Size: "size", Secret: "secret"}
_HEAD: Final = """\
# Configuration

One YAML file. [config.example.yaml](../../config.example.yaml) shows every key, `hookyard check FILE`
reports all that is wrong with a file, `hookyard schema config` prints the JSON Schema, and `hookyard schema
config --markdown` made this page.

## How a file is read

- **Types.** Values without quotes follow YAML 1.2: `true` and `false` are the only booleans, so `on`,
  `off`, `yes` and `no` are text, and `0o17` is octal. A number where text is asked for is an error; put it
  in quotes. Keys are always text.
- **Durations** are `250ms`, `30s`, `5m`, `2h`, `1d`, several together as `1h30m`, or a number of seconds.
- **Sizes** are `64KiB`, `25MiB`, `1GiB`, or a number of bytes.
- **Rates** are `100/1m` or `5/1s`: a count, a slash and a duration.
- **Variables.** `${VAR}` in any value, also inside longer text, is the environment variable of that name;
  when it is not set, that is an error. `${VAR:-default}` is the default where the variable is not set or
  empty. They do not nest. `$${` is a literal `${`. A value without quotes is read again once its variables
  are replaced: `port: ${PORT}` is a number. Where text is asked for it stays text; where a plugin's
  `config` or a route's `with` needs text, write `"${VAR}"`. Inside `[ ]` and `{ }`, YAML itself asks for
  the quotes.
- **Secrets** are text, best as `${VAR}`, or `{file: path}`: the content of that file without one last line
  end, the path relative to the configuration file. An empty secret is an error. No secret is ever printed,
  nor is the value of a variable.
- **Empty sections** count as left out: a mapping, or a list that is empty by default, of which every line
  is commented out. Any other key without a value is an error.
- Anchors, aliases and `<<` work. Unknown keys, keys given twice, tags and a second document are errors.
"""


def markdown() -> str:
    """The whole page."""
    parts = [_HEAD]
    parts += [_section(title, struct) for title, struct in sections()]
    return "\n".join(parts)


def sections(path: str = "", struct: type[Struct] = Config) -> Iterator[tuple[str, type[Struct]]]:
    """Every Struct of the tree with the key path it stands at, such as `sources.<name>.routes[]`."""
    yield path, struct
    for field in msgspec.structs.fields(struct):
        at = f"{path}.{field.encode_name}" if path else field.encode_name
        for place, inner in _inside(at, field.type):
            yield from sections(place, inner)


def _inside(path: str, kind: object) -> Iterator[tuple[str, type[Struct]]]:
    for part in members(kind):
        bare, _ = split(part)
        if (struct := struct_of(bare)) is not None:
            yield path, struct
        elif base(bare) is tuple:
            yield from _inside(f"{path}[]", get_args(bare)[0])
        elif base(bare) is dict:
            yield from _inside(f"{path}.<name>", get_args(bare)[1])


def _section(path: str, struct: type[Struct]) -> str:
    sentences = docstrings.of_fields(struct)
    title = f"`{path}`" if path else "The top of the file"
    rows = [
        f"## {title}",
        "",
        docstrings.summary(struct),
        "",
        "| key | value | default | |",
        "|---|---|---|---|",
    ]
    for field in msgspec.structs.fields(struct):
        inner = next((one for _, one in _inside("", field.type)), None)
        sentence = sentences.get(field.name) or (docstrings.summary(inner) if inner else "")
        cells = (f"`{field.encode_name}`", _value(field.type), _default(field), sentence)
        rows.append("| " + " | ".join(_cell(text) for text in cells) + " |")
    return "\n".join([*rows, ""])


def _default(field: FieldInfo) -> str:
    default = default_of(field)
    if field.required:
        return "required"
    if default is None:
        return "none"
    return "see below" if default is msgspec.NODEFAULT else f"`{_yaml(default)}`"


def _value(kind: object) -> str:
    """A few words on what may be written."""
    bare, _ = split(kind)
    bottom = base(bare)
    if bottom in _SHORT:
        return _SHORT[bottom]
    if bottom is tuple:
        return f"list: {_value(get_args(bare)[0])}"
    if len(parts := members(kind)) > 1:
        return ", or ".join(_value(part) for part in parts if part is not NoneType)
    return "mapping" if struct_of(bare) or bottom is dict else expected(kind)


def _cell(text: str) -> str:
    """Text that neither ends the cell nor looks like HTML outside of code."""
    parts = text.replace("|", "\\|").split("`")
    return "`".join(part if at % 2 else part.replace("<", "&lt;") for at, part in enumerate(parts))


def _yaml(value: object) -> str:
    """A default as it would be written; JSON is YAML, but for the quotes nobody writes."""
    if isinstance(value, str) and value.replace("_", "a").replace(".", "a").isalnum():
        return value
    if isinstance(value, list):
        return f"[{', '.join(_yaml(item) for item in cast('list[object]', value))}]"
    return json.dumps(value)
