"""`answerable key`: make, list and revoke API keys."""

from typing import Annotated

import typer

app = typer.Typer(help="API keys of platforms, tools and flaggers.", no_args_is_help=True)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="what the key is called here")],
    scope: Annotated[list[str], typer.Option(help="such as events:write, screen; repeat it for several")],
    platform: Annotated[str, typer.Option(help="the platform that it speaks for")] = "",
    relation: Annotated[str, typer.Option(help="trusted_flagger or authority, where it proves that")] = "",
) -> None:
    """Make a key and show it, once."""
    from answerable import clock  # noqa: PLC0415
    from answerable.api.keys import KeyRefused, create_key  # noqa: PLC0415

    try:
        secret = create_key(name, scope, now=clock.now(), platform=platform, relation=relation)
    except KeyRefused as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    typer.echo(secret)


@app.command("list")
def list_() -> None:
    """Show the keys, without their secrets."""
    from answerable.api.models import ApiKey  # noqa: PLC0415

    for key in ApiKey.objects.order_by("name"):
        state = f"revoked {key.revoked_at:%Y-%m-%d}" if key.revoked_at else "valid"
        typer.echo(f"{key.name}\t{state}\t{key.platform or '-'}\t{' '.join(key.scopes)}\t{key.relation}")


@app.command()
def revoke(name: str) -> None:
    """End a key at once."""
    from answerable import clock  # noqa: PLC0415
    from answerable.api.keys import KeyRefused, revoke_key  # noqa: PLC0415

    try:
        revoke_key(name, now=clock.now())
    except KeyRefused as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
