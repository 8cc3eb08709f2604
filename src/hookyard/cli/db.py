"""`hookyard db`: the file that holds everything."""

from pathlib import Path
from typing import Annotated, Final

import typer

from hookyard.cli.where import HELP, checked, chosen

_LONG: Final = 20_000
"""Pages of a copy that takes a while."""
_STEP: Final = 1024
ConfigOption = Annotated[Path | None, typer.Option("--config", "-c", help=HELP)]
StoreOption = Annotated[
    Path | None,
    typer.Option(help="The store's file; the configuration, and the secrets that it names, are not looked at then."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    """Add the group to the command line."""
    group = typer.Typer(no_args_is_help=True, help="Back up, check and keep the store's file.")
    for command in (backup, check, stats, vacuum, migrate, key):
        group.command()(command)
    app.add_typer(group, name="db")


def backup(
    target: Annotated[Path, typer.Argument(help="Where the copy goes: a file, or a folder for one named by the time.")],
    config: ConfigOption = None,
    store: StoreOption = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Copy the store, while it is served too, and see that the copy is whole.

    The copy is one file that a server can be started with. It appears under its name only when it is complete and has
    passed the checks of `hookyard db check`. The content of artifacts is not in it, nor are the keys of the
    configuration that encrypt secrets.
    """
    from hookyard.errors import Refused
    from hookyard.store.sqlite import maintenance

    source = _file(config, store)
    if target.is_dir():
        from datetime import UTC, datetime

        target /= f"{source.stem}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.db"
    if target.exists() and (not force or (source.exists() and target.samefile(source))):
        raise Refused("exists", f"{target} is there already; --force replaces it, unless it is the store itself.")
    done = maintenance.backup(source, target, progress=_Progress("copied"))
    _print(done, [f"{done.file}: {_size(done.bytes)}, schema {done.schema}, whole"], as_json=as_json)


def check(config: ConfigOption = None, store: StoreOption = None, as_json: JsonOption = False) -> None:
    """Look through all of the store for damage, while it is served too.

    Exits with 0, or with 65 when something is wrong.
    """
    from hookyard.cli.failure import DATA
    from hookyard.store.sqlite import maintenance

    found = maintenance.check(_file(config, store))
    lines = [f"{found.file}: {problem}" for problem in found.problems]
    _print(found, lines or [f"{found.file}: schema {found.schema}, nothing is wrong"], as_json=as_json)
    if found.problems:
        raise typer.Exit(DATA)


def key() -> None:
    """Make a key for `encryption.keys`: print it, this once.

    It encrypts what is never shown of endpoints that are made over HTTP, where it is stored. Keep a copy of it apart
    from the backups, which do not have it: without it those secrets are lost. Its second part is its id, by which the
    log and `hookyard doctor` call it.
    """
    # Imported here so that the other commands do not pay for it.
    from hookyard.outbound.endpoints.keyring import new_key

    typer.echo("It is shown this once.", err=True)
    typer.echo(new_key())


def stats(config: ConfigOption = None, store: StoreOption = None, as_json: JsonOption = False) -> None:
    """Say how large the store is and what is in it, while it is served too; counts every row."""
    from hookyard.clock import rfc3339
    from hookyard.store.sqlite import maintenance

    found = maintenance.stats(_file(config, store))
    when = [
        (word, rfc3339(at))
        for word, at in (("oldest job", found.oldest), ("newest job", found.newest))
        if at is not None
    ]
    pairs = [
        ("file", found.file),
        ("schema", f"{found.schema}, SQLite {found.sqlite}"),
        ("size", f"{_size(found.bytes)}, of which {_size(found.free_bytes)} free"),
        ("write-ahead log", _size(found.wal_bytes)),
        *((f"jobs {status}", str(count)) for status, count in found.jobs.items()),
        *when,
        *((f"rows of {table}", str(count)) for table, count in found.rows.items() if count),
    ]
    width = max(len(name) for name, _ in pairs)
    _print(found, [f"{name:<{width}}  {value}" for name, value in pairs], as_json=as_json)


def vacuum(config: ConfigOption = None, store: StoreOption = None, as_json: JsonOption = False) -> None:
    """Give back the room that is free in the store's file. Not while it is served.

    Needs as much room on the disk again while it works. Exits with 75 when a server has the store open.
    """
    from hookyard.store.sqlite import maintenance

    done = maintenance.vacuum(_file(config, store))
    _print(done, [f"{done.file}: {_size(done.before)} before, {_size(done.after)} now"], as_json=as_json)


def migrate(config: ConfigOption = None, store: StoreOption = None, as_json: JsonOption = False) -> None:
    """Bring the store's schema up to date, as a server does when it starts. Not while it is served.

    Exits with 75 when a server has the store open. There is no way back: make a backup before.
    """
    from hookyard.store.sqlite import maintenance

    done = maintenance.migrate(_file(config, store))
    said = f"schema {done.before} became {done.after}" if done.before != done.after else f"schema {done.after} already"
    _print(done, [f"{done.file}: {said}"], as_json=as_json)


def _file(config: Path | None, store: Path | None) -> Path:
    from hookyard import log
    from hookyard.config import load_file

    log.setup("warning", "auto")
    if store is not None:
        return store
    loaded = load_file(chosen(checked(config)))
    return loaded.base / loaded.config.store.path


def _print(found: object, lines: list[str], *, as_json: bool) -> None:
    import msgspec

    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
        return
    for line in lines:
        typer.echo(line)


class _Progress:
    """Says how far something long is, on standard error, a line for each tenth."""

    def __init__(self, word: str) -> None:
        self._word = word
        self._told = 0

    def __call__(self, done: int, total: int) -> None:
        tenth = done * 10 // max(total, 1)
        if tenth > self._told and total > _LONG:
            self._told = tenth
            typer.echo(f"{self._word} {tenth}0 %", err=True)


def _size(count: int) -> str:
    amount, unit = float(count), "B"
    for larger in ("KiB", "MiB", "GiB"):
        if amount < _STEP:
            break
        amount, unit = amount / _STEP, larger
    return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
