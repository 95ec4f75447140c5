"""One door: granian with the configured processes and threads, and no access log (rule 20)."""

import os
from pathlib import Path

from answerable.lineage import die_with_parent
from answerable.settings.config import config

PARENT_VARIABLE = "ANSWERABLE_DOOR"
TARGETS = {"public": "answerable.serve.door:public", "staff": "answerable.serve.door:staff"}


def _application(module: str) -> object:
    """A door's application inside a granian process, which ends with the granian that started it."""
    from importlib import import_module  # noqa: PLC0415

    die_with_parent(int(os.environ[PARENT_VARIABLE]))
    return import_module(module).application


def public() -> object:
    """What granian's processes of the public door call."""
    return _application("answerable.serve.public_wsgi")


def staff() -> object:
    """What granian's processes of the staff door call."""
    return _application("answerable.serve.staff_wsgi")


def run(name: str) -> None:
    """Serve one door until asked to stop."""
    from granian import Granian  # noqa: PLC0415  only a door needs it
    from granian.constants import Interfaces  # noqa: PLC0415
    from granian.log import LogLevels  # noqa: PLC0415

    web = config().web
    os.environ[PARENT_VARIABLE] = str(os.getpid())
    server = Granian(
        TARGETS[name],
        factory=True,
        address=web.address,
        port=web.public_port if name == "public" else web.staff_port,
        interface=Interfaces.WSGI,
        workers=web.processes,
        blocking_threads=web.threads,
        respawn_failed_workers=True,
        respawn_interval=0.2,  # a door whose process died is open again at once
        workers_kill_timeout=10,
        websockets=False,
        log_level=LogLevels.error,
        log_access=False,
        working_dir=Path.cwd(),
    )
    server.serve()
