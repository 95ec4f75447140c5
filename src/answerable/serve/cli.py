"""`answerable serve`, `answerable init` and `answerable manage`."""

import os
import signal
import sys
import threading
from typing import Annotated

import typer

from answerable.serve.processes import AlreadyRunning, PortTaken, only_one
from answerable.serve.supervisor import PartFailed, Supervisor
from answerable.settings.config import CONFIG_NAME, DATA_VARIABLE, data_directory
from answerable.settings.create import create
from answerable.settings.start import prepare

WithSample = Annotated[bool, typer.Option("--sample", help="Also run the sample photo-sharing site.")]


def init(
    sample: Annotated[bool, typer.Option("--sample", help="Answer for the sample site, too.")] = False,
) -> None:
    """Write `answerable.toml` with every setting at its default into the data directory."""
    try:
        path = create(data_directory(), sample=sample)
    except FileExistsError:
        _leave(f"{data_directory() / CONFIG_NAME} exists already and was left as it is.")
    print(f"Wrote {path}. Read it, then start the desk: answerable serve")


def manage(context: typer.Context) -> None:
    """Run one of Django's management commands on this desk, such as `migrate` or `shell`."""
    from django.core.management import execute_from_command_line  # noqa: PLC0415

    execute_from_command_line(["answerable manage", *context.args])


def migrate() -> None:
    """Bring the database to this version's shape and make its triggers again."""
    from django.core.management import call_command  # noqa: PLC0415

    call_command("migrate", interactive=False)


def serve(
    sample: WithSample = False,
    demo_data: Annotated[
        bool, typer.Option("--demo-data", help="Fill a new desk: its people, and the sample site's pictures.")
    ] = False,
) -> None:
    """Run the desk: the public door, the staff door and the worker, until Ctrl-C."""
    data = data_directory()
    if not (data / CONFIG_NAME).exists():
        create(data, sample=sample)
        print(f"Wrote a first configuration: {data / CONFIG_NAME}", flush=True)
    os.environ[DATA_VARIABLE] = str(data)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    prepare()
    from answerable.db.triggers import TriggersMissing  # noqa: PLC0415
    from answerable.policy import PolicyError  # noqa: PLC0415
    from answerable.serve import desk  # noqa: PLC0415  needs Django to be set up
    from answerable.serve.preparation import CannotServe, prepare_desk  # noqa: PLC0415

    try:
        with only_one(data):
            parts = desk.parts(data, sample=sample, demo_data=demo_data)
            prepare_desk(data)
            welcome = desk.welcome(sample=sample, demo_data=demo_data)
            _run(Supervisor(parts, stop), welcome)
    except (AlreadyRunning, PortTaken, PartFailed, CannotServe, TriggersMissing, PolicyError) as error:
        _leave(error)


def _run(supervisor: Supervisor, welcome: str) -> None:
    try:
        supervisor.start()
        if not supervisor.stop_asked.is_set():
            print(welcome, flush=True)
        supervisor.watch()
    finally:
        supervisor.stop()
    print("Stopped.", flush=True)


def _leave(message: object) -> None:
    print(f"answerable: {message}", file=sys.stderr)
    raise typer.Exit(2)
