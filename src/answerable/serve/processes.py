"""Small truths about processes: one that dies with its parent, one desk per data directory, a free port."""

import ctypes
import fcntl
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PR_SET_PDEATHSIG = 1


class AlreadyRunning(Exception):
    """This desk is already running on this data directory."""


class PortTaken(Exception):
    """Another program listens on a port that this desk needs."""


def die_with_parent(parent: int | None = None) -> None:
    """Ask the kernel to end this process when the one that started it ends, however it ends (Linux).

    `parent` is the number of the process that should be the parent: if it is gone already, leave at once.
    """
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if parent is not None and os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


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
