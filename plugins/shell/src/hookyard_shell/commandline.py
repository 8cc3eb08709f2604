"""From a caller's arguments to a command line that holds nothing but what the configuration lets it hold."""

from collections.abc import Mapping
from typing import Final, NoReturn

from hookyard import CommandError
from hookyard_shell.arguments import Value
from hookyard_shell.config import Config, Item, Program

_END_OF_OPTIONS: Final = "--"


def find(config: Config, name: str) -> Program:
    """The program of a name.

    Raises:
        CommandError: there is none.
    """
    program = config.programs.get(name)
    if program is None:
        known = ", ".join(sorted(config.programs)) or "none"
        msg = f"no program {name[:64]!r} is configured; there are: {known}"
        raise CommandError(msg, code="unknown_program", retryable=False)
    return program


def read(name: str, program: Program, given: Mapping[str, Value | None]) -> dict[str, tuple[Value, str]]:
    """The arguments that are there: each as it was given, and as the program gets it.

    Args:
        given: what the caller gave; null is the same as nothing.

    Raises:
        CommandError: one is missing, unknown or does not fit; the message names the program and the argument.
    """
    for key in given:
        if key not in program.arguments:
            known = ", ".join(program.arguments) or "none"
            _refuse(name, key[:64], f"the program takes no such argument; it takes: {known}")
    found: dict[str, tuple[Value, str]] = {}
    for key, argument in program.arguments.items():
        value = given.get(key)
        if value is None:
            value = argument.default
        if value is not None:
            try:
                text = argument.read(value)
                text.encode()
            except UnicodeEncodeError:
                _refuse(name, key, "it is no text: half of a surrogate pair stands alone")
            except ValueError as error:
                _refuse(name, key, str(error))
            found[key] = (value, text)
        elif not argument.optional:
            _refuse(name, key, "it is missing")
    return found


def build(name: str, program: Program, found: Mapping[str, tuple[Value, str]]) -> list[str]:
    """The command line.

    A value that stands alone never becomes an option: one that begins with `-` is refused, unless its argument says
    `dash: true` or the literal `--`, which ends the options, stands before it.

    Raises:
        CommandError: a value would be taken for an option.
    """
    line: list[str] = []
    options_ended = False
    for item in program.argv:
        if not isinstance(item, Item):
            line.append(item)
            options_ended = options_ended or item == _END_OF_OPTIONS
            continue
        if item.arg not in found:
            continue
        value, text = found[item.arg]
        if item.flag is not None:
            line += [item.flag] if value is True else []
            continue
        alone = not item.prefix and not options_ended and not program.arguments[item.arg].dash
        if alone and text.startswith("-"):
            _refuse(name, item.arg, "it begins with -, and the program could take it for an option")
        line.append(item.prefix + text)
    return line


def _refuse(program: str, argument: str, problem: str) -> NoReturn:
    raise CommandError(
        f"program {program!r}: argument {argument!r}: {problem}",
        code="invalid_argument",
        retryable=False,
        details={"program": program, "argument": argument},
    )
