"""A list that grows finds what was there before: protected as an upload is, never in thousands, never twice."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from answerable.audit.models import AuditEntry
from answerable.cases import commands
from answerable.cases.commands import growing as commands_of_growing
from answerable.cases.inputs import Listed, Prints
from answerable.cases.list_inputs import EntryIn, GoneIn, ListPageIn
from answerable.cases.models import Finding, HashList, Item, ListMatch, Reached
from answerable.cases.models.people import Person
from answerable.matching import growing
from answerable.matching import items as items_module
from answerable.matching.items import ItemIndex
from answerable.matching.lists.states import states
from answerable.obligations.models import Obligation
from answerable.policy.words import Age
from tests.cases.desk import TestDesk
from tests.cases.desk import prints as prints_of
from tests.matching.rows import content
from tests.matching.test_index import flipped
from tests.support.desks import Desk
from tests.support.kills import killed_until_done
from tests.worker.test_alarms import Pager, call

PDQ = bytes(range(32))


@pytest.fixture(autouse=True)
def fresh_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that has read nothing yet."""
    monkeypatch.setattr(items_module, "_items", ItemIndex())


@pytest.fixture
def desk(db: None, now: datetime) -> TestDesk:
    """A desk at work."""
    return TestDesk(now)


def picture(name: str, bits: int = 0, **more: Any) -> Prints:
    """The fingerprints of a picture so many bits from PDQ."""
    return Prints(prints_of(name).sha256, prints_of(name).md5, flipped(PDQ, set(range(bits))), 90, **more)


def grows(now: datetime, *prints: tuple[str, bytes], name: str = "iwf", label: str = "A") -> None:
    """These fingerprints come onto a list, each as a record of its own."""
    commands.make_list(name, source="file", now=now)
    checkpoint = HashList.objects.get(name=name).checkpoint
    changes = tuple(EntryIn(f"{kind}/{value.hex()}", ((kind, value),), label) for kind, value in prints)
    commands.store_page(name, ListPageIn(changes, checkpoint, checkpoint, is_last=True), now=now)


def search(desk: TestDesk) -> int:
    """The worker's turns, once what came is settled, until nothing more happens; how many were searched for."""
    desk.clock.pass_(seconds=31)
    before = facts().get("searched", 0)
    while growing.turn(lambda: desk.clock.now, seconds=0.2):
        pass
    return facts().get("searched", 0) - before


def facts() -> dict[str, int]:
    """What was counted so far."""
    return Reached.objects.filter(name="lists").values_list("facts", flat=True).first() or {}


def test_an_item_that_was_there_before_is_held_as_an_upload_is(desk: TestDesk) -> None:
    for ref, prints in (("file", prints_of("f")), ("md5", prints_of("m")), ("near", picture("n", 20))):
        desk.upload(ref, prints=prints)
    desk.upload("turned", prints=picture("t"))
    desk.upload("far", prints=picture("far", 40))
    grows(
        desk.clock.now,
        ("sha256", bytes.fromhex(prints_of("f").sha256)),
        ("md5", bytes.fromhex(prints_of("m").md5)),
        ("pdq", PDQ),
    )
    assert search(desk) == 3
    for ref in ("file", "md5", "near", "turned"):
        assert desk.item(ref).wanted_why == "list", ref
        assert desk.wanted(ref) == "hidden", ref
        assert {"hide", "look", "find_copies"} <= desk.owed(ref)
        assert desk.item(ref).first_notice_at is not None
    assert (desk.wanted("far"), desk.owed("far")) == ("visible", set())
    assert AuditEntry.objects.filter(kind="list_found").count() == 4
    [searched] = AuditEntry.objects.filter(kind="list_searched")
    assert '"found":4' in (searched.event or "")
    look = Obligation.objects.get(kind="look", subject=f"item:{desk.item('near').pk}")
    assert look.due_at == desk.clock.now + timedelta(minutes=15)


def test_a_picture_that_is_turned_is_found_too(desk: TestDesk) -> None:
    from answerable.matching.turns import turns_of_pdq

    desk.upload("turned", prints=Prints(prints_of("t").sha256, "", turns_of_pdq(PDQ)[5], 90))
    grows(desk.clock.now, ("pdq", PDQ))
    search(desk)
    assert desk.wanted("turned") == "hidden"


def test_it_is_searched_once_it_is_settled_and_once_only(desk: TestDesk) -> None:
    desk.upload("file")
    grows(desk.clock.now, ("sha256", bytes.fromhex(prints_of("file").sha256)))
    assert growing.search_some(desk.clock.now + timedelta(seconds=29)) == 0
    assert search(desk) == 1
    serial = desk.item("file").wanted_serial
    assert search(desk) == 0
    grows(desk.clock.now, ("sha256", bytes.fromhex(prints_of("file").sha256)), name="other")
    assert search(desk) == 1
    assert desk.item("file").wanted_serial == serial, "it is hidden, and waits for its look"


def test_what_our_own_lists_hold_is_not_searched_for_again(desk: TestDesk, ravi: Person) -> None:
    desk.upload("photo")
    desk.report("photo")
    desk.yes(ravi, "photo")
    assert search(desk) == 0
    assert Reached.objects.get(name="lists").number > 0


def test_a_bank_of_the_platform_is_searched_as_a_list_is(desk: TestDesk) -> None:
    desk.upload("photo", prints=picture("p", 3))
    change = Listed("add", "pdq", PDQ, "bank_content:1")
    commands.change_list("hma.spam", [change], actor="api", now=desk.clock.now)
    assert search(desk) == 1
    assert desk.wanted("photo") == "hidden"


def test_what_people_cleared_stays_and_is_looked_at_again_and_the_very_file_is_hidden(
    desk: TestDesk, ravi: Person, rosa: Person
) -> None:
    for ref, prints in (("near", picture("n", 9)), ("file", prints_of("file"))):
        desk.upload(ref, prints=prints)
        desk.report(ref, age=Age.UNSURE)
        desk.no(ravi, ref)
        desk.no(rosa, ref)
        assert desk.wanted(ref) == "visible"
        assert "look" not in desk.owed(ref)
    grows(desk.clock.now, ("pdq", PDQ), ("sha256", bytes.fromhex(prints_of("file").sha256)))
    search(desk)
    assert (desk.wanted("near"), desk.wanted("file")) == ("visible", "hidden")
    assert "look" in desk.owed("near") & desk.owed("file")
    desk.no(ravi, "file")
    assert desk.wanted("file") == "visible", "one new look answers a repetition"


def test_what_left_the_list_before_it_was_acted_on_hides_nothing(desk: TestDesk) -> None:
    desk.upload("file")
    key = "sha256/" + prints_of("file").sha256
    grows(desk.clock.now, ("sha256", bytes.fromhex(prints_of("file").sha256)))
    desk.clock.pass_(seconds=31)
    growing.search_some(desk.clock.now)
    commands.store_page("iwf", ListPageIn((GoneIn(key),), {}, {}, is_last=True), now=desk.clock.now)
    search(desk)
    assert desk.wanted("file") == "visible"
    assert ListMatch.objects.get().outcome == "ended"


def test_bytes_that_changed_meanwhile_are_not_held_for_the_old_ones(desk: TestDesk) -> None:
    desk.upload("post", file="old")
    grows(desk.clock.now, ("sha256", bytes.fromhex(prints_of("old").sha256)))
    desk.upload("post", file="new")
    search(desk)
    assert desk.wanted("post") == "visible"


def many(count: int) -> None:
    """So many items that show nearly PDQ, each of another account or of none."""
    for number in range(count):
        content(f"item{number}", number.to_bytes(32, "big"), flipped(PDQ, {number}))


def test_one_fingerprint_hides_no_more_than_the_pack_says_and_limits_the_rest(desk: TestDesk) -> None:
    many(30)
    grows(desk.clock.now, ("pdq", PDQ))
    search(desk)
    wanted = list(Item.objects.values_list("wanted", flat=True))
    assert (wanted.count("hidden"), wanted.count("limited")) == (25, 5)
    assert Obligation.objects.filter(kind="look", state="owed").count() == 30


def test_a_list_that_matches_everything_waits_for_people(
    desk: TestDesk, ravi: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands_of_growing, "MOST_UNLOOKED", 12)
    monkeypatch.setattr(growing, "MOST_UNLOOKED", 12)
    pager = Pager()
    call(monkeypatch, pager.url)
    try:
        many(20)
        grows(desk.clock.now, ("pdq", PDQ), ("pdq", flipped(PDQ, {255})))
        search(desk)
        assert Item.objects.exclude(wanted="visible").count() == 12
        [state] = [one for one in states(desk.clock.now) if one.name == "iwf"]
        assert state.held_back > 0
        assert f"{state.held_back} found wait" in state.line()
        search(desk)
        [message] = pager.messages
        assert "iwf.A" in message["message"]
        first = Item.objects.filter(wanted="hidden").order_by("pk").first()
        assert first is not None
        desk.yes(ravi, first.ref)
        search(desk)
        assert Item.objects.exclude(wanted="visible").count() == 13, "one was looked at: the next one's turn"
        commands.turn_list("iwf", on=False, actor="operator", now=desk.clock.now)
        commands.end_entries("iwf", now=desk.clock.now)
        search(desk)
        assert not ListMatch.objects.filter(outcome="").exists()
        assert Item.objects.exclude(wanted="visible").count() == 13
    finally:
        pager.server.shutdown()
        pager.server.server_close()


def test_ten_unlooked_of_one_account_and_the_eleventh_is_limited(desk: TestDesk) -> None:
    for number in range(12):
        desk.upload(f"u{number}", prints=picture(f"u{number}", number))
        grows(desk.clock.now, ("sha256", bytes.fromhex(prints_of(f"u{number}").sha256)))
    search(desk)
    assert sorted(desk.wanted(f"u{number}") for number in range(12)).count("hidden") == 10


def outcome_of(found: Sequence[str]) -> dict[str, int]:
    return {word: list(found).count(word) for word in sorted(set(found))}


def test_a_worker_killed_anywhere_searches_everything_and_nothing_twice(
    fresh_database: Desk, monkeypatch: pytest.MonkeyPatch, now: datetime, settings: Any
) -> None:
    settings.DATA = fresh_database.data
    for module, name, size in (
        (growing, "CHANGES_AT_ONCE", 4),
        (commands_of_growing, "ROWS_AT_ONCE", 8),
        (commands_of_growing, "ACTED_AT_ONCE", 3),
    ):
        monkeypatch.setattr(module, name, size)
    TestDesk(now)
    many(12)
    with transaction.atomic():
        grows(now, ("pdq", PDQ), *(("sha256", number.to_bytes(32, "big")) for number in range(8)))
    later = now + timedelta(seconds=60)

    def search_anew() -> int:
        return growing.turn(lambda: later, seconds=10)

    monkeypatch.setattr(
        items_module, "_items", ItemIndex()
    )  # each child begins with what this process never read
    kills = killed_until_done(search_anew, latest=6)
    assert kills > 5
    assert ListMatch.objects.count() == 12 + 8
    outcomes = list(ListMatch.objects.values_list("outcome", flat=True))
    assert outcome_of(outcomes) == {"hidden": 12, "nothing": 8}
    assert set(Item.objects.values_list("wanted_serial", flat=True)) == {1}
    assert AuditEntry.objects.filter(kind="list_found").count() == 12
    assert Obligation.objects.filter(kind="look").count() == 12
    assert facts()["searched"] == 9


@pytest.mark.parametrize("hidden_before", [False, True])
def test_the_very_file_on_a_list_that_decides_is_decided(desk: TestDesk, hidden_before: bool) -> None:
    desk.upload("known", prints=picture("known"))
    if hidden_before:
        grows(desk.clock.now, ("pdq", PDQ))
        search(desk)
        assert desk.wanted("known") == "hidden"
    commands.make_list("ncmec", source="ncmec", now=desk.clock.now)
    checkpoint = HashList.objects.get(name="ncmec").checkpoint
    sha256 = bytes.fromhex(prints_of("known").sha256)
    entry = EntryIn("1", (("sha256", sha256),), "A1")
    commands.store_page(
        "ncmec", ListPageIn((entry,), checkpoint, checkpoint, is_last=True), now=desk.clock.now
    )
    search(desk)
    assert desk.wanted("known") == "gone"
    assert ListMatch.objects.get(kind="sha256").outcome == "decided"
    assert Finding.objects.get().matched_list == "ncmec.A1"
