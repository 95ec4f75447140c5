"""What is found in a library is treated as an upload is: hidden, removed, looked at, and never in a flood."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from answerable.audit.models import AuditEntry
from answerable.cases import commands
from answerable.cases.inputs import ItemIn, Prints
from answerable.cases.list_inputs import EntryIn, ListPageIn
from answerable.cases.models import Account, Backfill, Decision, Finding, Item, Person
from answerable.matching.backfill.naming import Naming
from answerable.matching.backfill.session import CannotGoOn, Outcome
from answerable.media import fingerprint
from answerable.obligations.models import Obligation
from tests.cases.desk import TestDesk
from tests.matching.rows import change
from tests.media.pictures import encoded, landscape

pytestmark = pytest.mark.django_db
Run = Callable[..., Outcome]


@pytest.fixture
def at_work(desk: None, now: datetime) -> TestDesk:
    """The desk's people."""
    return TestDesk(now)


def prints_of(data: bytes) -> Prints:
    return Prints.of(fingerprint(data))


def owed(ref: str) -> set[str]:
    item = Item.objects.get(ref=ref)
    return set(
        Obligation.objects.filter(subject=f"item:{item.pk}", state="owed").values_list("kind", flat=True)
    )


def test_the_very_file_of_a_removed_one_is_removed(
    backfill: Run, at_work: TestDesk, library: Path, draw: Callable[[int], bytes], ravi: Person
) -> None:
    at_work.upload("bad", prints=prints_of(draw(2)))
    at_work.report("bad")
    at_work.yes(ravi, "bad")
    outcome = backfill(library)
    assert "6 registered" in outcome.summary
    assert "1 removed" in outcome.summary
    assert Item.objects.get(ref="uri0/p2.jpg").wanted == "gone"
    assert "remove" in owed("uri0/p2.jpg")
    assert Item.objects.filter(platform="site", wanted="visible").count() == 5


def test_a_near_copy_of_a_reported_one_is_hidden_until_a_person_looks(
    backfill: Run, at_work: TestDesk, library: Path
) -> None:
    at_work.upload("reported", prints=prints_of(encoded(landscape(160, 120, seed=4), "PNG")))
    at_work.report("reported")
    outcome = backfill(library)
    assert "1 hidden until a person looks" in outcome.summary
    item = Item.objects.get(ref="uri0/p4.jpg")
    assert (item.wanted, item.wanted_why) == ("hidden", "list")
    assert {"hide", "look", "find_copies"} <= owed("uri0/p4.jpg")


def test_what_a_held_account_posted_is_hidden_until_a_person_looks(
    backfill: Run, library: Path, now: datetime
) -> None:
    Account.objects.create(platform="site", ref="uri0", uploads_held_since=now)
    outcome = backfill(library, naming=Naming("site", r"(?P<who>[^/]+)/(?P<ref>.+)\.jpg", account="{who}"))
    assert "3 hidden until a person looks" in outcome.summary
    assert set(Item.objects.filter(wanted="hidden").values_list("ref", flat=True)) == {"p0", "p2", "p4"}


def test_a_dry_run_counts_what_would_be_hidden(backfill: Run, at_work: TestDesk, library: Path) -> None:
    at_work.upload("reported", prints=prints_of(encoded(landscape(160, 120, seed=4), "PNG")))
    at_work.report("reported")
    assert "1 would be hidden until a person looks" in backfill(library, dry_run=True).summary
    assert Item.objects.filter(platform="site").count() == 0


def test_people_are_not_flooded_it_stops_and_goes_on_when_asked_again(
    backfill: Run, at_work: TestDesk, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("answerable.matching.backfill.run.BATCH", 2)
    for number in range(6):
        ref = f"r{number}"
        at_work.upload(ref, prints=prints_of(encoded(landscape(160, 120, seed=number), "PNG")))
        at_work.report(ref)
    hidden = Item.objects.filter(platform="site", wanted="hidden")
    for found in (2, 4, 6):
        with pytest.raises(CannotGoOn, match="look at the queue") as told:
            backfill(library, held_at_most=1)
        assert told.value.is_wish
        assert hidden.count() == found
    assert backfill(library, held_at_most=1).is_end
    assert Backfill.objects.get().counts["held"] == 6


def test_an_item_that_its_platform_registered_by_hashes_alone_gets_the_rest(
    backfill: Run, library: Path, draw: Callable[[int], bytes], now: datetime
) -> None:
    sha256 = fingerprint(draw(0)).sha256
    item_in = ItemIn(platform="site", ref="uri0/p0.jpg", prints=Prints(sha256=sha256))
    commands.register_item(item_in, now=now)
    outcome = backfill(library)
    assert "5 registered, 1 known before" in outcome.summary
    content = Item.objects.select_related("content").get(ref="uri0/p0.jpg").content
    assert content is not None
    assert content.pdq is not None


def test_what_matches_a_list_of_others_is_hidden_and_the_log_says_which_list(
    backfill: Run, at_work: TestDesk, library: Path, draw: Callable[[int], bytes]
) -> None:
    change("add", "sha256", bytes.fromhex(fingerprint(draw(1)).sha256), hash_list="iwf.A", cause="list:1")
    assert "1 would be hidden" in backfill(library, dry_run=True).summary
    assert "1 hidden until a person looks" in backfill(library).summary
    assert Item.objects.get(ref="uri1/p1.jpg").wanted == "hidden"
    entry = AuditEntry.objects.get(kind="screened_hold")
    assert entry.event is not None
    assert '"lists":["iwf.A"]' in entry.event


def test_what_a_trusted_list_holds_is_decided_and_removed(
    backfill: Run, at_work: TestDesk, library: Path, draw: Callable[[int], bytes], now: datetime
) -> None:
    entry = EntryIn("1/1", (("sha256", bytes.fromhex(fingerprint(draw(1)).sha256)),), label="A1")
    commands.make_list("ncmec", source="file", now=now)
    commands.store_page("ncmec", ListPageIn((entry,), {}, {"at": 1}, is_last=True), now=now)
    assert "1 would be removed" in backfill(library, dry_run=True).summary
    assert not Decision.objects.exists()
    assert "1 removed" in backfill(library).summary
    assert Item.objects.get(ref="uri1/p1.jpg").wanted == "gone"
    assert (Decision.objects.get().basis, Finding.objects.get().matched_list) == ("exact_match", "ncmec.A1")
    assert {"remove", "second_look", "find_copies"} <= owed("uri1/p1.jpg")
