"""The process tree: what starts, waits, falls, dies together."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from answerable.serve import processes, supervisor
from answerable.serve.supervisor import Part, PartFailed, Supervisor


class Script(Part):
    """A part that runs a few lines of Python instead of a piece of the desk."""

    def start(self):
        self.process = subprocess.Popen([sys.executable, "-c", *self.arguments], start_new_session=True)
        self.started_at, self.start_again_at = time.monotonic(), None


def runs_until(condition, *, within_seconds=20.0):
    """Wait for another process to do what was asked of it."""
    limit = time.monotonic() + within_seconds
    while not condition():
        assert time.monotonic() < limit, "it never happened"
        time.sleep(0.02)


def is_alive(pid):
    """Whether a process runs (a zombie doesn't)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


WAIT = "import signal; signal.pause()"


@pytest.fixture
def running():
    """Starts supervisors, and ends whatever a test leaves."""
    made = []

    def make(*parts):
        made.append(Supervisor(parts, threading.Event()))
        return made[-1]

    yield make
    for one in made:
        one.stop()


def test_it_waits_until_every_part_is_ready(tmp_path, running):
    mark = tmp_path / "mark"
    script = f"import pathlib; pathlib.Path({str(mark)!r}).touch(); {WAIT}"
    running(Script("slow", mark.exists, [script])).start()
    assert mark.exists()


def test_a_part_that_falls_before_it_is_ready_stops_the_start(running):
    steady = Script("steady", lambda: True, [WAIT])
    with pytest.raises(PartFailed, match="`broken` ended"):
        running(steady, Script("broken", lambda: False, ["raise SystemExit(3)"])).start()
    assert steady.ended() is not None


def test_a_part_that_falls_is_started_again(running):
    part = Script("part", lambda: True, [WAIT])
    desk = running(part)
    desk.start()
    first = part.process.pid
    thread = threading.Thread(target=desk.watch)
    thread.start()
    os.kill(first, signal.SIGKILL)
    runs_until(lambda: part.process.pid != first)
    assert part.failures == 1
    desk.stop_asked.set()
    thread.join(10)
    assert not thread.is_alive()


def test_the_pause_before_a_restart_doubles_and_ends_at_half_a_minute(running):
    part = Script("part", lambda: True, ["pass"])
    desk = running(part)
    part.start()
    pauses = []
    for _ in range(10):
        now = time.monotonic()
        desk._plan_restart(part, 1, now)
        pauses.append(part.start_again_at - now)
    assert pauses[:3] == pytest.approx([0.25, 0.5, 1.0])
    assert pauses[-1] == pytest.approx(supervisor.LONGEST_PAUSE_SECONDS)


def test_a_part_that_ignores_the_request_is_ended_with_all_that_it_started(running, monkeypatch):
    monkeypatch.setattr(supervisor, "STOP_WITHIN_SECONDS", 0.3)
    stubborn = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {WAIT}"
    part = Script("stubborn", lambda: True, [stubborn])
    desk = running(part)
    desk.start()
    desk.stop()
    assert part.ended() is not None


def test_a_part_dies_when_its_supervisor_is_killed(tmp_path):
    note = tmp_path / "pid"
    child = (
        "import os, pathlib, signal, sys; from answerable.lineage import die_with_parent;"
        f"die_with_parent(int(sys.argv[1])); pathlib.Path({str(note)!r}).write_text(str(os.getpid())); signal.pause()"
    )
    parent = (
        "import os, signal, subprocess, sys;"
        f"subprocess.Popen([sys.executable, '-c', {child!r}, str(os.getpid())], start_new_session=True);"
        "signal.pause()"
    )
    process = subprocess.Popen([sys.executable, "-c", parent])
    runs_until(lambda: note.exists() and note.read_text())
    process.kill()
    process.wait()
    runs_until(lambda: not is_alive(int(note.read_text())))


def test_a_taken_port_is_named_with_what_to_do():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(processes.PortTaken, match=f"Port {port} .the console.*choose another"):
            processes.require_free("127.0.0.1", port, "the console", "Stop it, or choose another.")


def test_a_second_desk_on_the_same_data_is_refused(tmp_path):
    with (
        processes.only_one(tmp_path),
        pytest.raises(processes.AlreadyRunning, match=str(os.getpid())),
        processes.only_one(tmp_path),
    ):
        pass


def test_the_lock_is_free_again_afterwards(tmp_path):
    for _ in range(2):
        with processes.only_one(tmp_path):
            assert (tmp_path / "serve.lock").exists()
