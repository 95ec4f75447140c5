"""`answerable authority`: whether each authority knows this desk, and what waits for it."""

import sys
from typing import Annotated

import typer
from django.conf import settings

from answerable import clock
from answerable.authorities.base import AuthorityError
from answerable.authorities.dsa import check as dsa_check
from answerable.authorities.dsa import database_of
from answerable.authorities.email import bounces, post_of
from answerable.authorities.ncmec import client_of
from answerable.authorities.ncmec.check import check
from answerable.cases import commands
from answerable.cases.inputs import AlreadyDone, NotFound
from answerable.cases.queries import reasons
from answerable.cases.queries import requests as asked
from answerable.matching.lists.base import SourceError
from answerable.policy import store
from answerable.settings.config import ConfigError

app = typer.Typer(no_args_is_help=True, help="Authorities that the desk files with: check them.")


@app.callback()
def _named() -> None:
    """Authorities that the desk files with: check them."""


@app.command()
def ncmec() -> None:
    """Ask the CyberTipline whom it takes this desk for, and compare its schema. Files nothing. Raises ConfigError."""
    configured = settings.CONFIG.authorities.ncmec
    if configured is None:
        raise ConfigError("There is no [authorities.ncmec] in answerable.toml: see docs/authorities.md.")
    try:
        found = check(client_of(configured, seconds=30.0))
    except (AuthorityError, SourceError) as error:
        typer.echo(f"answerable: {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo(f"{configured.environment}: {found.known_as}")
    typer.echo(f"schema: SHA-256 {found.digest}")
    if found.lacking:
        typer.echo(f"It does not have what this desk may write: {', '.join(found.lacking)}.")
        typer.echo("Filings may be refused: ask for a newer version of this software.")
    if found.new:
        typer.echo(f"It has what this desk does not write: {', '.join(found.new)}. Nothing is wrong.")
    if not found.lacking and not found.new:
        typer.echo("It has the elements and attributes that this desk knows.")
    raise typer.Exit(1 if found.lacking else 0)


@app.command()
def dsa(
    again: Annotated[bool, typer.Option(help="Deliver once more what it refused, after an update.")] = False,
) -> None:
    """Ask the EU's database whether it takes this desk's token, and say what waits for it. Stores nothing itself.

    Raises ConfigError.
    """
    configured = settings.CONFIG.authorities.dsa
    if configured is None:
        raise ConfigError("There is no [authorities.dsa] in answerable.toml: see docs/dsa.md.")
    try:
        dsa_check.check(database_of(configured, seconds=30.0))
    except (AuthorityError, SourceError) as error:
        typer.echo(f"answerable: {error}", err=True)
        raise typer.Exit(1) from error
    environment = configured.environment
    typer.echo(f"{environment}: it is there, and takes the token.")
    if again:
        number = commands.retry_refused(environment, now=clock.now())
        typer.echo(f"Delivered once more: {number} that it had refused.")
    typer.echo(f"Waiting: {reasons.waiting(environment, configured.since).count()}")
    for one in reasons.refused(environment)[:20]:
        typer.echo(f"Refused: statement {one.reasons_id}, {one.why}")
    raise typer.Exit(1 if reasons.refused(environment).exists() else 0)


@app.command()
def email() -> None:
    """Connect to the mail server as for a letter, and name the parties. Sends nothing. Raises ConfigError."""
    configured = settings.CONFIG.authorities.email
    if configured is None:
        raise ConfigError("There is no [authorities.email] in answerable.toml: see docs/authorities.md.")
    try:
        post_of(configured).check()
    except (AuthorityError, SourceError) as error:
        typer.echo(f"answerable: {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo(f"{configured.environment}: the mail server takes this desk's mail.")
    known = store.active().authorities
    for name, party in configured.parties.items():
        typer.echo(
            f"{name}: {party.address}" + ("" if name in known else " (the policy pack doesn't know it)")
        )
    raise typer.Exit(0 if set(configured.parties) <= set(known) else 1)


@app.command()
def bounce(
    reference: Annotated[
        str, typer.Argument(help="Of the letter; without it, the mail on standard input.")
    ] = "",
) -> None:
    """Note that a letter came back, so that people owe it anew: by its reference, or by the mail that came back.

    A mail server can hand such mails to this command. Raises NotFound.
    """
    try:
        found = reference or bounces.reference_of(sys.stdin.buffer.read(bounces.MOST_BYTES + 1))
        number = commands.letter_bounced(found, person_id=None, why="it came back", now=clock.now())
    except bounces.NoBounce as error:
        said = " ".join((bounces.NoBounce.__doc__ or "").split())
        typer.echo(f"answerable: {said} ({error})", err=True)
        raise typer.Exit(1) from error
    except (NotFound, AlreadyDone) as error:
        typer.echo(f"answerable: {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo(f"Letter {number} came back: people owe it anew, and are paged.")


@app.command()
def requests(
    every: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
) -> None:
    """Requests of authorities: what each asks, until when, whether two people verified it. Exit code 1: one is late."""
    now, any_late = clock.now(), False
    for row in asked.in_order():
        waits, late = asked.waits_for_answer(row), asked.is_late(row, now)
        if not (waits or every):
            continue
        any_late = any_late or (waits and late)
        state = row.outcome or ("verified" if row.verified_at else "not verified")
        said = ("LATE" if late else "waits") if waits else ("over, late" if late else "over")
        until = f"{row.due_at:%Y-%m-%d %H:%M} UTC"
        typer.echo(f"request {row.pk}: {row.asks} ({row.country}, {row.regime}), {state}, {said}, by {until}")
    raise typer.Exit(1 if any_late else 0)
