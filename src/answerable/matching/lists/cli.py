"""`answerable lists`: hash lists of others, as they are held here."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Hash lists of others: import, fetch, show, turn off.", no_args_is_help=True)
ACTOR = "operator"


@app.command("list")
def list_(
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document, for monitoring")] = False,
) -> None:
    """Show every list: how much it holds, how old it is, and what went wrong."""
    from answerable import clock  # noqa: PLC0415
    from answerable.matching.lists.states import states  # noqa: PLC0415

    found = states(clock.now())
    if as_json:
        typer.echo(json.dumps([asdict(state) for state in found], default=str, indent=1))
        return
    for state in found:
        typer.echo(state.line())


@app.command()
def show(name: str) -> None:
    """Show one list: its classes, and the records that could not be read."""
    from answerable import clock  # noqa: PLC0415
    from answerable.matching.lists.states import classes_of, faults_of, states  # noqa: PLC0415

    found = [state for state in states(clock.now()) if state.name == name]
    if not found:
        raise _failed(f"There is no list {name!r}: `answerable lists list` shows those there are.")
    typer.echo(found[0].line())
    if found[0].terms:
        typer.echo(f"terms: {found[0].terms}")
    for known_as, kind, count in classes_of(name):
        typer.echo(f"  {known_as}\t{kind}\t{count}")
    for where, why in faults_of(name):
        typer.echo(f"  not read: {where}: {why}")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV, JSON lines or JSON")],
    name: Annotated[str, typer.Option(help="what the list is called here, such as iwf")],
    label: Annotated[str, typer.Option("--class", help="the class of records that say none")] = "",
    kind: Annotated[str, typer.Option(help="sha256, sha1, md5 or pdq, where the file doesn't say")] = "",
    terms: Annotated[str, typer.Option(help="what you may do with it, for those who ask later")] = "",
    whole: Annotated[bool, typer.Option(help="the file is the whole list: what it lacks ends")] = False,
    shrink: Annotated[bool, typer.Option(help="with --whole: even where most of the list ends")] = False,
) -> None:
    """Read a file into a list. What it holds is compared with every upload from its commit on."""
    from pydantic import ValidationError  # noqa: PLC0415

    from answerable import clock  # noqa: PLC0415
    from answerable.cases.inputs import Refused  # noqa: PLC0415
    from answerable.matching.lists.base import SourceError  # noqa: PLC0415
    from answerable.matching.lists.fetching import fetch  # noqa: PLC0415
    from answerable.matching.lists.file import FileConfig, FileSource  # noqa: PLC0415

    try:
        config = FileConfig.model_validate({"path": str(file.resolve()), "kind": kind, "whole": whole})
        total = fetch(
            name,
            FileSource(config),
            kind="file",
            terms=terms,
            label=label,
            shrink=shrink,
            now=clock.now,
            actor=ACTOR,
        )
    except ValidationError as error:
        raise _failed(f"--kind is sha256, sha1, md5 or pdq, not {kind!r}.") from error
    except (Refused, SourceError) as error:
        raise _failed(str(error)) from error
    typer.echo(f"{total.added} fingerprints added, {total.removed} ended, {total.faults} records not read.")
    if total.faults:
        typer.echo(f"`answerable lists show {name}` says which, and why.")
    if total.faults and not total.added:
        raise typer.Exit(1)


@app.command()
def fetch(name: str) -> None:
    """Fetch a configured list now."""
    from answerable import clock  # noqa: PLC0415
    from answerable.cases.inputs import Refused  # noqa: PLC0415
    from answerable.matching.lists.base import SourceError  # noqa: PLC0415
    from answerable.matching.lists.registry import entry_of  # noqa: PLC0415
    from answerable.matching.lists.schedule import fetch_entry  # noqa: PLC0415

    try:
        total = fetch_entry(entry_of(name), now=clock.now, actor=ACTOR)
    except (Refused, SourceError) as error:
        raise _failed(str(error)) from error
    typer.echo(f"{total.added} fingerprints added, {total.removed} ended, {total.faults} records not read.")


@app.command()
def check(name: str) -> None:
    """Ask the source of a configured list whether the credentials are good."""
    from answerable.matching.lists import asking  # noqa: PLC0415
    from answerable.matching.lists.base import SourceError  # noqa: PLC0415
    from answerable.matching.lists.registry import entry_of, source_of  # noqa: PLC0415

    try:
        typer.echo(asking.check() if name == "shield" else source_of(entry_of(name)).check())
    except SourceError as error:
        raise _failed(str(error)) from error


@app.command()
def off(name: str) -> None:
    """Turn a list off: nothing of it counts any more, and it is not fetched."""
    from answerable import clock  # noqa: PLC0415
    from answerable.cases import commands  # noqa: PLC0415
    from answerable.cases.inputs import Refused  # noqa: PLC0415

    try:
        commands.turn_list(name, on=False, actor=ACTOR, now=clock.now())
    except Refused as error:
        raise _failed(str(error)) from error
    ended = 0
    while part := commands.end_entries(name, actor=ACTOR, now=clock.now()):
        ended += part
    typer.echo(f"{name} is off: {ended} fingerprints ended.")


@app.command()
def on(name: str) -> None:
    """Turn a list on again: it is read from its beginning."""
    from answerable import clock  # noqa: PLC0415
    from answerable.cases import commands  # noqa: PLC0415
    from answerable.cases.inputs import Refused  # noqa: PLC0415

    try:
        commands.turn_list(name, on=True, actor=ACTOR, now=clock.now())
    except Refused as error:
        raise _failed(str(error)) from error
    typer.echo(f"{name} is on.")


def _failed(message: str) -> typer.Exit:
    typer.echo(message, err=True)
    return typer.Exit(1)
