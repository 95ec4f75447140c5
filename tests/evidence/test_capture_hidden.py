"""Where a platform can't keep what is hidden, its media are captured before anybody decided, and kept no longer."""

import hashlib
from datetime import timedelta

import pytest
from django.db import transaction
from typer.testing import CliRunner

from answerable.cases.models import EvidenceObject, HiddenMedia, Person
from answerable.evidence import handlers as evidence_handlers
from answerable.evidence.cli import app
from answerable.obligations.models import Obligation
from answerable.policy import load, store
from answerable.policy.render import render
from answerable.policy.words import Age, Relation
from tests.evidence.conftest import EvidenceDesk, Keys
from tests.evidence.test_capture import of, opened
from tests.policy.edits import BASELINE

pytestmark = pytest.mark.django_db
PICTURE = b"a lake in the evening, made of bytes" * 500
SHA256 = hashlib.sha256(PICTURE).hexdigest()


@pytest.fixture
def desk(desk: EvidenceDesk) -> EvidenceDesk:
    """The site can't freeze."""
    desk.site.site.faults.add("no item.freeze")
    return desk


def stores_with(sha256: str = SHA256) -> set[str]:
    """In which stores these bytes lie."""
    return set(
        EvidenceObject.objects.filter(sha256=sha256, destroyed_at=None).values_list("store", flat=True)
    )


def ended(ref: str = "a") -> list[str]:
    return list(HiddenMedia.objects.filter(content__item__ref=ref).values_list("why", flat=True))


def test_what_its_author_deletes_before_anybody_decided_is_evidence_all_the_same(
    desk: EvidenceDesk, ravi: Person, keys: Keys
) -> None:
    desk.post("a", PICTURE)
    desk.report("a")
    desk.work()
    assert desk.site.site.things["a"].wanted == "hidden"
    assert stores_with() == {"working"}, "custodians keep what is decided, not what is only said"
    del desk.site.site.things["a"]  # Uri deletes it
    desk.yes(ravi, "a")
    desk.work()
    capture = desk.capture_of("a")
    assert (capture.media_sha256, capture.missing) == (SHA256, "")
    assert opened(of(SHA256, "vault"), keys.ravi) == PICTURE
    assert b"captured_when_hidden" in opened(of(capture.facts_sha256, "vault"), keys.ravi)
    assert ended() == ["captured"]
    desk.work(hours=50)
    assert stores_with() == {"working", "vault"}


def test_what_two_people_clear_is_destroyed(desk: EvidenceDesk, ravi: Person, rosa: Person) -> None:
    desk.post("a", PICTURE)
    desk.report("a")
    desk.work()
    desk.no(ravi, "a")
    desk.work()
    assert stores_with() == {"working"}, "one of two who are needed"
    desk.no(rosa, "a")
    desk.work()
    assert stores_with() == set()
    assert desk.files("working") == []
    assert ended() == ["cleared"]


def test_where_nobody_is_in_it_it_is_destroyed_with_the_lifting(desk: EvidenceDesk, ravi: Person) -> None:
    desk.post("a", PICTURE)
    desk.report("a")
    desk.work()
    desk.no(ravi, "a", nobody_in_it=True)
    desk.work()
    assert (stores_with(), ended()) == (set(), ["cleared"])


def test_what_people_find_an_adults_is_destroyed_once_its_facts_are_captured(
    desk: EvidenceDesk, ravi: Person, rosa: Person
) -> None:
    desk.post("a", PICTURE)
    desk.report("a", harm="ncii", age=Age.UNSURE)
    desk.work()
    assert stores_with() == {"working"}
    for person in (ravi, rosa):
        desk.yes(person, "a", age=Age.ADULT, clause="ncii.shared")
    desk.work()
    assert desk.item("a").age == Age.ADULT
    assert desk.capture_of("a").media_sha256 == ""
    assert (stores_with(), ended()) == (set(), ["captured"])


@pytest.mark.parametrize(
    ("report", "why"),
    [
        ({"harm": "ncii", "age": Age.ADULT}, "an adult's"),
        (
            {"harm": "other_illegal", "relation": Relation.WITNESS, "age": Age.UNSURE},
            "no law has it preserved",
        ),
    ],
)
def test_nothing_else_is_captured_before_it_is_decided(desk: EvidenceDesk, report: dict, why: str) -> None:
    desk.post("a", PICTURE)
    desk.report("a", **report)
    desk.work()
    assert stores_with() == set(), why


def test_where_no_law_lets_media_be_kept_nothing_is_captured(desk: EvidenceDesk, configure) -> None:
    configure(regimes=("eu.fr",))
    desk.post("a", PICTURE)
    desk.report("a")
    desk.work()
    assert stores_with() == set()


def test_where_the_platform_freezes_it_nothing_is_captured(desk: EvidenceDesk) -> None:
    desk.site.site.faults.clear()
    desk.post("a", PICTURE)
    desk.report("a")
    desk.work()
    assert desk.site.site.things["a"].frozen
    assert stores_with() == set()


def test_what_is_gone_before_it_is_captured_is_said_in_the_log(desk: EvidenceDesk) -> None:
    desk.post("a", PICTURE)
    desk.report("a")
    desk.site.site.things["a"].data = b"other bytes by now"
    desk.work()
    owed = Obligation.objects.get(kind="capture_hidden")
    assert (owed.state, owed.reason) == ("released", "the platform holds another file in its place now")
    assert desk.files("working") == []


def test_one_place_that_is_cleared_leaves_what_another_place_needs(
    desk: EvidenceDesk, ravi: Person, rosa: Person
) -> None:
    desk.post("a", PICTURE)
    desk.post("b", PICTURE, account="max")
    desk.report("a")
    desk.report("b")
    desk.work()
    assert HiddenMedia.objects.count() == 2
    for person in (ravi, rosa):
        desk.no(person, "a")
    desk.work()
    assert (ended("a"), ended("b")) == (["cleared"], [""])
    assert stores_with() == {"working"}
    for person in (ravi, rosa):
        desk.no(person, "b")
    desk.work()
    assert stores_with() == set()


def test_a_file_too_large_for_one_step_is_captured_by_the_thread_that_has_the_time(
    desk: EvidenceDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence_handlers, "LARGE_BYTES", 1000)
    desk.post("a", PICTURE)
    desk.report("a")
    desk.work(seconds=1)
    assert stores_with() == set()
    assert evidence_handlers.capture_large() == 1
    assert stores_with() == {"working"}


def test_what_is_removed_undecided_at_hour_40_is_evidence_when_people_decide_later(
    desk: EvidenceDesk, ravi: Person, keys: Keys
) -> None:
    desk.post("a", PICTURE)
    desk.report("a")
    desk.work()
    desk.work(hours=41)
    assert desk.wanted("a") == "gone"
    del desk.site.site.things["a"]  # this site keeps nothing of what is removed
    desk.clock.pass_(days=2)
    desk.work()
    assert stores_with() == {"working"}, "nobody has decided: it is kept"
    desk.yes(ravi, "a")
    desk.work()
    assert desk.capture_of("a").media_sha256 == SHA256
    assert opened(of(SHA256, "vault"), keys.lena) == PICTURE


def test_what_is_removed_undecided_is_captured_from_what_the_platform_sealed(
    desk: EvidenceDesk, ravi: Person, keys: Keys
) -> None:
    desk.site.site.faults.clear()
    desk.post("a", PICTURE)
    desk.report("a")
    desk.work()
    desk.work(hours=41)
    assert desk.wanted("a") == "gone"
    assert stores_with() == set()
    desk.yes(ravi, "a")
    desk.work()
    assert opened(of(SHA256, "vault"), keys.lena) == PICTURE


def test_it_is_asked_daily_whether_it_is_needed_still(desk: EvidenceDesk) -> None:
    desk.post("a", PICTURE)
    desk.report("a")
    desk.work()
    again = Obligation.objects.get(kind="clear_evidence", state="owed")
    assert timedelta(hours=23) < again.not_before - desk.clock.now <= timedelta(days=1)
    desk.work(hours=25)
    assert Obligation.objects.filter(kind="clear_evidence", state="owed").exists()
    assert stores_with() == {"working"}


def test_a_pack_that_does_not_say_so_captures_nothing_before_a_decision(desk: EvidenceDesk) -> None:
    pack = load(BASELINE.replace("at_hiding: true, ", ""), "careful.yaml")
    with transaction.atomic():
        store.activate(pack, desk.clock.pass_(seconds=1))
    desk.post("a", PICTURE)
    desk.report("a")
    desk.work()
    assert desk.site.site.things["a"].wanted == "hidden"
    assert stores_with() == set()
    assert "encrypted copy" not in render(pack, "en", ("us",))
    assert "encrypted copy" in render(load(BASELINE, "baseline.yaml"), "en", ("us",))


def test_it_is_shown_with_the_evidence_of_its_case(desk: EvidenceDesk) -> None:
    desk.post("a", PICTURE)
    desk.report("a")
    desk.work()
    case = desk.item("a").case
    assert case is not None
    said = CliRunner().invoke(app, ["show", str(case.pk)])
    assert "captured when it was hidden" in said.output
