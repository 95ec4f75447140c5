"""`answerable drill ncmec`: filing, following up, taking back and recovering, in front of you."""

import json
import sys
import tempfile
import threading
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from answerable.authorities.ncmec.drill.server import LOGIN, Server
from answerable.demo.cli import INTERRUPTED, WENT_WRONG
from answerable.demo.drill import drill

app = typer.Typer(no_args_is_help=True, help="Practise filing with an authority on this machine.")


@app.callback()
def _named() -> None:
    """Practise filing with an authority on this machine."""


@app.command()
def ncmec(
    as_json: Annotated[bool, typer.Option("--json", help="Print what came out as JSON.")] = False,
    keep: Annotated[Path | None, typer.Option(help="Keep the desk's data in this new directory.")] = None,
    serve: Annotated[
        bool, typer.Option(help="Start the CyberTipline alone, for a desk of yours to be tried on.")
    ] = False,
    port: Annotated[int, typer.Option(help="Where it listens; 0: any free port.")] = 0,
) -> None:
    """File with a CyberTipline on this machine; NCMEC is not called. Exit code 1 when something came out wrong."""
    if keep is not None and keep.exists() and any(keep.iterdir()):
        raise typer.BadParameter("that directory is not empty: name a new one", param_hint="--keep")
    try:
        if serve:
            _serve(port)
            return
        with nullcontext(keep) if keep is not None else tempfile.TemporaryDirectory() as place:
            data = Path(str(place)).resolve()
            data.mkdir(mode=0o700, parents=True, exist_ok=True)
            outcome = drill(data, lambda line: typer.echo(line, err=as_json))
    except KeyboardInterrupt:
        typer.echo("Stopped.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    except WENT_WRONG as error:
        typer.echo(f"answerable: the drill could not go on: {error}", err=True)
        raise typer.Exit(2) from error
    if as_json:
        typer.echo(json.dumps(asdict(outcome), indent=1))
    elif outcome.wrong:
        typer.echo(f"WRONG: {', '.join(outcome.wrong)}.")
    else:
        typer.echo("Each matter is filed exactly once, nothing is left open, and every duty is kept.")
    raise typer.Exit(1 if outcome.wrong else 0)


def _serve(port: int) -> None:
    """Run the service until Ctrl-C."""
    with Server(port=port) as server:
        typer.echo(f"base_url = {server.base}\nlogin_file holds: {LOGIN}\nCtrl-C stops it.")
        sys.stdout.flush()
        threading.Event().wait()
