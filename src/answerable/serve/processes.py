"""Small truths about processes: one desk per data directory, a free port."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class AlreadyRunning(Exception):
    """This desk is already running on this data directory."""


class PortTaken(Exception):
    """Another program listens on a port that this desk needs."""


@contextmanager
def only_one(data: Path) -> Iterator[None]:
    """Hold `<data>/serve.lock`: the kernel frees it, however this process ends. Raises AlreadyRunning."""
    with (data / "serve.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise AlreadyRunning(
                f"A desk already runs on {data} (process {file.read().strip() or 'unknown'}). Stop it first."
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def require_free(address: str, port: int, what: str, advice: str) -> None:
    """Raise PortTaken when nothing new can listen there; `advice` says where to choose another port."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            raise PortTaken(f"Port {port} ({what}) can't be used: {error.strerror}. {advice}") from None
