"""The programs that may be run, as the configuration has them."""

import re
from collections.abc import Iterator
from pathlib import PurePath
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct, field

from hookyard_shell.arguments import Argument, BooleanArgument

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SHELLS: Final = frozenset({"sh", "ash", "bash", "csh", "dash", "fish", "ksh", "mksh", "tcsh", "zsh", "busybox"})
_SCRIPT: Final = re.compile(r"-[A-Za-z]*c|--command")

Seconds = Annotated[float, Meta(gt=0, le=86_000, description="Seconds.")]


class Item(Struct, frozen=True, forbid_unknown_fields=True):
    """An item of a command line that comes from an argument."""

    arg: Annotated[str, Meta(description="The argument's name.")]
    prefix: Annotated[str, Meta(description="What stands right before the value, such as `--depth=`.")] = ""
    flag: Annotated[str | None, Meta(description="For a boolean: the item that stands there when it is true.")] = None


class Program(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One program, and all that callers may decide about how it is run."""

    argv: Annotated[
        tuple[str | Item, ...],
        Meta(min_length=1, description="The command line: literals, and `{arg: NAME}` for arguments."),
    ]
    description: str = ""
    arguments: Annotated[dict[str, Argument], Meta(description="What a caller may give, by name.")] = field(
        default_factory=dict[str, Argument]
    )
    stdin: Annotated[str | None, Meta(description="The argument that is written to its standard input.")] = None
    cwd: Annotated[str, Meta(description="Its working directory, absolute.")] = "/"
    environment: Annotated[
        dict[str, str],
        Meta(description="Its environment, beyond PATH, HOME, TZ, LANG, LC_* and TMPDIR of the server."),
    ] = field(default_factory=dict[str, str])
    secret_environment: Annotated[
        dict[str, str], Meta(description="Environment variables and the names of the plugin's secrets that they hold.")
    ] = field(default_factory=dict[str, str])
    exit_codes: Annotated[tuple[int, ...], Meta(min_length=1, description="Those that mean success.")] = (0,)
    retry_exit_codes: Annotated[
        tuple[int, ...], Meta(description="Those after which it may be run again; 75 is EX_TEMPFAIL of sysexits.h.")
    ] = (75,)
    retry_timeout: Annotated[bool, Meta(description="Whether it may be run again when its time was up.")] = False
    timeout: Seconds = 60.0
    grace: Annotated[float, Meta(ge=0, le=300, description="Seconds between SIGTERM and SIGKILL.")] = 5.0
    output: Annotated[
        Literal["text", "lines", "json", "log"],
        Meta(description="What its standard output is; `log` keeps its lines with the job and answers with nothing."),
    ] = "text"
    max_output: Annotated[int, Meta(ge=0, le=64 << 20, description="Bytes of standard output; more end it.")] = 1 << 20
    max_log_lines: Annotated[int, Meta(ge=0, le=100_000, description="Lines kept with the job.")] = 1000
    progress: Annotated[
        str | None,
        Meta(description="A regular expression that finds `(?P<done>...)`, and `(?P<total>...)`, in lines of stderr."),
    ] = None


class Config(Struct, frozen=True, forbid_unknown_fields=True):
    """What this plugin may run; nothing else can be run through it."""

    programs: dict[str, Program] = field(default_factory=dict[str, Program])

    def __post_init__(self) -> None:
        for name, program in self.programs.items():
            for problem in _problems(name, program):
                msg = f"program {name!r}: {problem}"
                raise ValueError(msg)


def _problems(name: str, program: Program) -> Iterator[str]:
    if not _NAME.fullmatch(name):
        yield "the name must be at most 64 letters, digits, `_`, `.` and `-`, a letter or digit first"
    first = program.argv[0]
    if not isinstance(first, str):
        yield "argv[0]: which program it is cannot be an argument"
    elif not first or ("/" in first and not first.startswith("/")):
        yield "argv[0]: it must be an absolute path, or a name to look for in PATH"
    for index, item in enumerate(program.argv):
        for problem in _item_problems(program, item):
            yield f"argv[{index}]: {problem}"
    script = _script(program.argv)
    if script is not None:
        yield f"argv[{script}]: a shell would read this argument as a script; give it to a program as it is"
    if program.stdin is not None and program.stdin not in program.arguments:
        yield f"stdin: no argument {program.stdin!r} is declared"
    if not program.cwd.startswith("/") or "\0" in program.cwd:
        yield "cwd: it must be absolute"
    for variable in (*program.environment, *program.secret_environment):
        if not _VARIABLE.fullmatch(variable):
            yield f"environment: {variable!r} is no name of a variable"
    if any("\0" in value for value in program.environment.values()):
        yield "environment: a value has a NUL"
    yield from _argument_problems(program)


def _item_problems(program: Program, item: str | Item) -> Iterator[str]:
    if isinstance(item, str):
        if "\0" in item:
            yield "it has a NUL"
        return
    argument = program.arguments.get(item.arg)
    if argument is None:
        yield f"no argument {item.arg!r} is declared"
    elif item.flag is not None and not isinstance(argument, BooleanArgument):
        yield f"a flag stands for a boolean, and {item.arg!r} is none"
    if item.flag is not None and item.prefix:
        yield "it has a flag or a prefix, not both"
    if item.prefix and not item.prefix.strip("-"):
        yield "a prefix of dashes only would let a caller choose the option"
    if "\0" in item.prefix or "\0" in (item.flag or ""):
        yield "it has a NUL"


def _argument_problems(program: Program) -> Iterator[str]:
    used = {item.arg for item in program.argv if isinstance(item, Item)} | {program.stdin}
    for name, argument in program.arguments.items():
        if name not in used:
            yield f"arguments.{name}: nothing uses it"
        pattern = getattr(argument, "pattern", None)
        if pattern is not None and (reason := _no_pattern(pattern)):
            yield f"arguments.{name}.pattern: {reason}"
        if argument.default is not None:
            try:
                argument.read(argument.default)
            except ValueError as error:
                yield f"arguments.{name}.default: {error}"
    if program.progress is not None:
        if reason := _no_pattern(program.progress):
            yield f"progress: {reason}"
        elif "done" not in re.compile(program.progress).groupindex:
            yield "progress: it has no group (?P<done>...)"


def _script(argv: tuple[str | Item, ...]) -> int | None:
    """Where a caller's argument would be a script for a shell."""
    shell = False
    for index, item in enumerate(argv[:-1]):
        if isinstance(item, Item):
            continue
        shell = shell or PurePath(item).name in _SHELLS
        if shell and _SCRIPT.fullmatch(item) and isinstance(argv[index + 1], Item):
            return index + 1
    return None


def _no_pattern(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        return f"no regular expression: {error}"
    return ""
