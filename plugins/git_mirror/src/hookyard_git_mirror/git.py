"""Runs of git: their progress shown, their output bounded, their failures said in a sentence."""

import re
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from hookyard import CommandError, Context, programs
from hookyard_git_mirror.config import Config

_MOST_OUTPUT: Final = 64 << 20  # half a million refs
_MOST_LINES: Final = 200
_LONGEST_LINE: Final = 2000
_KEPT: Final = 5
_LOOK: Final = 0.5
_PROGRESS: Final = re.compile(r"(?:remote: )?([A-Z][\w ]+):\s+\d+% \((\d+)/(\d+)\)")
_ENDS: Final = re.compile(rb"[\r\n]")
_NOT_RETRYABLE: Final = {
    "auth_failed": re.compile(
        r"Authentication failed|could not read (Username|Password)|Permission denied|error: 40[13]|"
        r"Host key verification failed"
    ),
    "not_found": re.compile(r"not found|does not exist|does not appear to be a git repository|error: 404"),
    "redirected": re.compile(r"unable to update url base from redirection|error: 30[1278]"),
    "transport_refused": re.compile(r"transport '.*' not allowed"),
}


class Git:
    """Runs git for one repository.

    Args:
        name: the repository's name in the configuration, for messages.
        env: all of the environment.
    """

    def __init__(self, name: str, config: Config, ctx: Context[Config], env: Mapping[str, str]) -> None:
        self._name = name
        self._config = config
        self._ctx = ctx
        self._env = env

    async def __call__(self, *args: str, stdin: str = "", packs: Path | None = None) -> str:
        """Run git and return what it writes.

        Args:
            packs: a folder whose files may not grow beyond `max_bytes` meanwhile.

        Raises:
            CommandError: it failed, or was ended for one of its limits.
        """
        what = next(item for item in args if not item.startswith("-"))
        stderr = _Stderr(self._ctx)
        looked = 0.0

        def on_stderr(piece: bytes) -> None:
            nonlocal looked
            stderr.feed(piece)
            if packs is not None and time.monotonic() - looked > _LOOK:
                looked = time.monotonic()
                self._check_size(what, packs)

        try:
            ended = await self._run(args, stdin, on_stderr)
        finally:
            stderr.end()
        if ended.stdout_cut:
            raise self._failed(what, f"it wrote more than {_MOST_OUTPUT} bytes", "too_large", retryable=False)
        if ended.timed_out:
            raise self._failed(what, f"it took longer than {self._config.timeout:g} s", "timed_out")
        if packs is not None:
            self._check_size(what, packs)
        if ended.returncode:
            raise self._explained(what, ended.returncode, stderr)
        return ended.stdout.decode(errors="replace")

    async def _run(self, args: tuple[str, ...], stdin: str, on_stderr: programs.OnOutput) -> programs.Ended:
        try:
            return await programs.run(
                [self._config.git, *args],
                cwd="/",
                env=self._env,
                stdin=stdin.encode(),
                timeout=self._config.timeout,
                grace=self._config.grace,
                stdout_limit=_MOST_OUTPUT,
                on_stderr=on_stderr,
            )
        except programs.CannotStart as error:
            msg = f"git_mirror: {self._config.git!r} cannot be run: {error.strerror or error}"
            raise CommandError(msg, code="git_missing", retryable=False) from error

    def _check_size(self, what: str, packs: Path) -> None:
        if _size(packs) > self._config.max_bytes:
            problem = f"the repository is larger than max_bytes, {self._config.max_bytes}"
            raise self._failed(what, problem, "too_large", retryable=False)

    def _explained(self, what: str, returncode: int, stderr: "_Stderr") -> CommandError:
        said = "; ".join(stderr.last)
        for code, pattern in _NOT_RETRYABLE.items():
            if pattern.search(said):
                return self._failed(what, said, code, retryable=False)
        how = f"signal {-returncode}" if returncode < 0 else f"exit code {returncode}"
        return self._failed(what, f"{how}: {said or 'it said nothing'}", "git_failed")

    def _failed(self, what: str, problem: str, code: str, *, retryable: bool = True) -> CommandError:
        msg = f"git_mirror: repository {self._name!r}: git {what}: {problem}"
        return CommandError(msg, code=code, retryable=retryable)


class _Stderr:
    """What git says to people: its progress becomes the job's, the rest is kept as lines."""

    def __init__(self, ctx: Context[Config]) -> None:
        self.last: deque[str] = deque(maxlen=_KEPT)
        self._ctx = ctx
        self._rest = b""
        self._lines = 0

    def feed(self, piece: bytes) -> None:
        """Take what came."""
        *lines, rest = _ENDS.split(self._rest + piece)
        self._rest = rest[-_LONGEST_LINE:]
        for line in lines:
            self._take(line)

    def end(self) -> None:
        """Take what has no line end."""
        self._take(self._rest)
        self._rest = b""

    def _take(self, raw: bytes) -> None:
        line = raw[:_LONGEST_LINE].decode(errors="replace").strip()
        if not line:
            return
        if found := _PROGRESS.match(line):
            self._ctx.progress(int(found[2]), int(found[3]), found[1])
            return
        self.last.append(line)
        self._lines += 1
        if self._lines <= _MOST_LINES:
            self._ctx.log.info("git", line=line)
        elif self._lines == _MOST_LINES + 1:
            self._ctx.log.warning("git.more_lines", kept=_MOST_LINES)


def _size(folder: Path) -> int:
    """Bytes of the files in a folder; one that is being renamed does not count."""
    size = 0
    try:
        for path in folder.iterdir():
            try:
                size += path.stat().st_size
            except FileNotFoundError:
                continue
    except FileNotFoundError:
        return 0
    return size
