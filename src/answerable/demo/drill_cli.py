"""`answerable drill`: filing, following up, taking back and recovering, in front of you."""

import json
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from answerable.authorities.dsa.drill import server as dsa_server
from answerable.authorities.ncmec.drill import server as ncmec_server
from answerable.demo import drill as ncmec_drill
from answerable.demo import drill_dsa
from answerable.demo.cli import INTERRUPTED, WENT_WRONG
from answerable.demo.replay import Replay

Outcome = ncmec_drill.Outcome | drill_dsa.Outcome
Json = Annotated[bool, typer.Option("--json", help="Print what came out as JSON.")]
Keep = Annotated[Path | None, typer.Option(help="Keep the desk's data in this new directory.")]
Serve = Annotated[bool, typer.Option(help="Start the authority alone, for a desk of yours to be tried on.")]
Watch = Annotated[bool, typer.Option(help="Wait for you to sign in to the console, and go on slowly.")]
Port = Annotated[int, typer.Option(help="Where it listens; 0: any free port.")]

app = typer.Typer(no_args_is_help=True, help="Practise filing with an authority on this machine.")


@app.callback()
def _named() -> None:
    """Practise filing with an authority on this machine."""


@app.command()
def ncmec(
    as_json: Json = False, keep: Keep = None, serve: Serve = False, port: Port = 0, watch: Watch = False
) -> None:
    """File with a CyberTipline on this machine; NCMEC is not called. Exit code 1 when something came out wrong."""
    if serve:
        server = ncmec_server.Server(port=port)
        _serve(server, lambda: f"base_url = {server.base}\nlogin_file holds: {ncmec_server.LOGIN}")
        return
    good = "Each matter is filed exactly once, nothing is left open, and every duty is kept."
    drill = partial(ncmec_drill.drill, watch=_watched) if watch else ncmec_drill.drill
    _play(drill, good, as_json=as_json, keep=keep)


@app.command()
def dsa(as_json: Json = False, keep: Keep = None, serve: Serve = False, port: Port = 0) -> None:
    """Deliver statements of reasons to a database on this machine; the Commission's is not called.

    Exit code 1 when something came out wrong.
    """
    if serve:
        server = dsa_server.Server(port=port)
        _serve(server, lambda: f"base_url = {server.base}\ntoken_file holds: {dsa_server.TOKEN}")
        return
    good = "Each statement is in the database exactly once, none too early, and nothing waits."
    _play(drill_dsa.drill, good, as_json=as_json, keep=keep)


def _play(
    drill: Callable[[Path, Callable[[str], None]], Outcome], good: str, *, as_json: bool, keep: Path | None
) -> None:
    """Play a drill in front of whoever called, and exit."""
    if keep is not None and keep.exists() and any(keep.iterdir()):
        raise typer.BadParameter("that directory is not empty: name a new one", param_hint="--keep")
    try:
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
        typer.echo(good)
    raise typer.Exit(1 if outcome.wrong else 0)


def _watched(replay: Replay) -> None:
    """Let whoever called sign in as the one who decides, and wait until they say that it may begin."""
    ravi = replay.people["Ravi"]
    typer.echo(
        f"Watch it at {replay.stack.staff_url}/filings/?watch. Sign in as {ravi.name}, password {ravi.password}",
        err=True,
    )
    asked = "A code for the second factor: Enter. Begin: b"
    while typer.prompt(asked, default="", show_default=False, err=True) != "b":
        typer.echo(ravi.code(), err=True)


def _serve(server: AbstractContextManager[object], said: Callable[[], str]) -> None:
    """Run the service until Ctrl-C."""
    try:
        with server:
            typer.echo(f"{said()}\nCtrl-C stops it.")
            sys.stdout.flush()
            threading.Event().wait()
    except KeyboardInterrupt:
        typer.echo("Stopped.", err=True)
        raise typer.Exit(INTERRUPTED) from None
