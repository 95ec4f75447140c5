"""Case and report pages: what is shown to whom, and what is opened only by an act that is logged."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import transaction

from answerable import obligations
from answerable.audit.log import event_of
from answerable.audit.models import AuditEntry
from answerable.cases import codes, commands
from answerable.cases.commands.contacts import ContactFor
from answerable.cases.inputs import AlreadyDone, NotFound, Refused
from answerable.cases.models import Account, Item, Message, Notice, Person, Report, Review
from answerable.console.chart import chart
from answerable.obligations import Owed
from answerable.obligations.models import Obligation
from answerable.policy.words import Age, By, Relation
from tests.cases.conftest import desk  # noqa: F401
from tests.cases.desk import TestDesk
from tests.cases.lists import says, withdraws
from tests.console.conftest import Photos, judge, landscape, post, report, signed_in

pytestmark = pytest.mark.django_db


def test_a_blind_reviewer_sees_what_was_reported_and_nothing_that_was_judged(
    reported: Item, ravi: Person, rosa: Person, now: datetime
) -> None:
    judge(ravi, reported, "violating", now)
    page = signed_in(rosa).get(f"/cases/{reported.case_id}/").content.decode()
    assert "says: this is me" in page
    for word in ("Judgements", "History", "Obligations", "Ravi", "gone", "wanted", "decided"):
        assert word not in page


def test_who_judged_sees_everything(reported: Item, ravi: Person, now: datetime) -> None:
    judge(ravi, reported, "violating", now)
    page = signed_in(ravi).get(f"/cases/{reported.case_id}/").content.decode()
    for word in ("Judgements", "History", "Obligations", "Ravi", "wanted gone", "a person judged"):
        assert word in page
    assert "As seen." not in page


def test_a_statement_is_opened_by_an_act_that_is_logged(reported: Item, ravi: Person, now: datetime) -> None:
    client = signed_in(ravi)
    case = client.get(f"/cases/{reported.case_id}/").content.decode()
    assert "That is me" not in case
    statement_id = Report.objects.get().statement_id
    assert client.get(f"/texts/{statement_id}/").status_code == 405
    assert not AuditEntry.objects.filter(kind="text_opened").exists()
    page = client.post(f"/texts/{statement_id}/").content.decode()
    assert "That is me." in page
    entry = AuditEntry.objects.get(kind="text_opened")
    assert entry.actor == f"person:{ravi.pk}"
    assert (event_of(entry) or {})["text"] == statement_id


def test_a_contact_is_not_opened_by_one_person(reported: Item, ravi: Person, lena: Person) -> None:
    contact_id = Report.objects.get().contact_id
    for person in (ravi, lena):
        answer = signed_in(person).post(f"/texts/{contact_id}/")
        assert answer.status_code == 404
        assert "dana@" not in answer.content.decode()
    assert not AuditEntry.objects.filter(kind="text_opened").exists()


def test_a_reason_stays_closed_to_a_blind_reviewer(
    reported: Item, ravi: Person, rosa: Person, now: datetime
) -> None:
    judge(ravi, reported, "not_violating", now)
    reason_id = Review.objects.get().reason_id
    assert signed_in(rosa).post(f"/texts/{reason_id}/").status_code == 404
    judge(rosa, reported, "not_violating", now)
    assert "As seen." in signed_in(rosa).post(f"/texts/{reason_id}/").content.decode()


def test_texts_stay_closed_to_who_is_not_qualified(reported: Item, petra: Person) -> None:
    statement_id = Report.objects.get().statement_id
    assert signed_in(petra).post(f"/texts/{statement_id}/").status_code == 403
    assert signed_in(petra).get(f"/reports/{Report.objects.get().pk}/").status_code == 403


def test_a_joined_case_leads_to_the_one_it_was_joined_into(
    reported: Item, photos: Photos, ravi: Person, now: datetime
) -> None:
    post(photos, "z9", landscape(50), now)
    report(["z9"], now)
    other = Item.objects.get(ref="z9").case
    assert other is not None
    with transaction.atomic():
        type(other).objects.filter(pk=other.pk).update(joined_into=reported.case_id)
    answer = signed_in(ravi).get(f"/cases/{other.pk}/")
    assert answer["Location"] == f"/cases/{reported.case_id}/"


def test_a_case_that_is_not_there_is_not_found(policy: None, ravi: Person) -> None:
    assert signed_in(ravi).get("/cases/4711/").status_code == 404


def test_a_message_stands_on_the_reporters_page_and_in_no_list(
    reported: Item, ravi: Person, now: datetime
) -> None:
    judge(ravi, reported, "violating", now)
    report_id = Report.objects.get().pk
    client = signed_in(ravi)
    answer = client.post(f"/reports/{report_id}/", {"action": "write", "text": "We look at it now."})
    assert answer.status_code == 302
    message = Message.objects.get(reply="")
    assert not message.from_reporter
    assert "We look at it now" not in client.get(f"/reports/{report_id}/").content.decode()
    assert "We look at it now" in client.post(f"/texts/{message.text_id}/").content.decode()


def test_an_empty_message_is_not_sent(reported: Item, ravi: Person) -> None:
    report_id = Report.objects.get().pk
    page = signed_in(ravi).post(f"/reports/{report_id}/", {"action": "write", "text": " "}).content.decode()
    assert "Write the message." in page


def test_an_answer_is_read_by_somebody_who_did_not_decide(
    reported: Item, ravi: Person, rosa: Person, lena: Person, now: datetime
) -> None:
    judge(ravi, reported, "not_violating", now)
    judge(rosa, reported, "not_violating", now)
    report_id = Report.objects.get().pk
    commands.answer_report(report_id, text="We are both thirteen.", fact="age", now=now)
    link = f"/reports/{report_id}/"
    for person in (ravi, rosa):
        client = signed_in(person)
        assert link not in client.get("/").content.decode()
        assert "Read the answer" not in client.get(link).content.decode()
    client = signed_in(lena)
    assert link in client.get("/").content.decode()
    page = client.post(link, {"action": "read"}).content.decode()
    assert "We are both thirteen." in page
    assert not Obligation.objects.filter(kind="read_answer", state="owed").exists()
    assert AuditEntry.objects.filter(kind="answer_read", actor=f"person:{lena.pk}").exists()


def test_a_duty_is_marked_kept_with_a_reference(reported: Item, ravi: Person, now: datetime) -> None:
    judge(ravi, reported, "violating", now)
    duty = Obligation.objects.get(kind="report_authority", state="owed", regime="us")
    client = signed_in(ravi)
    assert "Reference" in client.get(f"/duties/{duty.pk}/").content.decode()
    assert "Write the reference" in client.post(f"/duties/{duty.pk}/", {"reference": ""}).content.decode()
    assert client.post(f"/duties/{duty.pk}/", {"reference": "A-2026-117"}).status_code == 302
    duty.refresh_from_db()
    assert (duty.state, duty.reference) == ("kept", "A-2026-117")
    assert client.get(f"/duties/{duty.pk}/").status_code == 404


def test_a_judgement_is_not_marked_kept(reported: Item, ravi: Person) -> None:
    look = Obligation.objects.get(kind="look", state="owed")
    assert signed_in(ravi).post(f"/duties/{look.pk}/", {"reference": "x"}).status_code == 404


def test_whose_account_it_is_is_asked_once_two_confirmed(
    reported: Item, ravi: Person, rosa: Person, now: datetime
) -> None:
    judge(ravi, reported, "violating", now)
    judge(rosa, reported, "violating", now)
    account = Account.objects.get()
    client = signed_in(rosa)
    path = f"/accounts/{account.pk}/"
    assert path in client.get("/").content.decode()
    assert "Choose an answer" in client.post(path, {"answer": ""}).content.decode()
    assert client.post(path, {"answer": "depicted"}).status_code == 302
    account.refresh_from_db()
    assert (account.judged_as, account.strikes) == ("depicted", 0)
    assert client.get(path).status_code == 404


def test_a_contested_suspension_asks_others_whose_account_it_is(
    reported: Item, ravi: Person, rosa: Person, now: datetime
) -> None:
    for person in (ravi, rosa):
        judge(person, reported, "violating", now)
    path = f"/accounts/{Account.objects.get().pk}/"
    signed_in(rosa).post(path, {"answer": "offender"})
    with transaction.atomic():
        third = Person.objects.create(pseudonym="Tess", qualifications=["child_safety", "intimate_images"])
    notice = Notice.objects.get(kind="account_suspended")
    later = now + timedelta(seconds=1)
    commands.appeal(codes.derived_code(f"notice:{notice.pk}"), text="I was hacked.", now=later)
    for person in (ravi, rosa):
        assert signed_in(person).get(path).status_code == 404
    judge(third, reported, "violating", later)
    client = signed_in(third)
    assert "Its holder contests what was answered before" in client.get(path).content.decode()
    assert client.post(path, {"answer": "taken_over"}).status_code == 302
    assert Account.objects.get().judged_as == "taken_over"


def test_an_appeal_is_judged_by_others_from_the_same_page(
    reported: Item, ravi: Person, rosa: Person, now: datetime
) -> None:
    judge(ravi, reported, "not_violating", now)
    judge(rosa, reported, "not_violating", now)
    report_id = Report.objects.get().pk
    with transaction.atomic():
        third = Person.objects.create(pseudonym="Tess", qualifications=["child_safety", "intimate_images"])
    commands.complain(report_id, item_id=reported.pk, text="It is still there.", now=now)
    link = f"/items/{reported.pk}/"
    assert link not in signed_in(ravi).get("/").content.decode()
    page = signed_in(third).get("/").content.decode()
    assert link in page
    assert "Look at this item" in page
    assert "Contested" in signed_in(third).get(link).content.decode()


def test_views_since_notice_are_a_stepped_line(now: datetime) -> None:
    points = [(now, 0), (now + timedelta(hours=1), 5), (now + timedelta(hours=2), 20)]
    drawn = chart(points, now=now + timedelta(hours=4))
    assert drawn is not None
    assert drawn.most == 20
    assert drawn.line.count("V") == 2
    assert drawn.last == now + timedelta(hours=4)
    assert chart([], now=now) is None
    assert chart([(now, 3)], now=now) is not None


def test_views_are_drawn_on_the_case_page(reported: Item, ravi: Person, now: datetime) -> None:
    commands.count_views("sample", {"a1": 12}, now=now)
    judge(ravi, reported, "violating", now)
    page = signed_in(ravi).get(f"/cases/{reported.case_id}/").content.decode()
    assert 'aria-label="Views since first notice: 12' in page


def test_figures_stand_side_by_side(reported: Item, ravi: Person, petra: Person, now: datetime) -> None:
    with transaction.atomic():
        owed = Owed(kind="answer_danger", subject="report:1", by=By.PEOPLE, due_at=now - timedelta(hours=1))
        obligations.owe([owed], now=now - timedelta(hours=2), cause="test:1")
    page = signed_in(petra).get("/figures/").content.decode()
    for word in (
        "Time to hide",
        "Wrongful hiding",
        "Views after first notice",
        "answer danger",
        "lacks people",
    ):
        assert word in page
    assert "no lead" in page


def test_a_report_without_an_item_has_its_page(policy: None, ravi: Person, now: datetime) -> None:
    filed = report([], now, relation=Relation.GUARDIAN, statement="My daughter is threatened.")
    page = signed_in(ravi).get(f"/reports/{filed.report_id}/").content.decode()
    assert "says: this is my child" in page
    assert "threatened" not in page


def test_an_adults_withdrawn_matter_is_ended_on_its_duty_page(
    policy: None,
    photos: Photos,
    ravi: Person,
    now: datetime,
    clock_at: Callable[[datetime], None],
) -> None:
    post(photos, "w1", landscape(), now)
    filed = report(["w1"], now, harm="sextortion", age=Age.ADULT)
    commands.withdraw_report(filed.report_id, now=now)
    later = now + timedelta(days=8)
    clock_at(later)
    path = f"/duties/{Obligation.objects.get(kind='confirm_ending').pk}/"
    door = signed_in(ravi)
    assert "End it" in door.get(path).content.decode()
    assert "Look at item" in door.post(path).content.decode()
    item = Item.objects.get()
    judge(ravi, item, "not_violating", later, age=Age.ADULT, clause="sextortion.shared")
    assert door.post(path).status_code == 302
    item.refresh_from_db()
    assert item.wanted == "visible"
    assert path not in door.get("/").content.decode()


def test_a_contact_is_opened_once_by_who_asked_after_another_agreed(
    reported: Item, ravi: Person, rosa: Person, petra: Person, now: datetime
) -> None:
    filed = Report.objects.get()
    page = f"/reports/{filed.pk}/"
    asking, agreeing = signed_in(ravi), signed_in(rosa)
    assert "dana@example.org" not in asking.get(page).content.decode()
    assert "Choose what it is needed for" in asking.post(page, {"action": "contact"}).content.decode()
    ask = {"action": "contact", "purpose": "authority"}
    assert asking.post(page, ask).status_code == 302
    assert "Somebody asked already" in agreeing.post(page, ask).content.decode()
    duty = f"/duties/{Obligation.objects.get(kind='agree_contact').pk}/"
    assert asking.get(duty).status_code == 404  # who asks doesn't agree, whichever sign-in they use
    assert signed_in(petra).get(duty).status_code == 404
    with pytest.raises(Refused, match="another one"):
        commands.answer_contact(filed.pk, person_id=ravi.pk, agreed=True, now=now)
    shown = agreeing.get(duty).content.decode()
    assert "Ravi" in shown
    assert "An authority that is told needs it" in shown
    assert agreeing.post(duty, {"answer": "agree"}).status_code == 302
    opening = f"/duties/{Obligation.objects.get(kind='open_contact').pk}/"
    assert agreeing.get(opening).status_code == 404
    assert opening in asking.get("/").content.decode()
    assert "dana@example.org" in asking.post(opening).content.decode()
    assert asking.post(opening).status_code == 404
    with pytest.raises(AlreadyDone):
        commands.open_contact(filed.pk, person_id=ravi.pk, now=now)
    kinds = ("contact_asked", "contact_answered", "text_opened")
    entries = AuditEntry.objects.filter(kind__in=kinds).order_by("pk")
    assert [(one.kind, one.actor) for one in entries] == [
        ("contact_asked", f"person:{ravi.pk}"),
        ("contact_answered", f"person:{rosa.pk}"),
        ("text_opened", f"person:{ravi.pk}"),
    ]
    opened = event_of(entries[2])
    assert opened is not None
    assert opened["second"] == rosa.pk


def test_a_contact_that_another_declined_stays_closed(
    reported: Item, ravi: Person, rosa: Person, now: datetime
) -> None:
    filed = Report.objects.get()
    commands.ask_contact(filed.pk, person_id=ravi.pk, purpose=ContactFor.COURT, now=now)
    duty = f"/duties/{Obligation.objects.get(kind='agree_contact').pk}/"
    signed_in(rosa).post(duty, {"answer": "decline"})
    with pytest.raises(AlreadyDone, match="ask again"):
        commands.open_contact(filed.pk, person_id=ravi.pk, now=now)
    assert not Obligation.objects.filter(kind="open_contact").exists()


def test_withdrawing_ends_what_was_asked_for_the_contact(
    reported: Item, ravi: Person, rosa: Person, now: datetime
) -> None:
    filed = Report.objects.get()
    commands.ask_contact(filed.pk, person_id=ravi.pk, purpose=ContactFor.COURT, now=now)
    commands.withdraw_report(filed.pk, now=now)
    assert Obligation.objects.get(kind="agree_contact").state == "released"
    with pytest.raises(NotFound):
        commands.answer_contact(filed.pk, person_id=rosa.pk, agreed=True, now=now)


def test_two_people_erase_what_a_reporter_wrote_on_its_duty_page(
    reported: Item, ravi: Person, rosa: Person, now: datetime
) -> None:
    filed = Report.objects.get()
    commands.ask_erasure(filed.pk, now=now)
    duty = f"/duties/{Obligation.objects.get(kind='erase_words').pk}/"
    first, second = signed_in(ravi), signed_in(rosa)
    assert "somebody still has to read, look or decide" in first.get(duty).content.decode()
    assert "Not yet" in first.post(duty, {"answer": "agree"}).content.decode()
    assert "choose the ground" in first.post(duty, {"answer": "no"}).content.decode()
    for person in (ravi, rosa):
        judge(person, reported, "not_violating", now)
    assert first.post(duty, {"answer": "agree"}).status_code == 302
    duty = f"/duties/{Obligation.objects.get(kind='agree_erasure').pk}/"
    assert first.get(duty).status_code == 404
    assert "Ravi" in second.get(duty).content.decode()
    answered = second.post(duty, {"answer": "agree"}, follow=True).content.decode()
    assert "It is erased." in answered
    filed.refresh_from_db()
    assert filed.statement is None
    assert first.get(f"/reports/{filed.pk}/").status_code == 200


def test_erasing_is_declined_on_a_ground(reported: Item, ravi: Person, now: datetime) -> None:
    commands.ask_erasure(Report.objects.get().pk, now=now)
    owed = Obligation.objects.get(kind="erase_words")
    answered = signed_in(ravi).post(f"/duties/{owed.pk}/", {"answer": "pressed"}, follow=True)
    assert "Declined." in answered.content.decode()
    owed.refresh_from_db()
    assert (owed.state, owed.reference) == ("kept", "pressed")


def test_who_reads_a_report_names_the_item_that_it_describes(
    policy: None, photos: Photos, ravi: Person, now: datetime
) -> None:
    post(photos, "a1", landscape(), now)
    filed = report([], now, statement="The third picture.")
    client = signed_in(ravi)
    where = f"/reports/{filed.report_id}/"
    elsewhere = client.post(where, {"action": "name", "link": "https://elsewhere.example/1"})
    assert "no site of this desk" in elsewhere.content.decode()
    done = client.post(where, {"action": "name", "link": "http://127.0.0.1:8402/p/a1"}, follow=True)
    assert "The report names it now." in done.content.decode()
    assert Item.objects.get(ref="a1").wanted == "hidden"


def test_what_a_list_took_back_is_marked_for_whoever_looks_and_betrays_no_judgement(
    desk: TestDesk,  # noqa: F811
    ravi: Person,
    rosa: Person,
) -> None:
    says(desk, "ncmec", "lake")
    desk.report("a")
    item = desk.upload("a", file="lake")
    assert "taken that back" not in signed_in(ravi).get(f"/items/{item.pk}/").content.decode()
    withdraws(desk, "ncmec", "lake")
    before = signed_in(rosa).get(f"/items/{item.pk}/").content.decode()
    assert "A hash list had named this file, and has taken that back." in before
    desk.no(ravi, "a")
    assert "taken that back." in signed_in(rosa).get(f"/items/{item.pk}/").content.decode()
    case = signed_in(ravi).get(f"/cases/{item.case_id}/").content.decode()
    assert "its file is on the list ncmec.A1" in case
    assert "That list has taken it back since" in case
    desk.no(rosa, "a")
    after = signed_in(ravi).get(f"/cases/{item.case_id}/").content.decode()
    assert "That list has taken it back since" not in after
    assert "; withdrawn " in after
