"""`answerable person ...`: who works at this desk, and how they come in."""

from typing import Annotated

import typer

app = typer.Typer(help="Who works at this desk, and how they sign in.", no_args_is_help=True)


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="a pseudonym: it stands in the log, and in no public place")],
    qualification: Annotated[
        list[str], typer.Option(help="such as child_safety or intimate_images; may be given several times")
    ] = [],  # noqa: B006  typer copies it
    lead: Annotated[bool, typer.Option("--lead", help="settles what two judged differently")] = False,
    administrator: Annotated[bool, typer.Option("--administrator", help="looks after the desk")] = False,
    outside: Annotated[bool, typer.Option("--outside", help="an outside second")] = False,
    on_call: Annotated[bool, typer.Option("--on-call", help="is paged, day and night")] = False,
) -> None:
    """Add a person, and print the link with which they sign in for the first time."""
    from answerable import clock  # noqa: PLC0415
    from answerable.console import people  # noqa: PLC0415
    from answerable.console.links import create_sign_in_link  # noqa: PLC0415

    now = clock.now()
    try:
        person = people.add_person(
            pseudonym=name,
            qualifications=qualification,
            lead=lead,
            administrator=administrator,
            outside=outside,
            on_call=on_call,
            now=now,
        )
    except people.NotAdded as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    typer.echo(create_sign_in_link(person=person, now=now))


@app.command("link")
def link(name: Annotated[str, typer.Argument(help="the person's pseudonym")]) -> None:
    """Print a new sign-in link. Spending it ends the password and the second factors that were there."""
    from answerable import clock  # noqa: PLC0415
    from answerable.cases.models import Person  # noqa: PLC0415
    from answerable.console.links import create_sign_in_link  # noqa: PLC0415

    person = Person.objects.filter(pseudonym=name, active=True).first()
    if person is None:
        typer.echo(f"Nobody active is called {name!r} here: see `answerable person list`.", err=True)
        raise typer.Exit(1)
    typer.echo(create_sign_in_link(person=person, now=clock.now()))


@app.command("end")
def end(name: Annotated[str, typer.Argument(help="the person's pseudonym")]) -> None:
    """Let somebody work here no longer, from this moment. What they did stays in the log."""
    from answerable import clock  # noqa: PLC0415
    from answerable.console import people  # noqa: PLC0415

    try:
        people.end_person(name, now=clock.now())
    except people.NotAdded as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    typer.echo(f"{name} can no longer sign in.")


@app.command("list")
def show() -> None:
    """Who works here, and for what each is qualified."""
    from answerable.cases.models import Person  # noqa: PLC0415

    for person in Person.objects.order_by("pseudonym"):
        roles = [r for r in ("lead", "administrator", "outside", "on_call") if getattr(person, r)]
        state = "" if person.active else " (no longer active)"
        typer.echo(
            f"{person.pseudonym}{state}: {', '.join([*roles, *person.qualifications]) or 'nothing yet'}"
        )
