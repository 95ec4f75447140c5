"""The whole desk as an operator starts it: its processes, its addresses, its end."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.serve.test_supervisor import is_alive, runs_until

from answerable.settings.create import create

START = [sys.executable, "-m", "answerable.cli", "serve", "--sample", "--demo-data"]
WITHIN_SECONDS = 90.0


def free_ports(count):
    """Ports that nobody listens on, found together so that they differ."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def get(port, path):
    """Status and text of a page, as a browser on this machine would ask for it."""
    connection = http.client.HTTPConnection("localhost", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), answer.headers
    finally:
        connection.close()


def children_of(pid):
    """Numbers of all processes below this one."""
    direct = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return direct + [below for child in direct for below in children_of(child)]


@dataclass
class Running:
    """A started desk: its process, its ports, and what it has printed."""

    process: subprocess.Popen
    ports: list
    output: Path

    def printed(self):
        return self.output.read_text()

    def wait_until_ready(self):
        def ready():
            assert self.process.poll() is None, self.printed()
            return "Ctrl-C stops everything." in self.printed()

        runs_until(ready, within_seconds=WITHIN_SECONDS)

    def stop(self, number=signal.SIGINT):
        self.process.send_signal(number)
        return self.process.wait(30)


@pytest.fixture
def desk(tmp_path):
    """Starts desks on one data directory; whatever runs at the end is ended."""
    data, ports, started = tmp_path / "data", free_ports(3), []
    create(data, sample=True, public_port=ports[0], staff_port=ports[1], sample_port=ports[2])
    environment = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}

    def start(**more):
        output = tmp_path / f"output-{len(started)}"
        with output.open("wb") as file:
            process = subprocess.Popen(
                START, env={**environment, "ANSWERABLE_DATA": str(data), **more}, stdout=file, stderr=file
            )
        started.append(Running(process, ports, output))
        return started[-1]

    start.ports = ports
    yield start
    for one in started:
        if one.process.poll() is None:
            one.stop(signal.SIGTERM)


def test_a_new_desk_opens_its_doors_and_a_second_start_is_quick_and_keeps_the_data(desk):
    first = desk()
    first.wait_until_ready()
    public, staff, _sample = first.ports
    assert [get(port, "/ready")[0] for port in first.ports] == [200, 200, 200]
    for port in first.ports:
        assert f"http://localhost:{port}" in first.printed()
    link = re.search(rf"http://localhost:{staff}(/link/\S+)", first.printed())[1]
    assert get(staff, link)[0] == 200
    assert get(staff, "/")[0] == 302
    status, page, headers = get(public, "/en/")
    assert (status, "default-src 'none'" in headers["Content-Security-Policy"]) == (200, True)
    assert "<form" in page or "href" in page
    assert first.stop() == 0
    assert "Traceback" not in first.printed()

    begun = time.monotonic()
    second = desk()
    second.wait_until_ready()
    assert time.monotonic() - begun < 30
    assert get(staff, link)[0] == 410  # the data are the same, and a newer link ends an older
    newer = re.search(rf"http://localhost:{staff}(/link/\S+)", second.printed())[1]
    assert get(staff, newer)[0] == 200
    assert second.stop(signal.SIGTERM) == 0


def test_nothing_survives_a_killed_supervisor(desk):
    running = desk()
    running.wait_until_ready()
    below = children_of(running.process.pid)
    assert len(below) >= 4
    running.process.kill()
    running.process.wait()
    runs_until(lambda: not any(is_alive(pid) for pid in below))


def test_a_killed_worker_is_started_again(desk):
    running = desk()
    running.wait_until_ready()
    worker = next(pid for pid in children_of(running.process.pid) if _says(pid, "worker"))
    os.kill(worker, signal.SIGKILL)
    runs_until(lambda: any(_says(pid, "worker") for pid in children_of(running.process.pid) if pid != worker))
    assert '"part": "worker"' in running.printed()


def test_a_taken_port_is_said_and_nothing_starts(desk):
    with socket.socket() as other:
        other.bind(("127.0.0.1", desk.ports[0]))
        other.listen()
        started = desk()
        assert started.process.wait(60) == 2
    assert "the public pages" in started.printed()
    assert "Traceback" not in started.printed()


def test_a_production_desk_refuses_a_moved_clock(desk, tmp_path):
    (tmp_path / "clock").write_text("3600")
    started = desk(ANSWERABLE_CLOCK_FILE=str(tmp_path / "clock"))
    assert started.process.wait(60) == 2
    assert "ANSWERABLE_CLOCK_FILE" in started.printed()


def _says(pid, name):
    words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    return name.encode() in words
