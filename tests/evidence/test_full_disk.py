"""A disk that is really full: nothing is half there, what is late is said, and it goes on once there is room."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from answerable.evidence import scrub, stores
from answerable.obligations.models import Obligation
from tests.evidence.conftest import EvidenceDesk

PICTURE = b"a lake in the morning, made of bytes" * 20_000


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Path]:
    """A file system of 512 kB, for root; elsewhere the limit on a file's size stands for it (`test_reading`)."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a tiny file system here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.django_db
def test_a_full_disk_delays_a_capture_and_drops_nothing(
    desk: EvidenceDesk, ravi, tiny: Path, settings, tmp_path: Path
):
    evidence = settings.CONFIG.evidence.model_copy(update={"folder": str(tiny)})
    settings.CONFIG = settings.CONFIG.model_copy(update={"evidence": evidence})
    desk.post("a", PICTURE)
    desk.report("a")
    desk.yes(ravi, "a")
    desk.work(minutes=2)
    assert "No space left" in Obligation.objects.get(kind="capture").last_error
    assert desk.site.site.things["a"].wanted == "hidden"
    assert list(tiny.rglob("*.age")) == []
    assert list(tiny.rglob("unfinished/*")) == []
    evidence = evidence.model_copy(update={"folder": str(tmp_path / "roomy")})
    settings.CONFIG = settings.CONFIG.model_copy(update={"evidence": evidence})
    desk.work(minutes=6)
    assert desk.site.site.things["a"].wanted == "gone"
    assert stores.there(desk.capture_of("a").media_sha256)
    assert not [one for one in scrub.scrub() if one.fault]
