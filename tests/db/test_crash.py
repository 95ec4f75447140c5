"""Crash points do nothing until a test arms them; then every commit is one."""

import signal
import subprocess
import sys

import pytest
from django.db import transaction

from answerable.db import crash, personal
from answerable.db.models import PersonalText
from tests.support.desks import Desk

WRITE = """
from answerable.settings.start import prepare
prepare()
from django.db import transaction
from answerable.db import personal
for text in ("first", "second"):
    with transaction.atomic():
        personal.seal("message", text).save()
print("done", flush=True)
"""


def write(desk: Desk, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", WRITE],
        env=fresh(desk) | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def fresh(desk: Desk) -> dict[str, str]:
    return {k: v for k, v in desk.environment.items() if k != "DJANGO_SETTINGS_MODULE"}


def texts() -> list[str]:
    return [personal.open_text(row) for row in PersonalText.objects.order_by("pk")]


def test_every_commit_is_a_point_before_and_after(fresh_database: Desk) -> None:
    reached: list[str] = []
    with crash.arm(reached.append):
        with transaction.atomic():
            PersonalText.objects.count()
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            raise ZeroDivisionError
    assert reached == ["commit", "committed"]


def test_unarmed_a_point_is_nothing() -> None:
    crash.point("anything")


def test_a_process_killed_before_its_commit_wrote_nothing(fresh_database: Desk) -> None:
    ended = write(fresh_database, ANSWERABLE_CRASH_AT="commit:1")
    assert (ended.returncode, ended.stdout) == (-signal.SIGKILL, "")
    assert texts() == []
    with transaction.atomic():  # and left no lock behind
        personal.seal("message", "after").save()
    assert texts() == ["after"]


def test_a_process_killed_after_its_commit_wrote_all_of_it(fresh_database: Desk) -> None:
    assert write(fresh_database, ANSWERABLE_CRASH_AT="committed:1").returncode == -signal.SIGKILL
    assert texts() == ["first"]


def test_any_point_counts_with_a_star(fresh_database: Desk) -> None:
    assert write(fresh_database, ANSWERABLE_CRASH_AT="*:3").returncode == -signal.SIGKILL
    assert texts() == ["first"]


def test_past_its_last_point_a_process_lives(fresh_database: Desk) -> None:
    ended = write(fresh_database, ANSWERABLE_CRASH_AT="commit:3")
    assert (ended.returncode, ended.stdout) == (0, "done\n")


def test_a_desk_in_production_can_not_be_armed(fresh_database: Desk) -> None:
    path = fresh_database.data / "answerable.toml"
    path.write_text(path.read_text().replace('environment = "test"', 'environment = "production"'))
    assert write(fresh_database, ANSWERABLE_CRASH_AT="commit:1").returncode == 0


@pytest.mark.parametrize("where", ["commit", "commit:", ":1", "commit:0", "commit:x"])
def test_a_point_that_says_no_number_is_refused(where: str) -> None:
    with pytest.raises(ValueError, match="ANSWERABLE_CRASH_AT"):
        crash.killing_at(where)
