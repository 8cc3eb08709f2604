"""What `hookyard dev` does: it watches files, and has the server reload."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Final

import typer
from msgspec.structs import asdict, replace
from watchfiles import (
    Change,
    PythonFilter,
    awatch,  # pyright: ignore[reportUnknownVariableType]  one of its events may be of trio, which is not here
    watch,
)

from hookyard import log
from hookyard.assembly import apart_from_plugins
from hookyard.config import Loaded, load_file
from hookyard.errors import ConfigError, Refused
from hookyard.host.changes import Changes
from hookyard.server import run
from hookyard.service import Service

_IGNORED: Final = (".db", ".db-wal", ".db-shm", ".pyc", ".swp", "~")


class _Sources(PythonFilter):
    """What plugins are made of: any file, but not what running them leaves behind."""

    def __call__(self, change: Change, path: str) -> bool:
        return not path.endswith(_IGNORED) and super(PythonFilter, self).__call__(change, path)


def develop(path: Path, port: int | None) -> None:
    """Serve a configuration and follow its changes, until SIGTERM or Ctrl-C."""
    folder = Path.cwd()

    def read() -> Loaded:
        loaded = load_file(path, folder=folder, checks=apart_from_plugins)
        server = loaded.config.server if port is None else replace(loaded.config.server, port=port)
        return dataclasses.replace(loaded, config=replace(loaded.config, server=server))

    while True:
        try:
            loaded = read()
            log.setup(loaded.config.log.level, loaded.config.log.format)
            run(loaded, reread=read, beside=lambda service: follow(service, path, (folder / path).parent))
        except ConfigError as error:
            _complain("not started", (str(problem) for problem in error.problems))
            if not _changed(path):
                return
        else:
            return


async def follow(service: Service, path: Path, beside: Path) -> None:
    """Reload whenever something changes that the server is made of; ends when it is cancelled.

    Args:
        service: the running house.
        path: its configuration.
        beside: the folder that it lies in, absolute.
    """
    while True:
        folders = _folders(beside, service.config.plugin_dirs)
        async for _ in _merged(path, beside, folders):
            await _reload(service)
            if _folders(beside, service.config.plugin_dirs) != folders:
                break  # other folders are to be watched now


async def _reload(service: Service) -> None:
    try:
        done = await service.reload()
    except ConfigError as error:
        _complain("not reloaded", (str(problem) for problem in error.problems))
    except Refused as error:
        _complain("not reloaded", [error.detail])
    except Exception as error:  # noqa: BLE001  an editor's next save may mend it
        _complain("not reloaded", [f"{type(error).__name__}: {error}"])
    else:
        for line in said(done):
            typer.echo(line)


def said(done: Changes) -> list[str]:
    """What a reload has changed, in lines for a person; none when that is nothing."""
    parts = {name: value for name, value in asdict(done).items() if value and name != "failed"}
    lines = [f"{name.replace('_', ' ')}: {', '.join(value)}" for name, value in parts.items()]
    lines += [f"{record.state}: {record.name}: {' '.join((record.reason or '').split())}" for record in done.failed]
    return ["reloaded", *(f"  {line}" for line in lines)] if lines else []


def _complain(what: str, problems: Iterable[str]) -> None:
    typer.echo(what, err=True)
    for problem in problems:
        typer.echo(f"  {problem}", err=True)


def _folders(base: Path, plugin_dirs: tuple[str, ...]) -> tuple[Path, ...]:
    return tuple(folder for name in plugin_dirs if (folder := (base / name).resolve()).is_dir())


async def _merged(path: Path, beside: Path, folders: tuple[Path, ...]) -> AsyncIterator[None]:
    """Once for every change of the file, which lies in the folder `beside`, or below the folders."""
    news = asyncio.Event()

    async def tell(changes: AsyncIterator[object]) -> None:
        async for _ in changes:
            news.set()

    # An editor may put a new file in the place of the old one, so that its folder is what can be watched.
    own = awatch(beside, watch_filter=lambda _, at: Path(at).name == path.name, recursive=False)
    tasks = [asyncio.create_task(tell(own))]
    if folders:
        tasks.append(asyncio.create_task(tell(awatch(*folders, watch_filter=_Sources()))))
    typer.echo(f"watching {', '.join(map(str, (path, *folders)))}")
    await asyncio.sleep(0)  # now they watch; what changed until then is looked for once
    news.set()
    try:
        while True:
            await news.wait()
            news.clear()
            yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


def _changed(path: Path) -> bool:
    """Wait until something beside or below the configuration changes; False when the wait was interrupted."""
    try:
        for _ in watch(path.absolute().parent, watch_filter=_Sources(), raise_interrupt=True):
            return True
    except KeyboardInterrupt:
        pass
    return False
