"""`hookyard egress table`: the addresses that are not called."""

from typing import Annotated

import typer


def table(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="The reference page.")] = False,
) -> None:
    """List the networks that may not be called unless `allow_networks` has them; the first that fits decides."""
    # Imported here so that the other commands do not pay for it.
    from hookyard.egress.networks import DENIED

    if markdown:
        from hookyard.egress.reference import markdown as page

        typer.echo(page(), nl=False)
    elif as_json:
        import msgspec

        rows = [{"network": str(row.network), "what": row.what} for row in DENIED]
        typer.echo(msgspec.json.format(msgspec.json.encode(rows)))
    else:
        width = max(len(str(row.network)) for row in DENIED)
        for row in DENIED:
            typer.echo(f"{row.network!s:{width}}  {row.what}")
