"""`answerable policy`: check a pack for holes, and write the terms and messages that follow from it.

What this code and this desk can do lies above policy; it is looked up by name when a command needs it.
"""

import os
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from answerable.policy.checks import check as check_pack
from answerable.policy.errors import Hole, PolicyError
from answerable.policy.load import PACKS, load_named, read, read_file
from answerable.policy.pack import Pack
from answerable.policy.render import LANGUAGES
from answerable.policy.render import render as render_pack
from answerable.policy.staff import lacking

app = typer.Typer(no_args_is_help=True)


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="A pack's file, or the name `baseline`.")],
    staff: Annotated[
        bool, typer.Option("--staff", help="Also name what this desk lacks people for.")
    ] = False,
) -> None:
    """Name file, line and reason of every hole of a pack. Exits with 1 where there is one."""
    try:
        pack = _read(file)
        holes: tuple[Hole, ...] = tuple(check_pack(pack, _kinds(), _regimes()))
    except PolicyError as error:
        holes, staff = error.holes, False
    lacks = lacking(pack, _people()) if staff else []
    for line in (*holes, *lacks):
        typer.echo(str(line))
    if holes or lacks:
        raise typer.Exit(1)
    typer.echo(f"{file}: no hole ({pack.pack} {pack.version}, {pack.digest})")


@app.command()
def render(
    lang: Annotated[str, typer.Option("--lang", help="Language of the pack.")] = "en",
    pack: Annotated[str, typer.Option("--pack", help="`baseline`, or a pack's file.")] = "baseline",
    all_regimes: Annotated[
        bool, typer.Option("--all-regimes", help="Under every law of the pack, not only this desk's.")
    ] = False,
) -> None:
    """Write the terms and every automatic message of a pack under this desk's laws, as Markdown.

    Where there is no desk, under every law of the pack.
    """
    try:
        loaded = load_named(pack)
    except PolicyError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    if lang not in loaded.languages or lang not in LANGUAGES:
        known = ", ".join(name for name in loaded.languages if name in LANGUAGES)
        typer.echo(f"{pack} can't be written in {lang!r}: choose one of {known}.", err=True)
        raise typer.Exit(1)
    regimes = None if all_regimes else _regimes() or None
    typer.echo(render_pack(loaded, lang, regimes), nl=False)


@app.command("apply-to-open")
def apply_to_open(
    file: Annotated[Path, typer.Argument(help="The active pack: its file, or the name `baseline`.")],
    by: Annotated[
        list[str] | None, typer.Option(help="Two people who decide it, by pseudonym: --by Petra --by Lena.")
    ] = None,
    do: Annotated[
        bool, typer.Option("--do", help="Do it. Without this, only show what it would do.")
    ] = False,
) -> None:
    """Apply the active pack to cases that are open under an older one. It only adds and shortens."""
    pack = _whole(file)
    if not _has_desk():
        typer.echo("This needs a desk: set ANSWERABLE_DATA, or run `answerable init`.", err=True)
        raise typer.Exit(1)
    _prepare()
    commands: Any = import_module("answerable.cases.commands")
    now = import_module("answerable.clock").now()
    try:
        if do:
            first, second = _two(by or [])
            done = commands.apply_to_open(pack, person_id=first, second_person_id=second, now=now)
        else:
            done = commands.applied_to_open(pack, now=now)
    except import_module("answerable.cases.inputs").Refused as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    for one in done:
        for word, owed in (("adds", one.added), ("shortens", one.shortened)):
            for each in owed:
                typer.echo(
                    f"case {one.case_id}: {word} {each.kind} for {each.subject}, due {each.due_at:%Y-%m-%d %H:%M}"
                )
        for why in one.stays:
            typer.echo(f"case {one.case_id}: stays pinned to its pack: {why}")
    left = sum(1 for one in done if one.stays)
    word = "applied to" if do else "would be applied to"
    typer.echo(f"{pack.pack} {pack.version} {word} {len(done)} open cases; {left} stay pinned to theirs.")


def _whole(file: Path) -> Pack:
    """A pack without a hole; else its holes, and the end."""
    try:
        pack = _read(file)
        holes = tuple(check_pack(pack, _kinds(), _regimes()))
    except PolicyError as error:
        holes = error.holes
    for hole in holes:
        typer.echo(str(hole), err=True)
    if holes:
        raise typer.Exit(1)
    return pack


def _two(names: list[str]) -> tuple[int, int]:
    """The numbers of two people of the desk, by their pseudonyms; the command refuses whoever isn't."""
    person: Any = import_module("answerable.cases.models").Person
    found = [person.objects.filter(pseudonym=name).values_list("pk", flat=True).first() for name in names]
    if len(found) != 2 or None in found:
        typer.echo("Name two people of the desk: --by Petra --by Lena.", err=True)
        raise typer.Exit(1)
    return found[0], found[1]


def _read(file: Path) -> Pack:
    path = PACKS / f"{file}.yaml" if str(file).isidentifier() and not file.exists() else file
    return read(read_file(path), str(file))


def _kinds() -> Mapping[str, object]:
    """Every kind that this code can discharge."""
    if not _has_desk() and not _ready():
        with TemporaryDirectory(prefix="answerable-policy-") as folder:
            return _kinds_on_a_passing_desk(Path(folder))
    _prepare()
    return _registered()


def _kinds_on_a_passing_desk(folder: Path) -> Mapping[str, object]:
    """What the code can do doesn't depend on a desk, but Django needs one to start."""
    name = import_module("answerable.settings.config").DATA_VARIABLE
    import_module("answerable.settings.create").create(folder, sample=False)
    before = os.environ.get(name)
    os.environ[name] = str(folder)
    try:
        _prepare()
        return _registered()
    finally:
        del os.environ[name]
        if before is not None:
            os.environ[name] = before


def _registered() -> Mapping[str, object]:
    import_module("answerable.worker.parties").register()
    return dict(import_module("answerable.obligations.registry").kinds())


def _prepare() -> None:
    if not _ready():
        import_module("answerable.settings.start").prepare()


def _ready() -> bool:
    return bool(import_module("django.apps").apps.ready)


def _has_desk() -> bool:
    config = import_module("answerable.settings.config")
    return bool((config.data_directory() / config.CONFIG_NAME).exists())


def _regimes() -> tuple[str, ...]:
    """The desk's regimes; none where there is no desk."""
    if not _has_desk():
        return ()
    return tuple(import_module("answerable.settings.config").config().desk.regimes)


def _people() -> list[tuple[tuple[str, ...], bool, bool, bool]]:
    """The desk's people. Ends with a sentence where there is no desk to look at."""
    if not _has_desk():
        typer.echo("--staff needs a desk: set ANSWERABLE_DATA, or run `answerable init`.", err=True)
        raise typer.Exit(1)
    staff: Any = import_module("answerable.cases.queries.people").staff
    try:
        return list(staff())
    except import_module("django.db").DatabaseError as error:
        typer.echo(f"The desk's people can't be read: {error}. Run `answerable migrate` first.", err=True)
        raise typer.Exit(1) from error
