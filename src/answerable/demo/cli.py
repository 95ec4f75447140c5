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
from answerable.demo.play import PLATFORMS, REAL, SAMPLE, SVG_NAME, acts_on, play
from answerable.demo.replay import NotQuiet, WouldBeLate
from answerable.demo.sample.visitor import NotPosted
from answerable.demo.stack import StackFailed
from answerable.demo.stage import PlatformMissing
from answerable.demo.table import chart, table
from answerable.demo.targets import ACTS, missed

WENT_WRONG = (
    StackFailed,
    PlatformMissing,
    PageUnexpected,
    NotQuiet,
    WouldBeLate,
    NotPosted,
    httpx.HTTPError,
    ConnectionError,
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
        str | None,
        typer.Option(
            help=f"Which acts, separated by commas: {', '.join(ACTS)}. On a real platform: {acts_on('synapse')[0]}.",
            show_default="all",
        ),
    ] = None,
    platform: Annotated[
        str,
        typer.Option(
            help=f"Where it is played: {', '.join(PLATFORMS)}. All but the first are real, installed before."
        ),
    ] = SAMPLE,
    scale: Annotated[
        float, typer.Option(min=0.001, max=1, help="Part of the full number of reports in the acts of abuse.")
    ] = 1.0,
) -> None:
    """Replay a documented failure on a desk of its own, and measure. Exit code 1 when a target is missed."""
    if platform not in PLATFORMS:
        raise typer.BadParameter(f"choose one of {', '.join(PLATFORMS)}", param_hint="--platform")
    possible = acts_on(platform)
    named = possible if acts is None else {name.strip() for name in acts.split(",")}
    if unknown := sorted(set(named) - set(possible)):
        raise typer.BadParameter(f"not played on {platform}: {', '.join(unknown)}", param_hint="--acts")
    chosen = tuple(act for act in ACTS if act in named)
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
    if platform in REAL:
        print(f"\n{REAL[platform].remark}")
    if keep is not None:
        print(f"\nKept in {keep}" + (f", the drawing in {keep / SVG_NAME}." if figures.views else "."))
