"""Python scripts with inline metadata (PEP 723), run through uv: JSON in, JSON out."""

import asyncio
import shutil
import tempfile
import time
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from hookyard import CommandError, Context, Plugin, programs
from hookyard_pep723.config import Config, Options, Script
from hookyard_pep723.output import Lines
from hookyard_pep723.scripts import failure, find
from hookyard_pep723.uv import Uv

__all__ = ["Config", "Options", "Ran", "Run", "Script", "plugin", "run"]

_LONGEST: Final = 24 * 3600
_TEMPORARY: Final = 75
_DATA: Final = 65
_CONFIGURATION: Final = 78

plugin = Plugin("pep723", config=Config, version="0.1.0", secrets=("*",))


class Run(Struct, frozen=True):
    """What to run."""

    script: Annotated[str, Meta(description="A configured name.", max_length=64)]
    input: Annotated[Any, Meta(description="What the script reads from its standard input, as JSON.")] = None


class Ran(Struct, frozen=True):
    """What came of it."""

    script: str
    output: Annotated[Any, Meta(description="The JSON that it wrote; null when it wrote nothing.")]
    seconds: Annotated[float, Meta(description="How long it ran, without getting its packages.")]


@plugin.command(timeout=_LONGEST, concurrency=4)
async def run(data: Run, ctx: Context[Config]) -> Ran:
    """Run a configured script, with its packages got by uv."""
    config = ctx.config
    found = await asyncio.to_thread(find, config, data.script)
    home = tempfile.mkdtemp(prefix="hookyard-pep723-")
    try:
        uv = Uv(config, ctx, found, home)
        await uv.prepare(config.uv_environment | await _secrets(ctx, config.uv_secret_environment))
        own = found.options.environment | await _secrets(ctx, found.options.secret_environment)
        begun = time.monotonic()
        ended, lines = await uv.execute(own, msgspec.json.encode(data.input))
        seconds = time.monotonic() - begun
    finally:
        # Not awaited: a cancelled task may not get that far.
        shutil.rmtree(home, ignore_errors=True)
    problem = _problem(found.name, found.options, ended, lines)
    if problem is not None:
        raise problem
    return Ran(found.name, _decoded(found.name, ended.stdout), round(seconds, 3))


async def _secrets(ctx: Context[Config], names: dict[str, str]) -> dict[str, str]:
    return {variable: await ctx.secrets.get(name) for variable, name in names.items()}


def _problem(name: str, options: Options, ended: programs.Ended, lines: Lines) -> CommandError | None:
    if ended.stdout_cut:
        return failure(name, f"it wrote more than {options.max_output} bytes", "too_large")
    if ended.timed_out:
        return failure(name, f"it took longer than {options.timeout:g} s", "timed_out", retryable=True)
    if not ended.returncode:
        return None
    how = f"exit code {ended.returncode}" if ended.returncode > 0 else f"signal {-ended.returncode}"
    said = f": {lines.last[-1]}" if lines.last else ""
    code, retryable = {
        _TEMPORARY: ("temporary", True),
        _DATA: ("invalid_input", False),
        _CONFIGURATION: ("configuration", False),
    }.get(ended.returncode, ("script_failed", True))
    return failure(name, f"it ended with {how}{said}", code, retryable=retryable)


def _decoded(name: str, answer: bytes) -> object:
    if not answer.strip():
        return None
    try:
        found: object = msgspec.json.decode(answer)
    except (msgspec.DecodeError, RecursionError) as error:
        raise failure(name, f"what it wrote is not JSON: {error}", "invalid_output") from error
    return found
