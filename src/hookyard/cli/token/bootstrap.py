"""`hookyard token bootstrap`: the first token of a store."""

from typing import Annotated

import typer

from hookyard.cli.where import ConfigArgument, chosen


def register(group: typer.Typer) -> None:
    """Add the command to its group."""
    group.command("bootstrap")(bootstrap)


def bootstrap(
    config: ConfigArgument = None,
    name: Annotated[str, typer.Option(help="Who it is for, as logs and jobs will call it.")] = "admin",
    force: Annotated[bool, typer.Option(help="Make one although the store has tokens.")] = False,
) -> None:
    """Make an admin's token in the store, while no server runs, and print it, this once.

    Refused with 65 when the store has a token, and with 75 while a server runs: that one makes tokens for those who
    have one, by `hookyard token create`.
    """
    # Imported here so that the other commands do not pay for it.
    import asyncio

    from hookyard import log
    from hookyard.config import load_file

    loaded = load_file(chosen(config))
    log.setup("warning", loaded.config.log.format)
    _check_name(name, {entry.name for entry in loaded.config.tokens})
    text = asyncio.run(_make(str(loaded.base / loaded.config.store.path), name, force))
    typer.echo("The token. It is shown this once; the store keeps its digest only.", err=True)
    typer.echo(text)


def _check_name(name: str, taken: set[str]) -> None:
    import msgspec

    from hookyard.config.model import Name

    try:
        msgspec.convert(name, Name)
    except msgspec.ValidationError:
        msg = "a name has at most 64 letters, digits, `_`, `.` and `-`, a letter or digit first"
        raise typer.BadParameter(msg) from None
    if name in taken:
        msg = f"the configuration has a token named {name!r}"
        raise typer.BadParameter(msg)


async def _make(path: str, name: str, force: bool) -> str:
    from hookyard import ids
    from hookyard.clock import SystemClock
    from hookyard.credentials import draft, is_live
    from hookyard.errors import Refused
    from hookyard.store.audited import first_of
    from hookyard.store.contract import Done, NotEmpty
    from hookyard.store.sqlite import SqliteStore

    clock = SystemClock()
    store = await SqliteStore.open(path)
    try:
        last = await store.last_id()
        make_id = ids.IdSource(clock, after=0 if last is None else ids.key(last))
        if any(token.name == name and is_live(token, clock.now()) for token in await store.tokens()):
            raise Refused("exists", f"The store has a token named {name!r}; give another --name.")
        text, _, op = draft(make_id, clock, name=name, by="cli:bootstrap", only_first=not force)
        [result] = store.apply([op])
        made = first_of(result)
        if isinstance(made, NotEmpty):
            raise Refused("exists", "The store has tokens already; --force makes another admin's.")
        if not isinstance(made, Done):
            raise Refused("store_unavailable", f"The token was not kept: {made}")
        return text
    finally:
        await store.aclose()
        store.close()
