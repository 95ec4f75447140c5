"""`kill -9` in the middle of the real command, and the same command again."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from django.db import connection

from answerable.audit.models import AuditEntry
from answerable.cases.models import Backfill, Item, ItemContent
from tests.media.pictures import encoded, landscape
from tests.support.desks import Desk

FILES = 300
SETTINGS = {"DJANGO_SETTINGS_MODULE": "answerable.settings.desk"}
WITHIN_SECONDS = 60.0


def _command(library: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "answerable.cli", "backfill", str(library), "--platform", "sample", *more]


def _reached() -> int:
    """How many pieces the desk knows to be done."""
    row = Backfill.objects.first()
    return row.counts.get("seen", 0) if row else 0


def test_a_killed_backfill_goes_on_and_nothing_is_registered_twice(
    fresh_database: Desk, tmp_path: Path
) -> None:
    library = tmp_path / "uploads"
    library.mkdir()
    one = encoded(landscape(64, 48), "JPEG")
    for number in range(
        FILES
    ):  # the end of a JPEG may be followed by anything: other files, the same picture
        (library / f"{number:04}.jpg").write_bytes(one + b"%d" % number)
    environment = {**fresh_database.environment, **SETTINGS}
    killed_at = []
    for _ in range(2):
        before = _reached()
        process = subprocess.Popen(
            _command(library),
            env=environment,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + WITHIN_SECONDS
        while _reached() <= before and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
        connection.close()
        killed_at.append(_reached())
        assert Item.objects.count() == ItemContent.objects.count() == _reached()
    ended = subprocess.run(
        _command(library),
        check=False,
        env=environment,
        capture_output=True,
        text=True,
        timeout=WITHIN_SECONDS,
    )
    assert ended.returncode == 0, ended.stderr
    assert f"{FILES} files" in ended.stdout
    assert 0 < killed_at[0] < FILES, killed_at
    shown = set(Item.objects.values_list("ref", "content__sha256"))
    files = {(file.name, hashlib.sha256(file.read_bytes()).hexdigest()) for file in library.iterdir()}
    assert shown == files
    assert ItemContent.objects.count() == FILES
    assert AuditEntry.objects.filter(kind="backfill_begun").count() == 1
    assert AuditEntry.objects.filter(kind="backfill_ended").count() == 1


def test_asked_to_stop_it_keeps_what_it_read_and_says_how_to_go_on(
    fresh_database: Desk, tmp_path: Path
) -> None:
    library = tmp_path / "uploads"
    library.mkdir()
    one = encoded(landscape(64, 48), "JPEG")
    for number in range(40):
        (library / f"{number:04}.jpg").write_bytes(one + b"%d" % number)
    environment = {**fresh_database.environment, **SETTINGS}
    process = subprocess.Popen(
        _command(library, "--per-second", "5"),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + WITHIN_SECONDS
    while not Backfill.objects.exists() and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGTERM)
    told, more = process.communicate(timeout=WITHIN_SECONDS)
    assert process.returncode == 3, more
    assert "The same command goes on from here" in more
    row = Backfill.objects.get()
    assert row.counts.get("seen", 0) == Item.objects.count() < 40
    assert f"{Item.objects.count()} files" in told
    assert row.ended_at is None
