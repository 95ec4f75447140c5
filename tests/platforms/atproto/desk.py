"""A whole desk that answers for the network: `answerable serve` on free ports, its people, its database."""

import os
import re
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from answerable.demo.atproto.network import Network
from answerable.demo.atproto.stage import configuration, write_secrets
from answerable.demo.ledger import Ledger
from answerable.demo.reviewer import Reviewer, work
from answerable.demo.stack import free_ports
from answerable.settings.config import CONFIG_NAME, DATA_VARIABLE
from answerable.settings.create import create

READY_WITHIN_SECONDS = 90.0
_LINK = re.compile(r"^ +(\w+) +(http://localhost:\d+/link/\S+)$", re.MULTILINE)


class ServedDesk:
    """The process tree of a desk. A context manager; everything that it says is in `serve.log`."""

    def __init__(self, data: Path, network: Network, purge: str) -> None:
        public, staff = free_ports(2)
        self.data = data
        self.public_url = f"http://localhost:{public}"
        self.staff_url = f"http://localhost:{staff}"
        path = create(data, sample=False, environment="test", public_port=public, staff_port=staff)
        path.write_text(
            path.read_text().replace("urls = []", 'urls = ["json://127.0.0.1:9/"]', 1)
            + configuration(network, purge)
        )
        write_secrets(data)
        assert (data / CONFIG_NAME).exists()
        self.ledger = Ledger(data)
        self.people: dict[str, Reviewer] = {}
        self._log = data / "serve.log"
        own = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
        self.environment = {**own, DATA_VARIABLE: str(data)}

    def __enter__(self) -> "ServedDesk":
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "answerable.cli", "serve", "--demo-data"],
                env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        limit = time.monotonic() + READY_WITHIN_SECONDS
        while "Ctrl-C stops everything." not in self._log.read_text():
            if self._process.poll() is not None or time.monotonic() > limit:
                self.__exit__()
                raise AssertionError(f"the desk did not start:\n{self._log.read_text()[-3000:]}")
            time.sleep(0.1)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(20)
        self._process.kill()
        self._process.wait()

    def hire(self, violating: list[bytes], *names: str) -> None:
        """Sign people in, who recognise a picture by its fingerprint among those that are violating."""
        links = dict(_LINK.findall(self._log.read_text()))
        for name in names:
            self.people[name] = Reviewer(name, self.staff_url, links[name], violating)

    def work(self, minutes: float) -> int:
        """Have all of them keep what is due within so many minutes."""
        from datetime import UTC, datetime, timedelta

        return work(list(self.people.values()), datetime.now(UTC) + timedelta(minutes=minutes))

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """One command of `answerable` on this desk."""
        return subprocess.run(
            [sys.executable, "-m", "answerable.cli", *arguments],
            env=self.environment, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip

    def item(self, ref: str) -> tuple[str, str]:
        """What is wanted of an item, and what was seen; empty while it is unknown."""
        rows = self.ledger.rows("SELECT wanted, seen FROM cases_item WHERE ref = ?", [ref])
        return (str(rows[0][0]), str(rows[0][1])) if rows else ("", "")

    def log(self) -> str:
        """What its processes said."""
        return self._log.read_text()
