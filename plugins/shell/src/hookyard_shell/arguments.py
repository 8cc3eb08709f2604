"""The arguments that a program declares: what a caller may give, and how it stands on the command line."""

import re
from typing import Annotated, ClassVar

from msgspec import Meta, Struct

Value = str | int | float | bool
Description = Annotated[str, Meta(description="What it is for.")]
Optional = Annotated[bool, Meta(description="Whether it may be left out; what it stands in is left out then.")]


class TextArgument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="string"):
    """Any text without NUL, up to a length."""

    description: Description = ""
    optional: Optional = False
    default: str | None = None
    pattern: Annotated[str | None, Meta(description="A regular expression that all of it must match.")] = None
    min_length: Annotated[int, Meta(ge=0)] = 0
    max_length: Annotated[int, Meta(ge=0, le=100_000, description="Characters.")] = 1000
    dash: Annotated[bool, Meta(description="Whether it may begin with `-` where it stands alone.")] = False

    def read(self, value: Value) -> str:
        """The text, as the program gets it.

        Raises:
            ValueError: it does not fit; the message says why, without the value.
        """
        if not isinstance(value, str):
            raise _wrong("text", value)
        if "\0" in value:
            msg = "it has a NUL, which no program can be given"
            raise ValueError(msg)
        if not self.min_length <= len(value) <= self.max_length:
            msg = f"it has {len(value)} characters, and may have {self.min_length} to {self.max_length}"
            raise ValueError(msg)
        if self.pattern is not None and re.fullmatch(self.pattern, value) is None:
            msg = f"it does not match {self.pattern}"
            raise ValueError(msg)
        return value


class IntegerArgument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="integer"):
    """A whole number."""

    description: Description = ""
    optional: Optional = False
    default: int | None = None
    minimum: int | None = None
    maximum: int | None = None
    dash: Annotated[bool, Meta(description="Whether it may be negative where it stands alone.")] = False

    def read(self, value: Value) -> str:
        """The number, as the program gets it.

        Raises:
            ValueError: it does not fit.
        """
        if isinstance(value, bool) or not isinstance(value, int):
            raise _wrong("a whole number", value)
        _bounded(value, self.minimum, self.maximum)
        return str(value)


class NumberArgument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="number"):
    """A number."""

    description: Description = ""
    optional: Optional = False
    default: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    dash: Annotated[bool, Meta(description="Whether it may be negative where it stands alone.")] = False

    def read(self, value: Value) -> str:
        """The number, as the program gets it.

        Raises:
            ValueError: it does not fit.
        """
        if isinstance(value, (bool, str)):
            raise _wrong("a number", value)
        _bounded(value, self.minimum, self.maximum)
        return str(value)


class BooleanArgument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="boolean"):
    """Yes or no: `{arg: NAME, flag: --verbose}` adds the flag when it is true; alone it is `true` or `false`."""

    description: Description = ""
    optional: Optional = False
    default: bool | None = None
    dash: ClassVar[bool] = False

    def read(self, value: Value) -> str:
        """`true` or `false`.

        Raises:
            ValueError: it is neither.
        """
        if not isinstance(value, bool):
            raise _wrong("true or false", value)
        return "true" if value else "false"


class EnumArgument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="enum"):
    """One of some texts."""

    values: Annotated[tuple[str, ...], Meta(min_length=1, description="What it may be.")]
    description: Description = ""
    optional: Optional = False
    default: str | None = None
    dash: Annotated[bool, Meta(description="Whether those may stand alone that begin with `-`.")] = False

    def read(self, value: Value) -> str:
        """The text.

        Raises:
            ValueError: it is none of them.
        """
        if not isinstance(value, str) or value not in self.values:
            msg = f"it must be one of {', '.join(self.values)}"
            raise ValueError(msg)
        return value


Argument = TextArgument | IntegerArgument | NumberArgument | BooleanArgument | EnumArgument


def _wrong(wanted: str, value: Value) -> ValueError:
    names = {str: "text", bool: "true or false", int: "a whole number", float: "a number"}
    return ValueError(f"it must be {wanted}, and is {names[type(value)]}")


def _bounded(value: float, minimum: float | None, maximum: float | None) -> None:
    if minimum is not None and value < minimum:
        msg = f"it must be at least {minimum}"
        raise ValueError(msg)
    if maximum is not None and value > maximum:
        msg = f"it must be at most {maximum}"
        raise ValueError(msg)
