"""`answerable platform …`: what an integrator runs."""

from pathlib import Path
from typing import Annotated

import typer

from answerable.platforms import base

app = typer.Typer(help="Platforms that this desk answers for.", no_args_is_help=True)


@app.callback()
def platform() -> None:
    """Platforms that this desk answers for."""


@app.command(name="list")
def list_() -> None:
    """Each configured platform: its adapter, what it can do, since when it is watched, or why it isn't."""
    from answerable.platforms.listing import described  # noqa: PLC0415  only needed here

    lines = described()
    typer.echo(
        "\n".join(lines) if lines else "No platform is configured: see `[[platforms]]` in answerable.toml."
    )


@app.command()
def check(
    url: Annotated[str, typer.Argument(help="Where the site receives the desk's requests.")],
    *,
    secret_file: Annotated[Path, typer.Option(help="File with the shared secret, whsec_…", exists=True)],
    ref: Annotated[str, typer.Option(help="The item to try it on, best one made for it.")] = "",
    host: Annotated[
        list[str] | None, typer.Option(help="A host[:port] of pages or media, if another; repeatable.")
    ] = None,
) -> None:
    """Try a site's implementation of the http contract, step by step, on one of its items.

    The item is hidden, limited, removed and put back within seconds, and its author gets a test notice:
    run it on a staging site, or on an item and an account made for it.
    """
    from answerable.platforms.check import check as try_all  # noqa: PLC0415  heavy, and only needed here

    try:
        failed = 0
        for step in try_all(url, secret_file, tuple(host or ()), ref):
            typer.echo(f"{'FAIL' if not step.passed else 'note' if step.note else 'ok  '}  {step.name}")
            if step.note:
                typer.echo(f"      {step.note}\n      {step.fix}")
            if not step.passed:
                failed += 1
                typer.echo(f"      {step.problem}\n      To put it right: {step.fix}")
                if step.problem.startswith("HostNotConfigured"):
                    typer.echo("      Or, where pages or media have a host of their own: --host HOST:PORT")
    except base.PlatformError as error:
        typer.echo(f"FAIL  {error}")
        raise typer.Exit(2) from error
    typer.echo(
        "\nThe site follows the contract."
        if not failed
        else f"\n{failed} step{'s' if failed > 1 else ''} failed."
    )
    raise typer.Exit(1 if failed else 0)
