"""Runs configured programs: their arguments are typed fields, and no shell ever reads them."""

import os
import shutil
import signal
import time
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct, field

from hookyard import CommandError, Context, Plugin, programs
from hookyard_shell.arguments import Value
from hookyard_shell.commandline import build, find, read
from hookyard_shell.config import Config, Item, Program
from hookyard_shell.output import Lines

__all__ = ["Config", "Item", "Program", "Ran", "Run", "plugin", "run"]

_PASSED_ON: Final = ("PATH", "HOME", "TZ", "LANG", "TMPDIR")
_A_DAY: Final = 86_400

plugin = Plugin("shell", config=Config, secrets=("*",))


class Run(Struct, forbid_unknown_fields=True):
    """Which program to run, and with what."""

    program: Annotated[str, Meta(description="The name of a configured program.", min_length=1, max_length=64)]
    arguments: Annotated[
        dict[str, Value | None], Meta(description="Its arguments by name, of the types that it declares.")
    ] = field(default_factory=dict[str, Value | None])


class Ran(Struct):
    """How it went."""

    program: str
    exit_code: int
    seconds: Annotated[float, Meta(description="How long it took.")]
    output: Annotated[
        Any, Meta(description="What it wrote: text, a list of lines, or JSON, as the program is configured.")
    ] = None


# Each program's own timeout ends it, well before this one.
@plugin.command(timeout=_A_DAY)
async def run(data: Run, ctx: Context[Config]) -> Ran:
    """Run a configured program with typed arguments.

    Its standard error is kept with the job as log lines. A job that is cancelled, or whose time is up, ends the
    program with everything in its process group: SIGTERM, some grace, SIGKILL.
    """
    program = find(ctx.config, data.program)
    found = read(data.program, program, data.arguments)
    argv = build(data.program, program, found)
    env = await _environment(program, ctx)
    argv[0] = _executable(data.program, argv[0], env)
    stdin = b"" if program.stdin is None or program.stdin not in found else found[program.stdin][1].encode()
    logged = Lines(ctx, "stdout", program)
    errors = Lines(ctx, "stderr", program, program.progress)
    begun = time.monotonic()
    try:
        ended = await programs.run(
            argv,
            cwd=program.cwd,
            env=env,
            stdin=stdin,
            timeout=program.timeout,
            grace=program.grace,
            stdout_limit=program.max_output,
            on_stdout=logged.take if program.output == "log" else None,
            on_stderr=errors.take,
        )
    except programs.CannotStart as error:
        problem = f"it cannot be started: {error.strerror or error}"
        raise _failure(data.program, problem, "cannot_start") from error
    logged.finish()
    errors.finish()
    _judge(data.program, program, ended, errors)
    seconds = round(time.monotonic() - begun, 3)
    return Ran(data.program, ended.returncode, seconds, _output(data.program, program, ended.stdout))


async def _environment(program: Program, ctx: Context[Config]) -> dict[str, str]:
    env = {
        name: value for name, value in os.environ.items() if name in _PASSED_ON or name.startswith("LC_")
    } | program.environment
    for variable, secret in program.secret_environment.items():
        env[variable] = await ctx.secrets.get(secret)
    return env


def _executable(name: str, first: str, env: dict[str, str]) -> str:
    if first.startswith("/"):
        return first
    found = shutil.which(first, path=env.get("PATH", os.defpath))
    if found is None:
        raise _failure(name, f"there is no executable {first!r} in PATH", "cannot_start")
    return found


def _judge(name: str, program: Program, ended: programs.Ended, errors: Lines) -> None:
    """Raise what is wrong about an end.

    Raises:
        CommandError: it did not succeed.
    """
    if ended.timed_out:
        problem = f"it took longer than {program.timeout:g} s"
        raise _failure(name, problem, "program_timeout", retryable=program.retry_timeout, stderr=errors.last)
    if ended.stdout_cut:
        raise _failure(name, f"it wrote more than {program.max_output} bytes", "output_too_large")
    code = ended.returncode
    if code < 0:
        problem = f"it was ended by {signal.Signals(-code).name}" if -code in set(signal.Signals) else f"signal {-code}"
        raise _failure(name, problem, "killed_by_signal", stderr=errors.last)
    if code not in program.exit_codes:
        retryable = code in program.retry_exit_codes
        problem = f"it ended with exit status {code}"
        raise _failure(name, problem, "exit_status", retryable=retryable, stderr=errors.last, exit_code=code)


def _output(name: str, program: Program, wrote: bytes) -> object:
    if program.output == "log":
        return None
    text = wrote.decode("utf-8", "replace")
    if program.output == "lines":
        return text.splitlines()
    if program.output == "json":
        try:
            return msgspec.json.decode(text)
        except msgspec.DecodeError as error:
            problem = f"its output is no JSON: {error}"
            raise _failure(name, problem, "not_json") from error
    return text


def _failure(program: str, problem: str, code: str, *, retryable: bool = False, **details: object) -> CommandError:
    return CommandError(
        f"program {program!r}: {problem}", code=code, retryable=retryable, details={"program": program, **details}
    )
