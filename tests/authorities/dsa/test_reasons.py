"""A statement of reasons for every restriction, with the notice that tells it, and for its lifting (Art. 17)."""

from datetime import timedelta

import pytest

from answerable.cases import commands
from answerable.cases.commands.stating import said_by
from answerable.cases.models import Decision, Notice, Person, StatementOfReasons
from answerable.cases.rules import reasons as rules
from answerable.cases.rules.deciding import HolderIs
from answerable.cases.rules.reasons import (
    CameFrom,
    Circumstance,
    Decided,
    Ground,
    Lasts,
    Redress,
    Restriction,
)
from answerable.obligations.models import Obligation
from answerable.policy.words import Age, Relation, Visibility
from tests.cases.desk import TestDesk

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(db: None, now) -> TestDesk:
    return TestDesk(now)


def stated(kind: str) -> StatementOfReasons:
    return StatementOfReasons.objects.select_related("notice", "lifts").get(notice__kind=kind)


def tell(kind: str, desk: TestDesk) -> None:
    """The platform takes the notice."""
    notice = Notice.objects.get(kind=kind)
    owed = Obligation.objects.get(kind="tell_holder", subject=f"notice:{notice.pk}", state="owed")
    commands.holder_told(notice.pk, obligation_id=owed.pk, now=desk.clock.now)


def test_an_interim_hiding_says_that_nobody_decided(desk):
    desk.upload("a")
    desk.report("a")
    row = stated("interim")
    said = said_by(row)
    assert (said.restriction, said.lasts, said.territory) == (
        Restriction.HIDDEN,
        Lasts.UNTIL_DECIDED,
        "everywhere",
    )
    assert (said.circumstance, said.came_from) == (Circumstance.BEING_CHECKED, CameFrom.NOTICE)
    assert (said.found_by_software, said.decided) == (False, Decided.BY_SOFTWARE)
    assert (said.ground, said.clause, said.law) == (Ground.TERMS, "", "")
    assert said.redress == (Redress.COMPLAINT, Redress.DISPUTE_BODY, Redress.COURT)
    assert (row.decision, row.harm, row.age, row.item_kind) == (None, "csam", "child", "image")
    assert row.content_on == desk.clock.now.date()
    assert row.ends_at is None


def test_a_removal_names_its_clause_and_ends_the_hiding(desk, ravi):
    desk.upload("a")
    desk.report("a")
    desk.clock.pass_(minutes=5)
    desk.yes(ravi, "a")
    assert stated("interim").ends_at == desk.clock.now
    row = stated("removed")
    said = said_by(row)
    assert (said.restriction, said.lasts, said.clause) == (
        Restriction.REMOVED,
        Lasts.NO_END,
        "csam.depiction",
    )
    assert (said.circumstance, said.decided) == (Circumstance.BREAKS_A_RULE, Decided.BY_PEOPLE)
    assert row.decision == Decision.objects.get()
    assert row.ends_at is None


def test_an_identical_file_of_another_was_found_by_software(desk, ravi):
    desk.upload("a")
    desk.report("a")
    desk.yes(ravi, "a")
    desk.upload("b", file="a", account="other")
    said = said_by(StatementOfReasons.objects.get(item__ref="b"))
    assert (said.came_from, said.found_by_software) == (CameFrom.OWN_INITIATIVE, True)
    assert said.decided is Decided.PARTLY_BY_SOFTWARE


def test_a_near_copy_is_our_own_initiative(desk, ravi):
    desk.upload("a")
    desk.upload("b", account="other")
    desk.report("a")
    desk.find_copies("a", b=8)
    said = said_by(StatementOfReasons.objects.get(item__ref="b"))
    assert (said.came_from, said.found_by_software) == (CameFrom.OWN_INITIATIVE, True)


def test_the_deadline_of_the_law_is_named_and_was_nobodys_decision(desk):
    desk.upload("a")
    desk.report("a", signature="Dana", contact="dana@example.org", good_faith=True)
    owed = Obligation.objects.get(kind="remove_if_undecided")
    desk.clock.pass_(hours=40)
    assert commands.remove_undecided(desk.item("a").pk, obligation_id=owed.pk, now=desk.clock.now)
    said = said_by(stated("removed_undecided"))
    assert (said.ground, said.decided) == (Ground.LAW, Decided.BY_SOFTWARE)
    assert "47 USC 223a(a)(3)" in said.law
    assert (said.circumstance, said.clause) == (Circumstance.NOT_DECIDED_IN_TIME, "")
    assert stated("interim").ends_at == desk.clock.now


def test_a_removal_by_people_ends_that_of_the_deadline(desk, ravi):
    desk.upload("a")
    desk.report("a", signature="Dana", contact="dana@example.org", good_faith=True)
    owed = Obligation.objects.get(kind="remove_if_undecided")
    desk.clock.pass_(hours=40)
    commands.remove_undecided(desk.item("a").pk, obligation_id=owed.pk, now=desk.clock.now)
    desk.clock.pass_(hours=1)
    desk.yes(ravi, "a")
    assert stated("removed_undecided").ends_at == desk.clock.now
    assert stated("removed").ends_at is None


def test_what_is_cleared_is_lifted_by_a_statement_of_its_own(desk, ravi, rosa):
    desk.upload("a")
    desk.report("a", harm="ncii", age=Age.ADULT)
    tell("interim", desk)
    desk.clock.pass_(minutes=5)
    for person in (ravi, rosa):
        desk.no(person, "a", age=Age.ADULT, clause="ncii.shared")
    hiding, lifting = stated("interim"), stated("restored")
    assert hiding.ends_at == lifting.at == desk.clock.now
    assert lifting.lifts == hiding
    assert said_by(lifting).circumstance is Circumstance.CLEARED


def test_what_nobody_was_told_is_lifted_without_telling(desk, ravi, rosa):
    desk.upload("a")
    desk.report("a")
    for person in (ravi, rosa):
        desk.no(person, "a")
    assert stated("interim").ends_at == desk.clock.now
    assert not StatementOfReasons.objects.filter(lifts__isnull=False).exists()


def test_a_suspension_and_its_lifting_are_about_the_account(desk, ravi, rosa):
    desk.upload("a")
    desk.report("a")
    desk.yes(ravi, "a")
    desk.yes(rosa, "a")
    answer(desk, ravi, HolderIs.OFFENDER)
    said = said_by(stated("account_suspended"))
    assert (said.restriction, said.decided) == (Restriction.SUSPENDED, Decided.BY_PEOPLE)
    assert said.circumstance is Circumstance.HOLDER_BROKE_A_RULE
    assert stated("removed").ends_at is None
    desk.clock.pass_(hours=25)
    tell("account_suspended", desk)
    answer(desk, ravi, HolderIs.DEPICTED)
    assert stated("account_suspended").ends_at == desk.clock.now
    lifting = stated("account_restored")
    assert lifting.lifts == stated("account_suspended")
    assert said_by(lifting).circumstance is Circumstance.WAS_WRONG


def answer(desk: TestDesk, person: Person, holder: HolderIs) -> None:
    account_id = desk.item("a").account_id
    commands.judge_account(account_id, person_id=person.pk, answer=holder, now=desk.clock.now)


def test_outside_the_eu_there_is_none(desk, monkeypatch):
    for module in ("writing", "stating"):
        monkeypatch.setattr(f"answerable.cases.commands.{module}.regimes", lambda: ("us",))
    desk.upload("a")
    desk.report("a")
    assert Notice.objects.exists()
    assert not StatementOfReasons.objects.exists()


def test_every_notice_of_a_restriction_has_one_and_each_is_known_by_chance(desk, ravi, rosa):
    for number in range(6):
        desk.upload(f"p{number}", account=f"holder{number}")
        desk.report(f"p{number}")
        desk.yes(ravi, f"p{number}")
    notices = Notice.objects.filter(kind__in=rules.RESTRICTING)
    assert notices.count() == 12
    assert StatementOfReasons.objects.filter(notice__in=notices).count() == 12
    puids = set(StatementOfReasons.objects.values_list("puid", flat=True))
    assert len(puids) == 12
    assert all(len(puid) == 32 and puid.isalnum() for puid in puids)


@pytest.mark.parametrize(
    ("reports", "source"),
    [
        ([], CameFrom.OWN_INITIATIVE),
        ([(Relation.WITNESS, False)], CameFrom.NOTICE),
        ([(Relation.TRUSTED_FLAGGER, False)], CameFrom.NOTICE),
        ([(Relation.TRUSTED_FLAGGER, True), (Relation.WITNESS, False)], CameFrom.TRUSTED_FLAGGER),
        ([(Relation.AUTHORITY, True)], CameFrom.OTHER_NOTIFICATION),
        ([(Relation.AUTHORITY, False)], CameFrom.NOTICE),
    ],
)
def test_who_notified_is_said_by_kind_alone(reports, source):
    assert rules.came_from(reports) is source


@pytest.mark.parametrize(
    ("lasts", "told", "over", "public"),
    [
        (Lasts.NO_END, True, False, True),
        (Lasts.NO_END, False, True, False),
        (Lasts.UNTIL_DECIDED, True, False, False),
        (Lasts.UNTIL_DECIDED, True, True, True),
        (Lasts.UNTIL_DECIDED, False, True, False),
    ],
)
def test_nothing_is_published_before_its_holder_knows_nor_while_it_is_checked(lasts, told, over, public):
    assert rules.may_be_published(lasts, told=told, over=over) is public


def test_a_limited_item_says_so():
    said = rules.of_hiding(Visibility.LIMITED, "copy", CameFrom.OWN_INITIATIVE)
    assert said.restriction is Restriction.LIMITED


def test_the_telling_waits_as_its_notice_does(desk):
    desk.upload("a")
    desk.report("a")
    owed = Obligation.objects.get(kind="tell_holder")
    assert owed.not_before == desk.clock.now + timedelta(hours=24)
    assert stated("interim").notice.told_at is None
