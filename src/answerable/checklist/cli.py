"""`answerable checklist`: what is still missing before people rely on this desk."""

import json
from dataclasses import fields
from datetime import datetime
from typing import Annotated, Any

import typer

app = typer.Typer(help="What this desk still needs before it goes live.", invoke_without_command=True)
As = Annotated[
    str, typer.Option("--as", help="your pseudonym at this desk, as an administrator", metavar="NAME")
]
Key = Annotated[str, typer.Argument(help="the line's name, as the list shows it", metavar="LINE")]


@app.callback()
def show(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document")] = False,
    try_: Annotated[
        bool,
        typer.Option(
            "--try", help="first try what was not tried, or failed: authorities, pagers, the whole log"
        ),
    ] = False,
) -> None:
    """Show every line. The exit code is 1 while anything is missing, or waits for somebody to state it."""
    from answerable import clock  # noqa: PLC0415  needs Django to be ready
    from answerable.checklist import records, whole  # noqa: PLC0415

    if context.invoked_subcommand is not None:
        return
    now = clock.now()
    if try_:
        for part in whole.checklist(now):
            for line in part.lines:
                if line.trial is not None and line.is_open:
                    records.try_out(line, now=now)
    parts = whole.checklist(now)
    open_ones = sum(line.is_open for part in parts for line in part.lines)
    if as_json:
        document = [{"title": part.title, "lines": [_plain(line) for line in part.lines]} for part in parts]
        typer.echo(json.dumps({"open": open_ones, "parts": document}, indent=1, ensure_ascii=False))
    else:
        for part in parts:
            typer.echo(f"{part.title}\n")
            for line in part.lines:
                typer.echo("\n".join(_written(line)))
            typer.echo()
        typer.echo(f"{open_ones} lines are open." if open_ones else "Nothing is missing.")
    raise typer.Exit(1 if open_ones else 0)


@app.command()
def confirm(
    line: Key,
    as_: As,
    note: Annotated[str, typer.Option(help="where the proof lies, or how it was done")],
) -> None:
    """State a line that no code can check."""
    from answerable import clock  # noqa: PLC0415
    from answerable.checklist import records, whole  # noqa: PLC0415

    now = clock.now()
    _told(lambda: records.confirm(whole.line(line, now), person_id=_person(as_), note=note, now=now))
    typer.echo(f"Stated: {line}.")


@app.command("take-back")
def take_back(line: Key, as_: As) -> None:
    """Take back what was stated of a line."""
    from answerable import clock  # noqa: PLC0415
    from answerable.checklist import records  # noqa: PLC0415

    _told(lambda: records.take_back(line, person_id=_person(as_), now=clock.now()))
    typer.echo(f"Taken back: {line} is asked again.")


def _written(line: Any) -> list[str]:
    stated = f"{line.stated_by}, {line.stated_at:%Y-%m-%d}: {line.note}" if line.stated_at else line.says
    return [
        f"{line.state.upper():<11} {line.key}: {line.title}",
        *([f"            {stated}"] if stated else []),
    ]


def _plain(line: Any) -> dict[str, object]:
    """What of a line goes into JSON: no trial, no basis."""
    names = [one.name for one in fields(line) if one.name not in ("trial", "basis", "again_after")]
    values = {name: getattr(line, name) for name in names}
    return {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()
    }


def _told(act: Any) -> None:
    from answerable.cases.inputs import Refused  # noqa: PLC0415

    try:
        act()
    except Refused as error:
        typer.echo(f"answerable: {error}", err=True)
        raise typer.Exit(1) from error


def _person(name: str) -> int:
    from answerable.cases.queries.people import named  # noqa: PLC0415

    return named(name)
