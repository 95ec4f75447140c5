"""Screening, as a platform meets it: with real files, a real database, and other processes."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime

import pytest
from django.db import connection, transaction
from PIL import Image

from answerable.cases.models import Account
from answerable.matching import known as known_module
from answerable.matching.known import IndexStale, Known
from answerable.matching.match_ids import UnknownMatch, unseal
from answerable.matching.screening import AccountRef, screen, screen_each
from answerable.matching.verdicts import Verdict
from answerable.media import Fingerprints, fingerprint
from tests.matching.rows import change
from tests.media.pictures import encoded, landscape
from tests.support.desks import Desk

FILE = encoded(landscape(seed=7))
RESIZED = encoded(landscape(seed=7).resize((240, 150)), "JPEG", quality=70)
OTHER = encoded(landscape(seed=9))


@pytest.fixture(autouse=True)
def fresh_view(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that knows nothing yet."""
    monkeypatch.setattr(known_module, "_known", Known())


def confirm(data: bytes, hash_list: str = "own.confirmed") -> None:
    """Put a file on a list, as a decision does."""
    prints = fingerprint(data)
    assert prints.pdq is not None
    change("add", "sha256", bytes.fromhex(prints.sha256), hash_list)
    change("add", "pdq", prints.pdq, hash_list)


@pytest.mark.django_db
def test_the_identical_confirmed_file_is_blocked_and_a_near_one_held() -> None:
    confirm(FILE)
    assert screen(fingerprint(FILE)).verdict is Verdict.BLOCK
    assert screen(fingerprint(RESIZED)).verdict is Verdict.HOLD
    assert screen(fingerprint(OTHER)).verdict is Verdict.CLEAR


@pytest.mark.django_db
@pytest.mark.parametrize("turn", list(Image.Transpose))
def test_a_confirmed_picture_is_held_however_it_is_turned(turn: Image.Transpose) -> None:
    confirm(FILE)
    turned = landscape(seed=7).transpose(turn).resize((300, 200))
    assert screen(fingerprint(encoded(turned, "JPEG", quality=75))).verdict is Verdict.HOLD


@pytest.mark.django_db
def test_a_file_that_is_only_reported_is_held() -> None:
    confirm(FILE, "own.reported")
    assert screen(fingerprint(FILE)).verdict is Verdict.HOLD


@pytest.mark.django_db
def test_an_upload_of_several_files_gets_the_strictest_verdict() -> None:
    confirm(FILE)
    assert screen([fingerprint(OTHER), fingerprint(FILE)]).verdict is Verdict.BLOCK
    verdicts = [answer.verdict for answer in screen_each([fingerprint(OTHER), fingerprint(FILE)])]
    assert verdicts == [Verdict.CLEAR, Verdict.BLOCK]


@pytest.mark.django_db
def test_uploads_of_an_account_confirmed_by_two_are_held(now: datetime) -> None:
    with transaction.atomic():
        Account.objects.create(platform="sample", ref="uri", uploads_held_since=now)
        Account.objects.create(platform="sample", ref="dana")
    assert screen(fingerprint(OTHER), account=AccountRef("sample", "uri")).why == "account"
    assert screen(fingerprint(OTHER), account=("sample", "dana")).verdict is Verdict.CLEAR
    assert screen(fingerprint(OTHER), account=("elsewhere", "uri")).verdict is Verdict.CLEAR


@pytest.mark.django_db
def test_an_unreadable_image_is_held_and_a_text_is_not() -> None:
    assert screen(fingerprint(b"\xff\xd8\xff\xe0" + bytes(300))).why == "unreadable"
    assert screen(fingerprint(b"just words")).verdict is Verdict.CLEAR


@pytest.mark.django_db
def test_a_match_id_tells_an_uploader_nothing_and_us_everything() -> None:
    confirm(FILE)
    first, second = screen(fingerprint(FILE)), screen(fingerprint(FILE))
    assert first.match_id != second.match_id, "not even that it is the same match"
    assert len(first.match_id) == len(screen(fingerprint(RESIZED)).match_id)
    assert unseal(first.match_id) == first.match
    assert screen(fingerprint(OTHER)).match_id == ""


@pytest.mark.django_db
@pytest.mark.parametrize("made_up", ["", "x", "AAAA", "é", "A" * 54, "not base64 !!"])
def test_a_match_id_that_is_made_up_is_refused(made_up: str) -> None:
    with pytest.raises(UnknownMatch):
        unseal(made_up)


@pytest.mark.django_db
def test_who_cannot_ask_for_the_account_says_so() -> None:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE cases_account RENAME TO elsewhere")
        with pytest.raises(IndexStale), transaction.atomic():
            screen(Fingerprints(), account=("sample", "uri"))
        transaction.set_rollback(True)


ANOTHER_PROCESS = """
import sys, django
django.setup()
from answerable.matching.screening import screen
from answerable.media import Fingerprints
for line in sys.stdin:
    print(screen(Fingerprints(sha256=line.strip())).verdict, flush=True)
"""


@pytest.fixture
def other_process(fresh_database: Desk) -> Iterator["subprocess.Popen[str]"]:
    """A second server process on the same desk, which screens what it reads."""
    environment = {**fresh_database.environment, "DJANGO_SETTINGS_MODULE": "answerable.settings.base"}
    with subprocess.Popen(
        [sys.executable, "-c", ANOTHER_PROCESS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=os.getcwd(),
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()
        process.wait(30)


def test_what_one_process_confirms_another_blocks_at_its_next_answer(
    other_process: "subprocess.Popen[str]",
) -> None:
    def there(sha256: bytes) -> str:
        assert other_process.stdin is not None
        assert other_process.stdout is not None
        other_process.stdin.write(sha256.hex() + "\n")
        other_process.stdin.flush()
        return other_process.stdout.readline().strip()

    file = bytes(range(32))
    assert there(file) == "clear"
    change("add", "sha256", file)
    assert there(file) == "block"
    assert screen(Fingerprints(sha256=file.hex())).verdict is Verdict.BLOCK
    change("remove", "sha256", file)
    assert there(file) == "clear"
    change("add", "sha256", file, "own.reported")
    assert there(file) == "hold"
