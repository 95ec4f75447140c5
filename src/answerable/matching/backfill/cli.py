"""`answerable backfill`: hash an existing library and register it."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated, Final

import typer

DONE, SOME_UNREADABLE, WRONG, STOPPED = 0, 1, 2, 3
POLITE_PER_SECOND: Final = 20.0
"""Requests to a live platform, where nothing else is said."""
NICENESS: Final = 10
"""Of hashing: the desk's own processes go first."""


def backfill(
    sources: Annotated[
        list[str], typer.Argument(metavar="PATH|URL…", help="a folder, s3://bucket/prefix, or platform:NAME")
    ],
    *,
    platform: Annotated[str, typer.Option(help="whose items the files of a folder or bucket are")] = "",
    ref_from: Annotated[
        str, typer.Option(help="relative-path, name, stem, or a regular expression with (?P<ref>…)")
    ] = "relative-path",
    url: Annotated[str, typer.Option(help="their addresses: https://photos.example/p/{ref}")] = "",
    account: Annotated[str, typer.Option(help="their authors, such as {account} of the expression")] = "",
    kind: Annotated[str, typer.Option(help="image, video, profile; without it, by the bytes")] = "",
    rows: Annotated[
        Path | None, typer.Option("--list", help="CSV: path,ref and url,account,kind,posted_at,views")
    ] = None,
    again: Annotated[bool, typer.Option(help="start over, and hash what is known again")] = False,
    dry_run: Annotated[bool, typer.Option(help="hash and screen, write nothing")] = False,
    per_second: Annotated[
        float | None, typer.Option(min=0, help="requests or files a second; 0: no limit (platform: 20)")
    ] = None,
    workers: Annotated[int, typer.Option(min=0, help="decoders; 0: one for each core")] = 0,
    held_at_most: Annotated[
        int, typer.Option(min=0, help="stop when so many more wait for a look; 0: never")
    ] = 500,
    problems: Annotated[Path | None, typer.Option(help="a file that names all that can't be read")] = None,
) -> None:
    """Hash an existing library and register it as items, so that copies in it are found.

    It may be killed at any moment: the same command goes on where it was, and a library that was read to its end
    is only searched for what is new. What matches a hash list is hidden until a person looks, as an upload is.

    The exit code is 0 when all was read, 1 when something could not be, 2 when it could not go on, and 3 when it was
    stopped: by Ctrl-C, or because as many as --held-at-most wait for a look.
    """
    from answerable.matching.backfill.naming import Naming  # noqa: PLC0415  needs Django to be ready
    from answerable.matching.backfill.session import Asked, CannotGoOn, run  # noqa: PLC0415
    from answerable.platforms.base import ItemKind  # noqa: PLC0415

    if kind and kind not in set(ItemKind):
        raise typer.BadParameter(f"write {', '.join(ItemKind)}", param_hint="--kind")
    naming = Naming(platform, ref_from, url, account, kind)
    worst = DONE
    with _stopped_by_signals() as stop:
        for source in sources:
            polite = POLITE_PER_SECOND if source.startswith("platform:") else 0.0
            asked = Asked(
                source=source,
                naming=naming,
                rows=rows,
                again=again,
                dry_run=dry_run,
                per_second=polite if per_second is None else per_second,
                workers=workers or os.cpu_count() or 1,
                held_at_most=held_at_most,
                niceness=NICENESS,
                problems=problems,
            )
            try:
                outcome = run(asked, stop)
            except CannotGoOn as error:
                typer.echo(str(error), err=True)
                raise typer.Exit(STOPPED if error.is_wish else WRONG) from error
            typer.echo(outcome.summary)
            if not outcome.is_end:
                typer.echo("Stopped. The same command goes on from here.", err=True)
                raise typer.Exit(STOPPED)
            worst = max(worst, SOME_UNREADABLE if outcome.problems else DONE)
    raise typer.Exit(worst)


@contextmanager
def _stopped_by_signals() -> Iterator[threading.Event]:
    """Ctrl-C and SIGTERM end it after what is in hand; a second Ctrl-C ends it at once."""
    stop = threading.Event()

    def leave(number: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.signal(number, signal.SIG_DFL)

    before = {number: signal.signal(number, leave) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
