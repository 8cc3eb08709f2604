"""Two runs of uv: one that gets a script's packages, and one that runs the script with them."""

import os
import re
from collections.abc import Mapping
from typing import Final

from hookyard import Context, programs
from hookyard_pep723.config import Config
from hookyard_pep723.output import Lines, Tail
from hookyard_pep723.scripts import Found, cache_dir, failure

_UV_OUTPUT: Final = 65_536
_LONGEST: Final = 2000
_FAILURES: Final = (
    ("lock_outdated", False, re.compile(r"lockfile .*needs to be updated|but `--locked` was provided")),
    ("no_python", False, re.compile(r"No interpreter found|No virtual environment or system Python|No download found")),
    ("network", True, re.compile(r"Failed to fetch|error sending request|Connection refused|timed out|dns error")),
    (
        "dependencies",
        False,
        re.compile(r"No solution found|was not found|Failed to build|Failed to parse|TOML parse error|not valid"),
    ),
)
_COLOR: Final = re.compile(r"\x1b\[[0-9;]*m")


class Uv:
    """uv, for one job.

    Args:
        home: the job's own folder, where the script runs.
    """

    def __init__(self, config: Config, ctx: Context[Config], found: Found, home: str) -> None:
        self._config = config
        self._ctx = ctx
        self._found = found
        self._home = home

    async def prepare(self, env: dict[str, str]) -> None:
        """Get the packages.

        Args:
            env: what the configuration adds for it.

        Raises:
            CommandError: uv is not there, or cannot do it.
        """
        said = Tail(_UV_OUTPUT)
        inherited = _inherited("PATH", "TZ", "HOME", "XDG_DATA_HOME")
        argv = ["sync", *self._options(), *(["--locked"] if self._found.locked else [])]
        if self._config.offline:
            argv.append("--offline")
        timeout = self._config.prepare_timeout
        ended = await self._run(
            argv,
            env=inherited | env,
            stdin=b"",
            timeout=timeout,
            on_stdout=said.take,
            on_stderr=said.take,
        )
        if ended.timed_out:
            problem = f"getting its packages took longer than {timeout:g} s"
            raise failure(self._found.name, problem, "timed_out", retryable=True)
        if ended.returncode:
            raise self._unprepared(_COLOR.sub("", said.text()))

    async def execute(self, env: dict[str, str], stdin: bytes) -> tuple[programs.Ended, Lines]:
        """Run the script; its packages are there, so that nothing is fetched any more.

        Args:
            env: what the configuration adds for it.

        Returns:
            How it ended with what it wrote, and what it said.

        Raises:
            CommandError: uv is not there.
        """
        options = self._found.options
        lines = Lines(self._ctx.log, options.max_log_lines)
        own = {"HOME": self._home, "TMPDIR": self._home, "LC_ALL": "C.UTF-8", "PYTHONUNBUFFERED": "1"}
        argv = ["run", *self._options(), "--offline", "--quiet", "--no-env-file"]
        surroundings = _inherited("PATH", "TZ") | own | env
        ended = await self._run(
            argv,
            env=surroundings,
            stdin=stdin,
            timeout=options.timeout,
            stdout_limit=options.max_output,
            on_stderr=lines.take,
        )
        lines.finish()
        return ended, lines

    def _options(self) -> list[str]:
        options = ["--no-config", "--no-progress", "--color", "never", "--cache-dir", str(cache_dir(self._config))]
        if self._found.options.python is not None:
            options += ["--python", self._found.options.python]
        return options if self._config.python_downloads else [*options, "--no-python-downloads"]

    async def _run(
        self,
        argv: list[str],
        *,
        env: Mapping[str, str],
        stdin: bytes,
        timeout: float,  # noqa: ASYNC109  it ends uv, with SIGTERM first
        on_stderr: programs.OnOutput,
        on_stdout: programs.OnOutput | None = None,
        stdout_limit: int = 0,
    ) -> programs.Ended:
        try:
            return await programs.run(
                [self._config.uv, *argv, "--script", str(self._found.path)],
                cwd=self._home,
                env=env,
                stdin=stdin,
                timeout=timeout,
                grace=self._config.grace,
                stdout_limit=stdout_limit,
                on_stdout=on_stdout,
                on_stderr=on_stderr,
            )
        except programs.CannotStart as error:
            problem = f"{self._config.uv!r} cannot be run: {error.strerror or error}; see https://docs.astral.sh/uv"
            raise failure(self._found.name, problem, "uv_missing") from error

    def _unprepared(self, said: str) -> Exception:
        _, error, rest = said.partition("error: ")
        problem = " ".join((rest if error else said).split())[:_LONGEST]
        matching = ((code, retryable) for code, retryable, pattern in _FAILURES if pattern.search(problem))
        code, retryable = next(matching, ("uv_failed", True))
        return failure(self._found.name, f"uv cannot prepare it: {problem}", code, retryable=retryable)


def _inherited(*names: str) -> dict[str, str]:
    return {name: os.environ[name] for name in names if name in os.environ}
