"""Lists of other services, from their servers to what is known here: configured, fetched, withdrawn, told."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from answerable.cases.models import HashList, ListEntry
from answerable.matching.lists import registry
from answerable.matching.lists.base import Opinion
from answerable.matching.lists.fetching import fetch
from answerable.matching.lists.http import AnswerUnusable, LinkExpired
from answerable.settings.config import ConfigError, HashListEntry
from tests.fakes import ncmec_hashes, stopncii, threatexchange
from tests.matching.lists.kept import digest

pytestmark = pytest.mark.django_db


def entry(kind: str, source: dict[str, str]) -> HashListEntry:
    return HashListEntry.model_validate({"name": kind, "kind": kind, "source": source})


def standing() -> set[tuple[str, str]]:
    return set(ListEntry.objects.filter(gone_at=None).values_list("key", "label"))


def test_ncmec_is_fetched_resumed_and_told(now: datetime, tmp_path: Path) -> None:
    (tmp_path / "login").write_text(ncmec_hashes.LOGIN)
    with ncmec_hashes.Ncmec(size=2) as site:
        site.date = "Sat, 27 Nov 2027 12:00:00 GMT"
        at = int(now.timestamp()) - 9_000
        site.entries = [
            ncmec_hashes.Entry(1, f"e{n}", at + n, {"md5": digest("md5", n), "pdq": digest("pdq", n)})
            for n in range(5)
        ]
        listed = entry("ncmec", {"base_url": site.base, "login_file": str(tmp_path / "login")})
        source = registry.source_of(listed)
        assert source.check().startswith("NCMEC knows this desk")
        site.refuse_links = True
        with pytest.raises(LinkExpired):
            fetch("ncmec", source, kind="ncmec", now=lambda: now)
        assert len(standing()) == 2
        assert HashList.objects.get(name="ncmec").checkpoint["since"] == 0
        site.refuse_links = False
        fetch("ncmec", source, kind="ncmec", now=lambda: now)
        assert standing() == {(f"1/e{n}", "A1") for n in range(5)}
        site.entries[0] = ncmec_hashes.Entry(1, "e0", int(now.timestamp()) + 5, is_deleted=True)
        fetch("ncmec", source, kind="ncmec", now=lambda: now + timedelta(minutes=5))
        assert standing() == {(f"1/e{n}", "A1") for n in range(1, 5)}
        source.tell("1/e1", Opinion.AFFIRMED, facts={"matched": "md5"})
        assert site.feedback == [(1, "e1", "MD5", "affirmative")]


def test_stopncii_is_fetched_and_withdrawn(now: datetime, tmp_path: Path) -> None:
    (tmp_path / "s").write_text(stopncii.SUBSCRIPTION)
    (tmp_path / "f").write_text(stopncii.FETCHING)
    with stopncii.StopNcii() as site:
        site.records = [stopncii.record("ImagePDQ", digest("pdq", n)) for n in range(3)]
        given = {"base_url": site.base, "subscription_key_file": str(tmp_path / "s")}
        source = registry.source_of(entry("stopncii", {**given, "fetch_key_file": str(tmp_path / "f")}))
        fetch("stopncii", source, kind="stopncii", now=lambda: now)
        assert len(standing()) == 3
        site.records = [stopncii.record("ImagePDQ", digest("pdq", 0), stopncii.NEXT_SET + 1, "Withdrawn")]
        fetch("stopncii", source, kind="stopncii", now=lambda: now)
        assert len(standing()) == 2


@pytest.mark.parametrize("interrupted", [False, True])
def test_a_list_that_was_not_fetched_for_long_is_read_anew_and_what_it_lacks_ends(
    now: datetime, tmp_path: Path, interrupted: bool
) -> None:
    (tmp_path / "s").write_text(stopncii.SUBSCRIPTION)
    (tmp_path / "f").write_text(stopncii.FETCHING)
    with stopncii.StopNcii() as site:
        site.records = [stopncii.record("ImagePDQ", digest("pdq", n)) for n in range(7)]
        given = {"base_url": site.base, "subscription_key_file": str(tmp_path / "s")}
        source = registry.source_of(entry("stopncii", {**given, "fetch_key_file": str(tmp_path / "f")}))
        fetch("stopncii", source, kind="stopncii", now=lambda: now)
        later = now + timedelta(days=31)
        site.next_set += 31 * 86_400
        garbled = stopncii.record("ImagePDQ", "12")  # and the first was withdrawn, and forgotten
        site.records = [garbled, *site.records[1:]]
        if interrupted:
            site.spoil = lambda answer: answer if answer["hasMoreRecords"] else []
            with pytest.raises(AnswerUnusable):
                fetch("stopncii", source, kind="stopncii", now=lambda: later)
            assert len(standing()) == 7, "until all of it was read"
            site.spoil = lambda answer: answer
        fetch("stopncii", source, kind="stopncii", now=lambda: later)
        assert len(standing()) == 6
        assert HashList.objects.get(name="stopncii").checkpoint == {"since": site.next_set}
        assert ListEntry.objects.filter(gone_at=None, added_at=now).count() == 6, "what stands is not touched"


def test_threatexchange_begins_again_when_its_deletions_are_forgotten(now: datetime, tmp_path: Path) -> None:
    (tmp_path / "t").write_text(threatexchange.TOKEN)
    with threatexchange.Graph() as site:
        site.updates = [threatexchange.update(n, "HASH_PDQ", digest("pdq", n)) for n in range(5)]
        given = {"base_url": site.base, "token_file": str(tmp_path / "t")}
        source = registry.source_of(entry("threatexchange", {**given, "privacy_group": threatexchange.GROUP}))
        fetch("threatexchange", source, kind="threatexchange", now=lambda: now)
        site.updates = site.updates[2:]
        fetch("threatexchange", source, kind="threatexchange", now=lambda: now + timedelta(days=86))
        assert standing() == {(str(n), "MALICIOUS") for n in range(2, 5)}


def test_threatexchange_is_fetched(now: datetime, tmp_path: Path) -> None:
    (tmp_path / "t").write_text(threatexchange.TOKEN)
    with threatexchange.Graph() as site:
        site.updates = [threatexchange.update(n, "HASH_PDQ", digest("pdq", n)) for n in range(5)]
        given = {"base_url": site.base, "token_file": str(tmp_path / "t")}
        source = registry.source_of(entry("threatexchange", {**given, "privacy_group": threatexchange.GROUP}))
        fetch("threatexchange", source, kind="threatexchange", now=lambda: now)
        assert standing() == {(str(n), "MALICIOUS") for n in range(5)}


def test_a_wrong_source_names_keys_and_no_values() -> None:
    with pytest.raises(ConfigError) as raised:
        registry.source_of(entry("ncmec", {"base_url": "https://u:secret@ncmec.example", "pass": "secret"}))
    assert "secret" not in str(raised.value)
    assert "base_url" in str(raised.value)
