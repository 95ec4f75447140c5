"""What waits for whom, in which order, and what the order doesn't tell."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import transaction
from django.test import Client

from answerable import obligations
from answerable.cases import commands
from answerable.cases.commands.grouping import join
from answerable.cases.commands.writing import Writing
from answerable.cases.models import Item, Message, Person, Report, ReportedItem
from answerable.cases.queries.queue import blind_items, rows
from answerable.obligations import Owed
from answerable.policy.words import By, Danger
from tests.console.conftest import Photos, judge, landscape, post, report, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def unqualified(database: None) -> Person:
    """Somebody of the desk who is qualified for nothing."""
    with transaction.atomic():
        return Person.objects.create(pseudonym="Nils")


def items_of(person: Person, now: datetime) -> list[int]:
    """The items that wait for this person."""
    return [row.pk for row in rows(person, now=now) if row.page == "item"]


def owe(kind: str, subject: str, now: datetime, case_id: int | None, **more: object) -> None:
    """Something that people owe."""
    with transaction.atomic():
        owed = Owed(kind=kind, subject=subject, by=By.PEOPLE, due_at=now + timedelta(hours=1), **more)
        obligations.owe([owed], now=now, cause="test:1", case_id=case_id)


def test_an_item_has_one_row_whatever_is_owed_for_it(reported: Item, ravi: Person, now: datetime) -> None:
    assert items_of(ravi, now) == [reported.pk]


def test_who_is_not_qualified_sees_nothing_of_it(reported: Item, unqualified: Person, now: datetime) -> None:
    assert not [row for row in rows(unqualified, now=now) if row.case_id == reported.case_id]


def test_who_judged_an_item_does_not_see_it_again(
    reported: Item, ravi: Person, rosa: Person, now: datetime
) -> None:
    judge(ravi, reported, "not_violating", now)
    assert items_of(ravi, now) == []
    assert items_of(rosa, now) == [reported.pk]


@pytest.mark.parametrize("first", ["violating", "not_violating"])
def test_the_row_of_a_second_look_is_the_row_of_a_first(
    first: str, reported: Item, ravi: Person, rosa: Person, now: datetime
) -> None:
    before = [row for row in rows(rosa, now=now) if row.pk == reported.pk and row.page == "item"]
    judge(ravi, reported, first, now)
    after = [row for row in rows(rosa, now=now) if row.pk == reported.pk and row.page == "item"]
    assert after == before


@pytest.mark.parametrize("first", ["violating", "not_violating"])
def test_the_order_does_not_tell_what_was_judged(
    first: str, reported: Item, photos: Photos, ravi: Person, rosa: Person, now: datetime
) -> None:
    for place in range(3):
        post(photos, f"b{place}", landscape(place + 5), now)
        report([f"b{place}"], now - timedelta(minutes=8 - place))
    before = items_of(rosa, now)
    assert len(before) == 4
    judge(ravi, reported, first, now)
    assert items_of(rosa, now) == before


def test_what_follows_from_a_judgement_waits_until_the_own_one(
    reported: Item, ravi: Person, rosa: Person, now: datetime
) -> None:
    judge(ravi, reported, "violating", now)
    assert "report_authority" in {row.kind for row in rows(ravi, now=now)}
    assert {row.kind for row in rows(rosa, now=now)} == {"judge"}
    judge(rosa, reported, "violating", now + timedelta(minutes=1))
    assert "report_authority" in {row.kind for row in rows(rosa, now=now + timedelta(minutes=1))}


def test_a_danger_is_shown_to_whoever_may_judge_too(
    reported: Item, photos: Photos, rosa: Person, now: datetime
) -> None:
    owe("answer_danger", "report:1", now, reported.case_id)
    assert {row.kind for row in rows(rosa, now=now)} == {"judge", "answer_danger"}


def test_whoever_is_on_call_answers_a_danger_and_sees_nothing_else(
    policy: None, photos: Photos, petra: Person, sign_in: Callable[..., Client], now: datetime
) -> None:
    post(photos, "d1", landscape(), now)
    filed = report(["d1"], now, danger=Danger.NOW)
    assert rows(petra, now=now) == []
    with transaction.atomic():
        Person.objects.filter(pk=petra.pk).update(on_call=True)
    petra.refresh_from_db()
    waiting = rows(petra, now=now)
    assert {row.kind for row in waiting} == {"answer_danger", "emergency_duty"}
    door = sign_in(petra)
    [duty] = [row for row in waiting if row.kind == "answer_danger"]
    assert f"report {filed.report_id}" in door.get(f"/duties/{duty.pk}/").content.decode()
    page = door.get(f"/reports/{filed.report_id}/")
    assert page.status_code == 200
    statement = Report.objects.get(pk=filed.report_id).statement_id
    assert "That is me." in door.post(f"/texts/{statement}/").content.decode()
    door.post(f"/reports/{filed.report_id}/", {"action": "write", "text": "Are you safe?"})
    assert Message.objects.filter(from_reporter=False, text__isnull=False).count() == 1
    assert door.get(f"/cases/{duty.case_id}/").status_code == 403
    quiet = report(["d1"], now)
    assert door.get(f"/reports/{quiet.report_id}/").status_code == 403


def test_a_hiding_by_hand_is_urgent_and_a_removal_by_hand_would_tell(
    reported: Item, rosa: Person, now: datetime
) -> None:
    owe("do_by_hand", f"item:{reported.pk}", now, reported.case_id, params={"kind": "remove"})
    assert {row.kind for row in rows(rosa, now=now)} == {"judge"}
    owe("do_by_hand", "item:99", now, reported.case_id, params={"kind": "hide"})
    assert {row.kind for row in rows(rosa, now=now)} == {"judge", "do_by_hand"}


def test_a_tie_waits_for_a_lead_who_took_no_part_and_looks_like_a_look(
    reported: Item, ravi: Person, rosa: Person, lena: Person, now: datetime
) -> None:
    with transaction.atomic():
        third = Person.objects.create(pseudonym="Tess", qualifications=["child_safety", "intimate_images"])
    before = [row for row in rows(lena, now=now) if row.page == "item"]
    judge(ravi, reported, "not_violating", now)
    judge(rosa, reported, "violating", now)
    assert items_of(third, now) == []
    assert [row for row in rows(lena, now=now) if row.page == "item"] == before


def test_two_sign_ins_of_one_person_do_not_make_a_second_reviewer(
    reported: Item, ravi: Person, now: datetime
) -> None:
    judge(ravi, reported, "not_violating", now)
    other = signed_in(ravi, "ravi-at-home")
    assert f"/items/{reported.pk}/" not in other.get("/").content.decode()
    assert "nothing for you to judge" in other.get(f"/items/{reported.pk}/").content.decode()


def test_what_is_not_due_yet_is_not_shown(reported: Item, ravi: Person, now: datetime) -> None:
    owe("destroy_preserved", "case_regime:1/us", now, None, not_before=now + timedelta(days=1))
    assert "destroy_preserved" not in {row.kind for row in rows(ravi, now=now)}


def test_the_page_lists_what_waits_and_says_no_personal_word(
    reported: Item, ravi: Person, sign_in: Callable[..., Client]
) -> None:
    page = sign_in(ravi).get("/").content.decode()
    assert "Look at this item" in page
    assert "That is me" not in page
    assert "dana" not in page.lower()


def test_an_empty_queue_says_so(policy: None, ravi: Person, sign_in: Callable[..., Client]) -> None:
    assert "Nothing waits for you" in sign_in(ravi).get("/").content.decode()


def test_an_item_whose_case_was_joined_into_another_can_still_be_judged(
    reported: Item, photos: Photos, ravi: Person, now: datetime
) -> None:
    post(photos, "b2", landscape(seed=9), now)
    other = report(["b2"], now)
    item = Item.objects.get(reported_in__report_id=other.report_id)
    assert item.case is not None
    assert reported.case is not None
    with transaction.atomic():
        older = join(Writing(actor="worker", now=now, cause="test:1"), item.case, reported.case)
    assert item.pk in items_of(ravi, now)
    assert item.pk in blind_items(ravi, older, now=now)


def test_what_follows_from_a_judgement_stays_hidden_across_a_join(
    reported: Item, photos: Photos, ravi: Person, rosa: Person, now: datetime
) -> None:
    post(photos, "b2", landscape(seed=9), now)
    report(["b2"], now)
    item = Item.objects.get(ref="b2")
    judge(ravi, item, "violating", now)
    judge(rosa, item, "violating", now)
    item.refresh_from_db()
    assert item.case is not None
    assert reported.case is not None
    younger = item.case_id
    with transaction.atomic():
        older = join(Writing(actor="worker", now=now, cause="test:1"), item.case, reported.case)
    assert {row.kind for row in rows(rosa, now=now)} == {"judge"}
    judge(rosa, reported, "violating", now)
    assert {row.case_id for row in rows(rosa, now=now)} == {older.pk}
    page = signed_in(rosa).get(f"/cases/{younger}/", follow=True).content.decode()
    assert "cases/" not in page.split("<main")[0]
    assert page.count("Report to the authority") >= 2


def test_an_answer_waits_for_exactly_those_whose_page_offers_to_read_it(
    reported: Item, ravi: Person, rosa: Person, photos: Photos, now: datetime
) -> None:
    post(photos, "b2", landscape(seed=9), now)
    other = Item.objects.get(reported_in__report_id=report(["b2"], now).report_id)
    judge(rosa, other, "not_violating", now)
    judge(ravi, reported, "not_violating", now)
    told = ReportedItem.objects.get(item=reported).report
    with transaction.atomic():
        join(Writing(actor="worker", now=now, cause="test:1"), reported.case, other.case)
    commands.answer_report(told.pk, text="I was thirteen.", fact="age", now=now + timedelta(minutes=1))
    judge(rosa, reported, "not_violating", now + timedelta(minutes=2))
    for person, may in ((ravi, False), (rosa, True)):
        waits = [row for row in rows(person, now=now + timedelta(minutes=3)) if row.kind == "read_answer"]
        offered = b'value="read"' in signed_in(person).get(f"/reports/{told.pk}/").content
        assert (bool(waits), offered) == (may, may), person.pseudonym
