"""Reading a command's input and checking its answer."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from msgspec import Struct

from hookyard import Context, Plugin
from hookyard.command import CommandSpec
from hookyard.errors import InvalidOutput

plugin = Plugin("lab")


class Input(Struct):
    number: int = 0

    def __post_init__(self) -> None:
        if self.number == 13:
            raise ValueError("thirteen brings bad luck")
        if self.number == 14:
            raise KeyError("secret")


class Item(Struct):
    name: str
    size: float = 0.0


class Answer(Struct):
    items: list[Item]


class Larger(Answer):
    more: int = 0


@plugin.command
async def answer(data: Input, ctx: Context) -> Answer:
    return Answer(items=[])


@plugin.command
async def items(data: Input, ctx: Context) -> list[Item]:
    return []


@plugin.command
async def nothing(data: Input, ctx: Context) -> None: ...


def _spec(function: Callable[..., object]) -> CommandSpec:
    return plugin.commands[function.__name__]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"number": 1} 2', b'{"x":' + b"[" * 5000 + b"]" * 5000 + b"}"])
def test_what_is_not_json_is_a_decode_error(body: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        _spec(answer).decode(body)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"number": "1"}', r"Expected `int`, got `str` - at `\$.number`"),
        (b"[]", r"Expected `object`, got `array`"),
        (b'{"number": 13}', r"thirteen brings bad luck"),
    ],
)
def test_a_wrong_type_is_a_validation_error_with_its_path(body: bytes, message: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=message):
        _spec(answer).decode(body)


def test_a_check_of_the_struct_that_itself_fails_is_a_validation_error_that_shows_nothing() -> None:
    with pytest.raises(msgspec.ValidationError, match=r"^the input's own check failed with KeyError$"):
        _spec(answer).decode(b'{"number": 14}')


def test_a_right_answer_becomes_json() -> None:
    assert _spec(answer).encode(Answer([Item("a", 1.5)])) == b'{"items":[{"name":"a","size":1.5}]}'
    assert _spec(items).encode([Item("a")]) == b'[{"name":"a","size":0.0}]'
    assert _spec(nothing).encode(None) == b"null"


def test_a_struct_that_derives_from_the_declared_one_may_be_returned() -> None:
    assert _spec(answer).encode(Larger(items=[], more=1)) == b'{"items":[],"more":1}'


_WRONG: Any = 3
_CIRCLE: list[Any] = []
_CIRCLE.append(_CIRCLE)


@pytest.mark.parametrize(
    ("function", "result", "problem", "path"),
    [
        (answer, None, "expected `Answer`, got `NoneType`", "$"),
        (answer, {"items": []}, "expected `Answer`, got `dict`", "$"),
        (answer, Answer(items=[Item(name=_WRONG)]), "expected `str`, got `int`", "$.items[0].name"),
        (answer, Answer(items=[Item("a"), _WRONG]), "expected `object`, got `int`", "$.items[1]"),
        (items, [Item("a", float("nan"))], "expected `float`, got `null`", "$[0].size"),
        (items, None, "expected `array`, got `null`", "$"),
        (items, [object()], "it is not JSON (Encoding objects of type object is unsupported)", "$"),
        (items, _CIRCLE, "it is not JSON (maximum recursion depth exceeded while serializing an object)", "$"),
        (items, [Item("\ud800")], "it is not JSON", "$"),
        (nothing, 1, "expected `null`, got `int`", "$"),
    ],
)
def test_a_wrong_answer_names_the_command_and_the_path(
    function: Callable[..., object], result: object, problem: str, path: str
) -> None:
    with pytest.raises(InvalidOutput) as caught:
        _spec(function).encode(result)
    error = caught.value
    assert error.command == f"lab/{function.__name__}"
    assert error.problem.startswith(problem)
    assert error.path == path
    assert str(error).startswith(f"lab/{function.__name__} answered with something else than it declares: {problem}")
    assert str(error).endswith(f" at {path}")
