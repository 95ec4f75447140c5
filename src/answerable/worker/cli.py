"""`answerable worker` and `answerable obligations`: typer finds `worker` and `app` here."""

import signal
import sys
import threading
from types import FrameType
from typing import Annotated

import structlog
import typer

from answerable import clock
from answerable.cases.queries.people import staff
from answerable.db.triggers import TriggersMissing
from answerable.obligations import queries, registry
from answerable.obligations.cli import show
from answerable.worker import loop, parties
from answerable.worker.crew import TooManyHang
from answerable.worker.place import WorkerRunsAlready

app = typer.Typer(invoke_without_command=True, help="What is owed, by when, and what is late.")
log = structlog.get_logger(__name__)


def worker() -> None:
    """Keep what software owes, until Ctrl-C or SIGTERM: then what is in hand is finished first."""
    stop = threading.Event()

    def leave(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    try:
        loop.run(stop)
    except (WorkerRunsAlready, TriggersMissing) as error:
        print(f"answerable: {error}", file=sys.stderr)
        raise SystemExit(2) from error
    except TooManyHang as error:
        log.critical("the worker gives up", why=str(error))
        raise SystemExit(1) from error


@app.callback()
def obligations(
    late: Annotated[bool, typer.Option("--late", help="Only what is past its time.")] = False,
    nobody: Annotated[bool, typer.Option("--nobody", help="Only what nobody here can keep.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document instead of a table.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Print at most so many.")] = 500,
) -> None:
    """Print what is owed, what is due first on top. The exit code is 1 when anything is late."""
    parties.register()
    unkept = {one.obligation.pk: one.why for one in queries.nobody_can_keep(staff(), registry.kinds())}
    if show(clock.now(), late=late, nobody=nobody, as_json=as_json, limit=limit, unkept=unkept):
        raise typer.Exit(1)
