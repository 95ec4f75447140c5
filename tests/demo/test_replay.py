"""The replay itself, small: its own desk, every door, every act; and that it ends with its parent."""

import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

Replayed = tuple[subprocess.CompletedProcess[str], Path]
TARGETS = {
    "reports_needed": 1,
    "views_after_first_notice": 0,
    "refused_by_one_person": False,
    "answer_reopened": True,
    "document_asked": False,
    "obligations_late": 0,
    "receipt_verified": True,
    "audit_verified": True,
}


def demo(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `answerable demo` as a user does."""
    return subprocess.run(
        [sys.executable, "-m", "answerable.cli", "demo", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Replayed:
    """All acts, small, replayed once for all tests of this module; and where the data were kept."""
    kept = tmp_path_factory.mktemp("replay") / "kept"
    return demo("--json", "--scale", "0.005", "--keep", str(kept)), kept


def test_the_story_ends_as_the_design_asks(replayed: Replayed) -> None:
    ran, _kept = replayed
    figures = json.loads(ran.stdout)
    assert {name: figures[name] for name in TARGETS} == TARGETS, ran.stderr
    assert figures["copies_verified_gone"] == figures["copies_found"] == figures["copies_total"] == 11
    assert figures["reuploads_blocked"] == figures["reuploads_tried"] > 0
    assert figures["later_uploads_held"] is True


def test_the_exit_code_says_whether_every_target_was_reached(
    replayed: Replayed,
) -> None:
    ran, _kept = replayed
    missed = [line for line in ran.stderr.splitlines() if line.startswith("Target missed")]
    assert ran.returncode == (1 if missed else 0)
    assert all("seconds" in line for line in missed), "a busy machine may be slow, and nothing else"


def test_the_views_are_drawn_where_the_data_are_kept(
    replayed: Replayed,
) -> None:
    drawing = (replayed[1] / "views.svg").read_text()
    assert drawing.startswith("<svg")
    assert "first report" in drawing


def test_what_abuse_tries_fails_and_what_was_wrong_is_put_back(replayed: Replayed) -> None:
    ran, _kept = replayed
    figures = json.loads(ran.stdout)
    assert figures["innocent_times_hidden"] == 1, ran.stderr
    assert figures["innocent_hidden_minutes"] < 60
    assert figures["innocent_restored"] is True
    assert figures["author_items_hidden_unlooked"] <= 10
    assert figures["author_items_restored"] is True
    assert figures["seconds_to_hidden_in_flood"] < 60
    assert figures["overturned_put_back"] is True


def test_an_unknown_act_is_refused_by_name() -> None:
    ran = demo("--acts", "opera")
    assert ran.returncode == 2
    assert "opera" in ran.stderr


def test_a_directory_that_holds_something_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    ran = demo("--keep", str(tmp_path))
    assert ran.returncode == 2
    assert "not empty" in ran.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_ending_the_replay_ends_its_desk(number: signal.Signals, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    command = [sys.executable, "-m", "answerable.cli", "demo", "--acts", "story", "--keep", str(kept)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as replay:
        assert replay.stdout is not None
        while "It is up" not in (line := replay.stdout.readline()):
            assert line, "the desk never started"
        running = [os.pidfd_open(pid) for pid in mine(kept)]
        assert len(running) >= 5
        replay.send_signal(number)
        replay.wait(60)
    for process in running:
        ended, _, _ = select.select([process], [], [], 30)
        assert ended, "a part of the desk outlived the replay"
        os.close(process)


def mine(data: Path) -> list[int]:
    """Processes whose environment names that data directory: the desk and its parts."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                environment = (entry / "environ").read_bytes()
            except OSError:
                continue
            if f"ANSWERABLE_DATA={data}".encode() in environment.split(b"\0"):
                found.append(int(entry.name))
    return found
