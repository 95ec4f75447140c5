"""A desk of the replay's own: `answerable serve --sample` in a temporary directory, on ports that are free."""

import os
import re
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from datetime import datetime
from pathlib import Path

from answerable.clock import CLOCK_FILE_VARIABLE
from answerable.demo.timepiece import Timepiece
from answerable.settings.config import DATA_VARIABLE
from answerable.settings.create import create

READY_WITHIN_SECONDS = 90.0
STOP_WITHIN_SECONDS = 20.0
_LINK = re.compile(r"^ +(\w+) +(http://localhost:\d+/link/\S+)$", re.MULTILINE)


class StackFailed(Exception):
    """The replay's own desk did not start, or one of its commands failed. Its messages are in serve.log."""


def free_ports(number: int) -> list[int]:
    """Ports of this machine on which nothing listens."""
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(number)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


class Stack:
    """The process tree of one desk with its sample site. A context manager; it ends with this process."""

    def __init__(self, data: Path, begin: datetime, pager_url: str, platforms: str = "") -> None:
        """`platforms`: more of them, as `answerable.toml` writes them."""
        public, staff, sample = free_ports(3)
        self.data = data
        self.public_url = f"http://localhost:{public}"
        self.staff_url = f"http://localhost:{staff}"
        self.sample_url = f"http://localhost:{sample}"
        path = create(
            data,
            sample=True,
            environment="demo",
            name="Answerable, replay",
            public_port=public,
            staff_port=staff,
            sample_port=sample,
        )
        text = path.read_text().replace("urls = []", f'urls = ["{pager_url}"]', 1)
        path.write_text(text + platforms)
        self.time = Timepiece(data / "clock", begin)
        own = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
        self._environment = {**own, DATA_VARIABLE: str(data), CLOCK_FILE_VARIABLE: str(self.time.path)}
        self._log = data / "serve.log"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Stack":
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  our own interpreter and module
                [sys.executable, "-m", "answerable.demo.child", str(os.getpid()), "serve"],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches the replay, which ends its desk in order
            )
        limit = time.monotonic() + READY_WITHIN_SECONDS
        while "Ctrl-C stops everything." not in self._log.read_text():
            if self._process.poll() is not None or time.monotonic() > limit:
                self.stop()
                raise StackFailed(f"The replay's desk did not start:\n{self._log.read_text()[-2000:]}")
            time.sleep(0.1)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the desk and all its parts."""
        if self._process is None:
            return
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_WITHIN_SECONDS)
        self._process.kill()
        self._process.wait()

    def first_links(self) -> dict[str, str]:
        """The one-time sign-in links that the desk printed when it was ready, by pseudonym."""
        return dict(_LINK.findall(self._log.read_text()))

    def command(self, *arguments: str, module: str = "answerable.cli") -> subprocess.CompletedProcess[str]:
        """Run one `answerable` command on this desk; gives its exit code and output."""
        return subprocess.run(  # noqa: S603  our own interpreter and module
            [sys.executable, "-m", module, *arguments],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def child(self, role: str) -> "subprocess.Popen[str]":
        """A process on this desk's data that is talked to line by line and ends with this one."""
        return subprocess.Popen(  # noqa: S603  our own interpreter and module
            [sys.executable, "-m", "answerable.demo.child", str(os.getpid()), role],
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log.open("ab"),
            text=True,
            start_new_session=True,
        )
