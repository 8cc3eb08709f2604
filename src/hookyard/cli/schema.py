"""`hookyard schema`: the types of things, for other programs."""

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the group to the command line."""
    group = typer.Typer(no_args_is_help=True, help="Print the types of things.")
    group.command("config")(config)
    app.add_typer(group, name="schema")


def config(
    markdown: Annotated[bool, typer.Option("--markdown", help="The reference page instead of JSON Schema.")] = False,
) -> None:
    """Print the JSON Schema of the configuration file, for editors."""
    # Imported here so that the other commands do not pay for it.
    import msgspec

    from hookyard.config.reference import markdown as page
    from hookyard.config.schema import json_schema

    if markdown:
        typer.echo(page(), nl=False)
    else:
        typer.echo(msgspec.json.format(msgspec.json.encode(json_schema())))
