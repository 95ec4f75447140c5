"""Finding copies as the worker does it: from an obligation to what the case shows."""

from datetime import datetime

import pytest

from answerable.cases.commands import file_report, item_fetched, register_item
from answerable.cases.inputs import Claimed, ItemIn, Prints, ReportIn
from answerable.cases.models import Copy, ReportedItem
from answerable.matching import handlers
from answerable.matching import items as items_module
from answerable.matching.handlers import NothingSeenYet, find_claimed, find_copies, screen_item
from answerable.matching.items import ItemIndex
from answerable.media import fingerprint
from answerable.obligations import registry
from answerable.obligations.models import Obligation
from answerable.policy.words import Age, CopyKind, Relation
from tests.cases.desk import TestDesk
from tests.media.pictures import encoded, landscape

FILE = encoded(landscape(seed=7))
RESIZED = encoded(landscape(seed=7).resize((240, 150)), "JPEG", quality=70)
OTHER = encoded(landscape(seed=9))


@pytest.fixture(autouse=True)
def fresh_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that has read nothing yet."""
    monkeypatch.setattr(items_module, "_items", ItemIndex())


@pytest.fixture
def desk(db: None, now: datetime, monkeypatch: pytest.MonkeyPatch) -> TestDesk:
    """A desk whose platform registered four uploads, three of them of one picture."""
    one = TestDesk(now)
    monkeypatch.setattr(handlers.clock, "now", lambda: one.clock.now)
    for ref, data in (("photo", FILE), ("again", FILE), ("smaller", RESIZED), ("other", OTHER)):
        one.upload(ref, prints=prints_of(data))
    return one


def prints_of(data: bytes) -> Prints:
    """What a door hands over of a file."""
    prints = fingerprint(data)
    return Prints.of(prints)


def owed(kind: str) -> Obligation:
    """The one obligation of that kind."""
    return Obligation.objects.get(kind=kind, state="owed")


def test_the_kinds_are_registered_with_their_handlers() -> None:
    assert registry.find("find_copies").resolve() is find_copies
    assert registry.find("find_claimed").resolve() is find_claimed
    assert registry.find("screen_item").resolve() is screen_item


def test_a_reported_photos_copies_are_found_and_the_obligation_kept(desk: TestDesk) -> None:
    desk.report("photo")
    obligation = owed("find_copies")
    find_copies(obligation)
    found = {
        (edge.content.item.ref, edge.kind)
        for edge in Copy.objects.filter(original__item__ref="photo").select_related("content__item")
    }
    assert found == {("again", CopyKind.EXACT), ("smaller", CopyKind.NEAR)}
    obligation.refresh_from_db()
    assert obligation.state == "kept"
    assert obligation.proof_entry_id is not None


def test_an_upload_that_came_after_the_first_search_is_found_by_the_next(desk: TestDesk) -> None:
    desk.report("photo")
    find_copies(owed("find_copies"))
    desk.upload("later", prints=prints_of(encoded(landscape(seed=7).resize((280, 175)), "WEBP")))
    desk.report("photo", relation=Relation.GUARDIAN)
    find_copies(owed("find_copies"))
    assert Copy.objects.filter(original__item__ref="photo", content__item__ref="later").exists()


def test_before_anything_was_seen_the_search_waits(desk: TestDesk) -> None:
    desk.report("unheard-of")
    obligation = owed("find_copies")
    with pytest.raises(NothingSeenYet, match="tried again"):
        find_copies(obligation)
    obligation.refresh_from_db()
    assert obligation.state == "owed"


def test_a_reporters_own_hash_finds_the_picture_and_hides_nothing(desk: TestDesk) -> None:
    prints = fingerprint(RESIZED)
    assert prints.pdq is not None
    report_in = ReportIn(
        harm="csam",
        relation=Relation.DEPICTED,
        age=Age.CHILD,
        claims=(Claimed("pdq", prints.pdq), Claimed("sha256", bytes.fromhex(prints.sha256))),
    )
    filed = file_report(report_in, now=desk.clock.now)
    obligation = owed("find_claimed")
    find_claimed(obligation)
    named = ReportedItem.objects.filter(report_id=filed.report_id).values_list("item__ref", flat=True)
    assert set(named) == {"photo", "again", "smaller"}
    assert {desk.wanted(ref) for ref in ("photo", "again", "smaller")} == {"visible"}
    obligation.refresh_from_db()
    assert obligation.state == "kept"


@pytest.mark.parametrize(("data", "wanted"), [(RESIZED, "hidden"), (OTHER, "visible")])
def test_an_upload_by_address_is_screened_when_it_was_fetched(
    desk: TestDesk, data: bytes, wanted: str
) -> None:
    desk.report("photo")
    register_item(ItemIn(platform="sample", ref="late", account_ref="max", fetch=True), now=desk.clock.now)
    item = desk.item("late")
    fetched = Obligation.objects.get(kind="fetch_item", subject=f"item:{item.pk}", state="owed")
    found = ItemIn(platform="sample", ref="late", account_ref="max", prints=prints_of(data))
    item_fetched(item.pk, item_in=found, obligation_id=fetched.pk, now=desk.clock.now)
    obligation = owed("screen_item")
    screen_item(obligation)
    obligation.refresh_from_db()
    assert obligation.state == "kept"
    assert desk.wanted("late") == wanted


def test_a_subject_of_another_kind_is_refused(desk: TestDesk) -> None:
    with pytest.raises(ValueError, match="about one item"):
        find_copies(Obligation(kind="find_copies", subject="report:1"))
