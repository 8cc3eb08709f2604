"""The metadata inside a script, read as PEP 723 has it, so that what is wrong is said before anything is started."""

import re
import tomllib
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

# https://packaging.python.org/en/latest/specifications/inline-script-metadata/, the expression of the reference
# implementation: a block begins with `# /// TYPE`, ends with `# ///`, and holds lines of comments.
_BLOCK: Final = re.compile(r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$")

_Requirement = Annotated[str, Meta(min_length=1, max_length=2000)]


class Metadata(Struct, frozen=True, rename={"requires_python": "requires-python"}):
    """What a script needs; `tool` is uv's to read."""

    dependencies: tuple[_Requirement, ...] = ()
    requires_python: str | None = None


def metadata(source: str) -> Metadata:
    """The metadata of a script.

    Raises:
        ValueError: it has none, more than one, or what is there is wrong.
    """
    blocks = [found for found in _BLOCK.finditer(source.replace("\r\n", "\n")) if found["type"] == "script"]
    if not blocks:
        msg = "it has no `# /// script` block that is ended by `# ///`"
        raise ValueError(msg)
    if len(blocks) > 1:
        msg = f"it has {len(blocks)} `# /// script` blocks, and may have one"
        raise ValueError(msg)
    lines = blocks[0]["content"].splitlines()
    text = "\n".join(line[2:] if line.startswith("# ") else line[1:] for line in lines)
    try:
        return msgspec.convert(tomllib.loads(text), Metadata)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        msg = f"its metadata is wrong: {error}"
        raise ValueError(msg) from error
