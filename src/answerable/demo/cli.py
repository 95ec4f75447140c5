"""`answerable demo`: the documented failure, replayed on a desk of its own, and what abuse would try."""

import json
import signal
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import httpx
import typer

from answerable.demo.acts.story import FIRST_REPORT
from answerable.demo.browser import PageUnexpected
from answerable.demo.figures import Figures
from answerable.demo.matrix.server import SynapseFailed, SynapseMissing
from answerable.demo.play import ACTS_ON, PLATFORMS, SAMPLE, SVG_NAME, SYNAPSE, play
from answerable.demo.replay import NotQuiet, WouldBeLate
from answerable.demo.sample.visitor import NotPosted
from answerable.demo.stack import StackFailed
from answerable.demo.table import chart, table
from answerable.demo.targets import ACTS, missed

WENT_WRONG = (
    StackFailed,
    PageUnexpected,
    NotQuiet,
    WouldBeLate,
    NotPosted,
    httpx.HTTPError,
    ConnectionError,
    SynapseMissing,
    SynapseFailed,
)
INTERRUPTED = 130


def demo(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the measured figures as JSON; what happens goes to stderr.")
    ] = False,
    keep: Annotated[
        Path | None, typer.Option(help="Keep the desk's data in this new directory, with the drawing.")
    ] = None,
    acts: Annotated[
        str, typer.Option(help=f"Which acts, separated by commas: {', '.join(ACTS)}.")
    ] = ",".join(ACTS),
    platform: Annotated[
        str,
        typer.Option(help=f"Where the story is played: {', '.join(PLATFORMS)} (a real Matrix homeserver)."),
    ] = SAMPLE,
    scale: Annotated[
        float, typer.Option(min=0.001, max=1, help="Part of the full number of reports in the acts of abuse.")
    ] = 1.0,
) -> None:
    """Replay a documented failure on a desk of its own, and measure. Exit code 1 when a target is missed."""
    chosen = tuple(act for act in ACTS if act in {name.strip() for name in acts.split(",")})
    if platform not in PLATFORMS:
        raise typer.BadParameter(f"choose {' or '.join(PLATFORMS)}", param_hint="--platform")
    chosen = tuple(act for act in chosen if act in ACTS_ON[platform])
    if unknown := sorted({name.strip() for name in acts.split(",")} - set(ACTS)):
        raise typer.BadParameter(f"unknown: {', '.join(unknown)}", param_hint="--acts")
    if keep is not None and keep.exists() and any(keep.iterdir()):
        raise typer.BadParameter("that directory is not empty: name a new one", param_hint="--keep")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does: everything stopped
    try:
        with nullcontext(keep) if keep is not None else tempfile.TemporaryDirectory() as place:
            data = Path(str(place)).resolve()
            data.mkdir(mode=0o700, parents=True, exist_ok=True)
            figures = play(data, chosen, scale, lambda line: _say(line, as_json), platform)
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None
    except WENT_WRONG as error:
        print(f"answerable: the replay could not go on: {error}", file=sys.stderr)
        raise typer.Exit(2) from error
    _print(figures, as_json, keep, platform)
    lines = missed(figures, chosen)
    for line in lines:
        print(f"Target missed: {line}.", file=sys.stderr)
    raise typer.Exit(1 if lines else 0)


def _say(line: str, as_json: bool) -> None:
    print(line, file=sys.stderr if as_json else sys.stdout, flush=True)


def _print(figures: Figures, as_json: bool, keep: Path | None, platform: str) -> None:
    if as_json:
        print(json.dumps(figures.as_json(), indent=2))
        return
    print(f"\n{table(figures)}\n")
    if figures.views:
        print(chart(figures.views, FIRST_REPORT))
    print(
        "\nWhat is alleged are allegations in a lawsuit (Doe v. Twitter), never tried. The pictures are made by\n"
        "arithmetic. In the acts of abuse the reviewers judge through the desk's commands, not its pages:\n"
        "docs/replay.md says what is replayed, what is measured and what is simulated."
    )
    if platform == SYNAPSE:
        print(
            "\nPlayed on a Matrix homeserver (Synapse), by its client API. It has no reposts and counts no views:\n"
            "the views are the fetches in which a stranger of the replay got a picture, counted by the replay."
        )
    if keep is not None:
        print(f"\nKept in {keep}" + (f", the drawing in {keep / SVG_NAME}." if figures.views else "."))
