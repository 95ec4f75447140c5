"""Starts the parts of a desk, waits until each is ready, starts again what falls, stops all of it."""

import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import structlog

log = structlog.get_logger(__name__)
READY_WITHIN_SECONDS = 60.0
STOP_WITHIN_SECONDS = 12.0
LONGEST_PAUSE_SECONDS = 30.0
STEADY_SECONDS = 60.0


class PartFailed(Exception):
    """A part of the desk ended before it was ready."""


@dataclass
class Part:
    """One child process. `ready` says whether it does its work yet."""

    name: str
    ready: Callable[[], bool]
    arguments: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    failures: int = 0
    start_again_at: float | None = None

    def start(self) -> None:
        """Start it in a group of its own: Ctrl-C reaches the supervisor, which ends its parts in order."""
        self.process = subprocess.Popen(  # noqa: S603  our own interpreter and modules
            [sys.executable, "-m", "answerable.serve.child", str(os.getpid()), self.name, *self.arguments],
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.started_at = time.monotonic()
        self.start_again_at = None

    def ended(self) -> int | None:
        """Its exit code once it ended, None while it runs."""
        return None if self.process is None else self.process.poll()

    def signal(self, number: int) -> None:
        """Send a signal to the part and whatever it started."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)


def answers(port: int, path: str = "/ready", address: str = "127.0.0.1") -> Callable[[], bool]:
    """A readiness check: whether `GET path` on that port says 200."""

    def check() -> bool:
        connection = http.client.HTTPConnection(address, port, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return check


class Supervisor:
    """Holds the parts of one desk. Only the thread that made it starts and stops them."""

    def __init__(self, parts: Sequence[Part], stop: threading.Event) -> None:
        """`stop` ends `watch`; a signal handler or another thread sets it."""
        self.parts = parts
        self.stop_asked = stop

    def start(self) -> None:
        """Start all, and wait until each is ready. Raises PartFailed, with all of them stopped."""
        for part in self.parts:
            part.start()
        limit = time.monotonic() + READY_WITHIN_SECONDS
        waiting = list(self.parts)
        while waiting and not self.stop_asked.is_set():
            for part in waiting:
                code = part.ended()
                if code is not None:
                    self.stop()
                    raise PartFailed(
                        f"`{part.name}` ended ({code}) before it was ready: see its messages above."
                    )
            waiting = [part for part in waiting if not part.ready()]
            if waiting and time.monotonic() > limit:
                names = ", ".join(part.name for part in waiting)
                self.stop()
                raise PartFailed(f"Not ready within {READY_WITHIN_SECONDS:.0f} seconds: {names}.")
            self.stop_asked.wait(0.05)

    def watch(self) -> None:
        """Start again whatever ends, after a pause that doubles while it keeps falling, until stopped."""
        while not self.stop_asked.wait(0.2):
            now = time.monotonic()
            for part in self.parts:
                if part.start_again_at is not None:
                    if now >= part.start_again_at:
                        part.start()
                elif (code := part.ended()) is not None:
                    self._plan_restart(part, code, now)

    def _plan_restart(self, part: Part, code: int, now: float) -> None:
        part.signal(signal.SIGKILL)  # what it left behind would hold its port or its lock
        part.failures = 1 if now - part.started_at > STEADY_SECONDS else part.failures + 1
        pause = min(LONGEST_PAUSE_SECONDS, 0.25 * 2 ** (part.failures - 1))
        part.start_again_at = now + pause
        log.error("part ended, starting it again", part=part.name, exit_code=code, pause_seconds=pause)

    def stop(self) -> None:
        """Ask every part to finish what it has in hand, and end what does not in time."""
        running = [part for part in self.parts if part.process is not None]
        for part in running:
            if part.process is not None and part.ended() is None:
                part.process.terminate()
        limit = time.monotonic() + STOP_WITHIN_SECONDS
        for part in running:
            if part.process is not None:
                with suppress(subprocess.TimeoutExpired):
                    part.process.wait(max(0.1, limit - time.monotonic()))
                part.signal(signal.SIGKILL)
                part.process.wait()
