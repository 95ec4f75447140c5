"""`answerable evidence …`: what is kept, comparing it, handing it out, holding it, its keys."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Evidence: compare it, hand it out encrypted, keep it longer.")
recipients = typer.Typer(
    no_args_is_help=True, help="Authorities' age public keys, each verified by two people."
)
app.add_typer(recipients, name="recipient")

Case = Annotated[int, typer.Argument(help="the number of the case", metavar="CASE")]
As = Annotated[str, typer.Option("--as", help="your pseudonym at this desk", metavar="NAME")]
PURPOSES = "authority, court, appeal, audit or restore"
REASONS = "court, authority, request, investigation or longer"


@contextmanager
def _told() -> Iterator[None]:
    """What is refused is a sentence, and exit code 1."""
    from answerable.cases.inputs import AlreadyDone, NotFound, Refused  # noqa: PLC0415  needs Django to be ready
    from answerable.evidence.errors import EvidenceError  # noqa: PLC0415

    try:
        yield
    except (AlreadyDone, NotFound, Refused, EvidenceError, OSError, ValueError) as error:
        typer.echo(f"answerable: {error}", err=True)
        raise typer.Exit(1) from error


def _person(name: str) -> int:
    from answerable.cases.queries.people import named  # noqa: PLC0415

    return named(name)


def _now() -> datetime:
    from answerable import clock  # noqa: PLC0415

    return clock.now()


@app.command()
def show(case: Case) -> None:
    """What is kept of a case, until when, and what keeps it."""
    from answerable.cases.queries import evidence  # noqa: PLC0415
    from answerable.obligations.models import Obligation  # noqa: PLC0415

    for one in evidence.of_case(case):
        typer.echo(
            f"content {one.content_id}, captured {one.at:%Y-%m-%d %H:%M} UTC, item {one.content.item_id}"
        )
        for part, sha256 in (("media", one.media_sha256), ("facts", one.facts_sha256)):
            stores = ", ".join(evidence.objects(sha256).values_list("store", flat=True)) if sha256 else ""
            why = one.missing if part == "media" and one.missing else "not kept"
            typer.echo(f"  {part}: {sha256 or '-'} ({stores or why})")
    for hidden in evidence.hidden_of_case(case):
        typer.echo(
            f"content {hidden.content_id}, captured when it was hidden, {hidden.at:%Y-%m-%d %H:%M} UTC, item"
            f" {hidden.content.item_id}: until people have decided"
        )
    for hold in evidence.holds([case], _now()):
        ends = f"until {hold.until:%Y-%m-%d}" if hold.until else "until it is released"
        typer.echo(f"hold {hold.pk}: {hold.why}, {ends}")
    owed = Obligation.objects.filter(case_id=case, state="owed", kind__in=("preserve", "destroy_preserved"))
    for row in owed.order_by("due_at"):
        begins = f"not before {row.not_before:%Y-%m-%d}" if row.not_before else "now"
        typer.echo(f"{row.kind} ({row.regime}), by {row.by}: {begins}, by {row.due_at:%Y-%m-%d}")


@app.command()
def scrub() -> None:
    """Compare every object with its digest. Names what is missing or damaged; the exit code is 1 then."""
    from answerable.evidence import scrub as scrubbing  # noqa: PLC0415

    done = faulty = 0
    with _told():
        for checked in scrubbing.scrub():
            done += 1
            if checked.fault:
                faulty += 1
                typer.echo(f"{checked.fault}: {checked.stored.store}/{checked.name}", err=True)
    typer.echo(f"{done} objects compared, {faulty} faulty.")
    raise typer.Exit(1 if faulty else 0)


@app.command()
def sweep(
    yes: Annotated[bool, typer.Option("--yes", help="destroy it: it is of no desk and of no backup")] = False,
) -> None:
    """Name what lies in the stores for more than a day and this database doesn't know; with --yes, destroy it."""
    from answerable.evidence import marking  # noqa: PLC0415
    from answerable.evidence import scrub as scrubbing  # noqa: PLC0415
    from answerable.evidence.errors import AnotherDesk  # noqa: PLC0415

    with _told():
        try:
            marking.refuse_another()
        except AnotherDesk as error:
            typer.echo(f"answerable: {error}", err=True)
        names = (
            scrubbing.sweep(looked=True)
            if yes
            else [f"{store}/{name}" for store, name in scrubbing.left_over()]
        )
    for name in names:
        typer.echo(name)
    typer.echo(f"{len(names)} objects {'destroyed' if yes else 'are not known to this database'}.")


@app.command()
def rotate(
    new_key: Annotated[
        bool, typer.Option("--new-key", help="make a new key first: somebody may have this month's")
    ] = False,
) -> None:
    """Encrypt the working store anew, to the newest key, and destroy the older ones."""
    from answerable.evidence.rotate import rotate as rotating  # noqa: PLC0415

    with _told():
        objects, destroyed = rotating(new_key=new_key)
    typer.echo(f"{objects} objects encrypted anew; keys destroyed: {', '.join(destroyed) or 'none'}.")


@app.command()
def hold(
    case: Case,
    as_: As,
    why: Annotated[str, typer.Option(help=REASONS)] = "court",
    until: Annotated[str, typer.Option(help="a day, such as 2028-06-30; without it, until released")] = "",
) -> None:
    """Let nothing of a case be destroyed."""
    from answerable.cases import commands  # noqa: PLC0415
    from answerable.cases.evidence_inputs import HeldFor  # noqa: PLC0415

    with _told():
        ends = datetime.fromisoformat(until).replace(tzinfo=UTC) if until else None
        number = commands.hold_evidence(
            case, person_id=_person(as_), why=HeldFor(why), until=ends, now=_now()
        )
    typer.echo(f"Nothing of case {case} is destroyed: hold {number}.")


@app.command("release-hold")
def release_hold(number: Annotated[int, typer.Argument(help="the number of the hold")], as_: As) -> None:
    """Release a hold, as another one than who placed it."""
    from answerable.cases import commands  # noqa: PLC0415

    with _told():
        commands.release_hold(number, person_id=_person(as_), now=_now())
    typer.echo("Released. What it kept is destroyed when its time has come.")


@app.command()
def ask(
    case: Case,
    as_: As,
    purpose: Annotated[str, typer.Option("--for", help=PURPOSES)],
    request: Annotated[int | None, typer.Option(help="the authority's request that it is to answer")] = None,
    to: Annotated[str, typer.Option(help="with --request: the verified authority whose key gets it")] = "",
) -> None:
    """Ask another custodian to agree that you get a case's encrypted evidence; with --request and --to, that
    authority."""
    from answerable.cases import commands  # noqa: PLC0415
    from answerable.cases.evidence_inputs import OpenedFor  # noqa: PLC0415

    with _told():
        commands.ask_evidence(
            case,
            person_id=_person(as_),
            purpose=OpenedFor(purpose),
            request_id=request,
            recipient=to,
            now=_now(),
        )
    named = f" --to {shlex.quote(to)}" if to else ""
    typer.echo(f"Another custodian agrees with: answerable evidence agree {case} --as NAME{named}")


@app.command()
def agree(
    case: Case,
    as_: As,
    decline: Annotated[bool, typer.Option("--decline", help="say no instead")] = False,
    to: Annotated[str, typer.Option(help="where an authority gets it: the key to which you agree")] = "",
) -> None:
    """Agree, as another custodian, that the one who asked, or the authority that you name, gets a case's evidence,
    once."""
    from answerable.cases import commands  # noqa: PLC0415
    from answerable.cases.inputs import Refused  # noqa: PLC0415
    from answerable.cases.queries import evidence  # noqa: PLC0415

    with _told():
        waiting = evidence.asked(case)
        goes_to = evidence.asked_for(waiting) if waiting is not None else ""
        if waiting is not None and not decline and goes_to != to:
            number = waiting.params.get("request")
            said = f"to {goes_to!r}, as the answer to request {number}" if goes_to else "to the one who asked"
            raise Refused(f"It is to go {said}: who agrees names that, with --to, or without it.")
        commands.answer_evidence(
            case,
            person_id=_person(as_),
            agreed=not decline,
            asked_id=waiting.pk if waiting is not None else None,
            now=_now(),
        )
    typer.echo(
        "Declined." if decline else "Agreed. Who asked takes it with `answerable evidence open` or `export`."
    )


@app.command("open")
def open_(case: Case, file: Annotated[Path, typer.Argument(help="the file to write")], as_: As) -> None:
    """Take the vault's encrypted objects of a case, once another custodian agreed. `age` opens them, elsewhere."""
    _export(case, file, as_, opened=True)


@app.command()
def export(
    case: Case,
    file: Annotated[Path, typer.Argument(help="the file to write")],
    as_: As,
    to: Annotated[str, typer.Option(help="a verified authority, to whose key objects are encrypted")] = "",
    request: Annotated[
        int | None,
        typer.Option(help="with --to: its request, which two people verified and which this answers"),
    ] = None,
) -> None:
    """Write a case's evidence for somebody outside: digests and proofs; with `--to`, the encrypted objects that its
    request covers, too."""
    _export(case, file, as_, recipient=to, request=request)


def _export(
    case: int,
    file: Path,
    name: str,
    *,
    recipient: str = "",
    request: int | None = None,
    opened: bool = False,
) -> None:
    from answerable.cases.models import Person  # noqa: PLC0415
    from answerable.evidence.export import export as exporting  # noqa: PLC0415

    with _told():
        person = Person.objects.get(pk=_person(name))
        made = exporting(case, file, person=person, recipient=recipient, request_id=request, opened=opened)
    typer.echo(
        f"{file}: {made.captures} captures, {made.objects} encrypted objects, {made.left_out} as digests."
    )


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="the exported file")],
    key: Annotated[str, typer.Option(help="the log's public key, as the desk publishes it")] = "",
) -> None:
    """Verify an exported file: the same program as `verify.py` in it."""
    from answerable.evidence.verify import main  # noqa: PLC0415

    raise typer.Exit(main([str(file), *(["--key", key] if key else [])]))


@recipients.command("add")
def add(name: str, key: Annotated[str, typer.Argument(help="their age public key: age1…")], as_: As) -> None:
    """Name an authority's key. Nothing is given to it before another person verified it."""
    from answerable.cases import commands  # noqa: PLC0415
    from answerable.evidence.sealing import is_recipient  # noqa: PLC0415

    with _told():
        if not is_recipient(key):
            raise ValueError("This is no age public key: it begins with age1.")
        commands.add_recipient(name, key, person_id=_person(as_), now=_now())
    typer.echo(
        "Added. Another person calls the authority at a number found elsewhere, has the key read out, and runs"
    )
    typer.echo(f"  answerable evidence recipient verify {name!r} KEY --as NAME")


@recipients.command("verify")
def verify_key(name: str, key: Annotated[str, typer.Argument(help="as they read it out")], as_: As) -> None:
    """Say, as another person, that this is the authority's key."""
    from answerable.cases import commands  # noqa: PLC0415

    with _told():
        commands.verify_recipient(name, key, person_id=_person(as_), now=_now())
    typer.echo("Verified.")


@recipients.command("end")
def end(name: str, as_: As) -> None:
    """Give nothing to this key any more."""
    from answerable.cases import commands  # noqa: PLC0415

    with _told():
        commands.end_recipient(name, person_id=_person(as_), now=_now())
    typer.echo("Ended.")
