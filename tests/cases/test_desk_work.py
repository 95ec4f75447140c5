"""What staff do besides judging, and what the desk does by the clock: read, write, end, forget."""

import json
from datetime import timedelta
from typing import Any

import pytest

from answerable.audit.models import AuditEntry
from answerable.cases import commands
from answerable.cases.inputs import AlreadyDone, Refused
from answerable.cases.models import Case, Message, Person
from answerable.db.models import PersonalText
from answerable.obligations.models import Obligation
from answerable.policy import store
from answerable.policy.words import Age, Relation
from tests.cases.desk import TestDesk

pytestmark = pytest.mark.django_db


def test_who_withdrew_is_not_told_that_an_earlier_answer_was_read(desk: TestDesk, ravi: Person) -> None:
    desk.upload("a")
    filed = desk.report("a")
    message = commands.answer_report(filed.report_id, text="One thing more.", now=desk.clock.now)
    commands.withdraw_report(filed.report_id, now=desk.clock.now)
    before = Message.objects.count()
    assert commands.read_answer(message, person_id=ravi.pk, now=desk.clock.now) == "One thing more."
    assert Message.objects.count() == before
    assert "read_answer" not in desk.owed()


def test_what_staff_write_is_erased_when_the_pack_says_so(desk: TestDesk, ravi: Person) -> None:
    desk.upload("a")
    filed = desk.report("a")
    desk.yes(ravi, "a")
    commands.write_message(filed.report_id, person_id=ravi.pk, text="We saw it.", now=desk.clock.now)
    times = dict(PersonalText.objects.values_list("kind", "erase_after"))
    for kind in ("reason", "message"):
        assert times[kind] == desk.clock.now + store.active().erase_after(kind)
        assert times[kind] - desk.clock.now == timedelta(days=400)


# Rule 18: an adult's matter ends after a look and seven days


def _withdrawn(desk: TestDesk, **facts: Any) -> int:
    """Dana, an adult, reports `a` and takes it back; refusing that takes two people."""
    desk.upload("a")
    filed = desk.report("a", harm="sextortion", age=Age.ADULT, **facts)
    commands.withdraw_report(filed.report_id, now=desk.clock.pass_(minutes=5))
    return filed.report_id


def _looked(desk: TestDesk, person: Person) -> None:
    desk.clock.pass_(minutes=10)
    desk.no(person, "a", age=Age.ADULT, clause="sextortion.shared")


def test_an_adults_withdrawn_matter_ends_after_a_look_and_seven_days(desk: TestDesk, ravi: Person) -> None:
    report = _withdrawn(desk)
    _looked(desk, ravi)
    with pytest.raises(Refused, match="Not before"):
        commands.end_withdrawn(report, person_id=ravi.pk, now=desk.clock.pass_(days=6))
    assert desk.wanted("a") == "hidden"
    assert commands.end_withdrawn(report, person_id=ravi.pk, now=desk.clock.pass_(days=2)) == 1
    assert desk.wanted("a") == "visible"
    assert desk.owed("a") == {"restore"}
    assert Obligation.objects.get(kind="confirm_ending").state == "kept"
    assert Case.objects.get().closed_at == desk.clock.now
    with pytest.raises(AlreadyDone):
        commands.end_withdrawn(report, person_id=ravi.pk, now=desk.clock.now)


def test_nothing_ends_before_somebody_looked_since(desk: TestDesk, ravi: Person) -> None:
    report = _withdrawn(desk)
    desk.clock.pass_(days=8)
    with pytest.raises(Refused, match="Look at item"):
        commands.end_withdrawn(report, person_id=ravi.pk, now=desk.clock.now)
    ending = Obligation.objects.get(kind="confirm_ending")
    with pytest.raises(Refused, match="by doing it here"):
        commands.mark_kept(ending.pk, person_id=ravi.pk, reference="done", now=desk.clock.now)
    assert desk.wanted("a") == "hidden"


def test_who_withdraws_ends_nothing_for_another(desk: TestDesk, ravi: Person) -> None:
    report = _withdrawn(desk)
    desk.report("a", harm="sextortion", age=Age.ADULT, relation=Relation.WITNESS)
    _looked(desk, ravi)
    assert commands.end_withdrawn(report, person_id=ravi.pk, now=desk.clock.pass_(days=8)) == 0
    assert desk.wanted("a") == "hidden"
    assert "decide" in desk.owed("a")


def test_a_childs_matter_goes_on_though_it_began_as_an_adults(desk: TestDesk, ravi: Person) -> None:
    report = _withdrawn(desk)
    desk.clock.pass_(minutes=10)
    desk.no(ravi, "a", age=Age.UNSURE, clause="sextortion.shared")
    assert commands.end_withdrawn(report, person_id=ravi.pk, now=desk.clock.pass_(days=8)) == 0
    assert desk.wanted("a") == "hidden"


def test_what_people_decided_stays_decided_though_the_reporter_withdrew(desk: TestDesk, ravi: Person) -> None:
    report = _withdrawn(desk)
    desk.clock.pass_(minutes=10)
    desk.yes(ravi, "a", age=Age.ADULT, clause="sextortion.shared")
    assert commands.end_withdrawn(report, person_id=ravi.pk, now=desk.clock.pass_(days=8)) == 0
    assert desk.wanted("a") == "gone"


def test_of_two_who_were_depicted_and_withdrew_the_later_ending_puts_it_back(
    desk: TestDesk, ravi: Person
) -> None:
    first = _withdrawn(desk)
    second = desk.report("a", harm="sextortion", age=Age.ADULT).report_id
    commands.withdraw_report(second, now=desk.clock.pass_(minutes=5))
    _looked(desk, ravi)
    desk.clock.pass_(days=8)
    assert commands.end_withdrawn(first, person_id=ravi.pk, now=desk.clock.now) == 0
    assert commands.end_withdrawn(second, person_id=ravi.pk, now=desk.clock.now) == 1
    assert desk.wanted("a") == "visible"


def test_words_without_a_link_end_once_they_were_read(desk: TestDesk, ravi: Person) -> None:
    report = desk.report(harm="sextortion", age=Age.ADULT, statement="On the profile of Max.").report_id
    commands.withdraw_report(report, now=desk.clock.pass_(minutes=5))
    desk.clock.pass_(days=8)
    with pytest.raises(Refused, match="Read the report first"):
        commands.end_withdrawn(report, person_id=ravi.pk, now=desk.clock.now)
    reading = Obligation.objects.get(kind="read_report")
    commands.mark_kept(reading.pk, person_id=ravi.pk, reference="read", now=desk.clock.now)
    commands.end_withdrawn(report, person_id=ravi.pk, now=desk.clock.now)
    assert Case.objects.get().closed_at == desk.clock.now


# Rule 21: every change stands in the log


def _entries(kind: str) -> list[dict[str, Any]]:
    events = AuditEntry.objects.filter(kind=kind).order_by("pk").values_list("event", flat=True)
    return [json.loads(event) for event in events]


def test_what_is_released_stands_in_the_log_with_its_reason(desk: TestDesk, ravi: Person) -> None:
    desk.upload("a")
    desk.report("a")
    desk.yes(ravi, "a")
    [entry] = _entries("obligation_released")
    subject = f"item:{desk.item('a').pk}"
    hide = [one for one in entry["released"] if "hide" in one["kinds"]]
    assert [(one["subject"], one["reason"], one["count"]) for one in hide] == [(subject, "superseded", 1)]


def test_the_age_that_a_copy_takes_stands_in_the_log(desk: TestDesk) -> None:
    desk.upload("a")
    desk.upload("b")
    desk.report("a", age=Age.CHILD)
    desk.find_copies("a", b=10)
    changed = {(one["item"], one["to"]) for one in _entries("age_changed")}
    assert (desk.item("b").pk, "child") in changed


def test_a_report_that_makes_a_case_graver_says_so_in_the_log(desk: TestDesk) -> None:
    desk.upload("a")
    desk.report("a", harm="other_illegal", age=Age.ADULT, relation=Relation.WITNESS)
    desk.report("a", harm="csam")
    assert _entries("case_changed") == [{"before": "other_illegal", "harm": "csam"}]


def test_what_was_never_seen_is_put_back_when_its_matter_ends_and_looked_at_if_it_appears(
    desk: TestDesk, ravi: Person
) -> None:
    report = desk.report("a", harm="ncii", age=Age.ADULT).report_id
    commands.withdraw_report(report, now=desk.clock.now)
    assert commands.end_withdrawn(report, person_id=ravi.pk, now=desk.clock.pass_(days=8)) == 1
    assert desk.wanted("a") == "visible", "nobody looks any more, so nothing stays hidden"
    item = desk.upload("a")
    assert "look" in desk.owed("a")
    assert item.case is not None
    assert item.case.closed_at is None
