"""From a source over real HTTP to a verdict: what a list says now is what an upload meets."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from answerable.cases.models import HashList, ListEntry
from answerable.matching import known as known_module
from answerable.matching.known import Known
from answerable.matching.lists import fetching, registry
from answerable.matching.screening import screen
from answerable.matching.verdicts import Verdict
from answerable.media import Fingerprints
from answerable.settings.config import HashListEntry
from tests.cases.desk import TestDesk
from tests.fakes.ncmec_hashes import LOGIN, Entry, Ncmec
from tests.matching.lists.kept import NOW, SECONDS, digest
from tests.matching.test_index import flipped

GARBLED = '<image><member id="1"/><id>x</id><fingerprints><md5>12</md5></fingerprints></image>'


@pytest.fixture(autouse=True)
def fresh_view(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that knows nothing yet."""
    monkeypatch.setattr(known_module, "_known", Known())


@pytest.fixture
def site() -> Iterator[Ncmec]:
    """NCMEC, two entries a page."""
    with Ncmec(size=2) as running:
        running.date = "Sat, 27 Nov 2027 12:00:00 GMT"
        yield running


def entry(number: int, **facts: object) -> Entry:
    """An entry of member 1."""
    given = {
        "member": 1,
        "id": f"e{number}",
        "at": SECONDS - 90_000 + 3600 * number,
        "fingerprints": {"md5": digest("md5", number), "pdq": digest("pdq", number)},
    }
    return Entry(**{**given, **facts})  # type: ignore[arg-type]


def near(number: int) -> Verdict:
    """The verdict about a picture 20 bits from an entry's."""
    pdq = flipped(bytes.fromhex(digest("pdq", number)), set(range(20)))
    return screen(Fingerprints(pdq=pdq, pdq_quality=90)).verdict


def test_what_ncmec_shares_is_held_at_once_and_what_it_deletes_is_not(
    db: None, now: datetime, site: Ncmec, tmp_path: Path
) -> None:
    TestDesk(now)
    login = tmp_path / "login"
    login.write_text(LOGIN)
    configured = HashListEntry.model_validate(
        {"name": "ncmec", "kind": "ncmec", "source": {"base_url": site.base, "login_file": str(login)}}
    )
    source = registry.source_of(configured)
    assert near(1) is Verdict.CLEAR
    site.entries = [entry(1), entry(2, raw=GARBLED), entry(3), entry(4), entry(5)]
    stored = fetching.fetch("ncmec", source, kind="ncmec", now=lambda: NOW)
    assert stored.faults == 1
    hash_list = HashList.objects.get(name="ncmec")
    assert "entry 2" in hash_list.faults.get().where
    assert [near(number) for number in (1, 3, 4, 5, 6)] == [Verdict.HOLD] * 4 + [Verdict.CLEAR]
    assert screen(Fingerprints(md5=digest("md5", 3))).verdict is Verdict.HOLD
    site.entries[2] = entry(3, is_deleted=True, at=SECONDS + 10)
    later = NOW + timedelta(minutes=1)
    fetching.fetch("ncmec", source, kind="ncmec", now=lambda: later)
    assert [near(number) for number in (1, 3, 4)] == [Verdict.HOLD, Verdict.CLEAR, Verdict.HOLD]
    assert screen(Fingerprints(md5=digest("md5", 3))).verdict is Verdict.CLEAR
    assert ListEntry.objects.filter(gone_at=None).count() == 6
