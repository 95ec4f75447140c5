"""What can be contested, by whom, for how long: every restriction, every refusal, for six months (DSA, Art. 20)."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from answerable.audit.models import AuditEntry
from answerable.cases import codes, commands
from answerable.cases.inputs import Refused
from answerable.cases.models import Account, Appeal, Capture, Decision, Notice, Person, Report
from answerable.cases.queries import evidence
from answerable.cases.queries.status import report_status
from answerable.cases.request_inputs import Asks
from answerable.cases.rules.deciding import HolderIs
from answerable.obligations.models import Obligation
from answerable.policy.words import Age
from tests.cases.desk import TestDesk
from tests.cases.test_authority_requests import ask
from tests.cases.test_telling_holders import answer, hour_40, make_offender
from tests.cases.test_verifying_requests import verify

pytestmark = pytest.mark.django_db
SIX_MONTHS = timedelta(days=184)
Make = Callable[[TestDesk, dict[str, Person]], None]


@pytest.fixture
def people(ravi: Person, rosa: Person, lena: Person, petra: Person) -> dict[str, Person]:
    return {"ravi": ravi, "rosa": rosa, "lena": lena, "petra": petra}


def reported(desk: TestDesk, people: dict[str, Person]) -> None:
    desk.upload("a")
    desk.report("a")


def held(desk: TestDesk, people: dict[str, Person]) -> None:
    desk.upload("a", held="list")


def near_copy(desk: TestDesk, people: dict[str, Person]) -> None:
    desk.upload("b", account="other")
    desk.upload("a")
    desk.report("b")
    desk.find_copies("b", a=8)


def removed(desk: TestDesk, people: dict[str, Person]) -> None:
    reported(desk, people)
    desk.yes(people["ravi"], "a")


def undecided(desk: TestDesk, people: dict[str, Person]) -> None:
    desk.upload("a")
    desk.report("a", signature="Dana", contact="dana@example.org", good_faith=True)
    hour_40(desk, "a")


def ordered(desk: TestDesk, people: dict[str, Person]) -> None:
    desk.upload("a")
    row = ask(desk, people["ravi"], Asks.REMOVE, "a", regime="eu", country="fr", age=Age.ADULT)
    verify(desk, row, people["lena"], people["petra"])
    commands.grant_request(row.pk, person_id=people["lena"].pk, now=desk.clock.now)


def suspended(desk: TestDesk, people: dict[str, Person]) -> None:
    make_offender(desk, people["ravi"], people["rosa"])


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (reported, "interim"),
        (held, "interim"),
        (near_copy, "interim"),
        (removed, "removed"),
        (undecided, "removed_undecided"),
        (ordered, "ordered"),
        (suspended, "account_suspended"),
    ],
)
def test_its_holder_contests_each_restriction_for_six_months_from_being_told(
    desk: TestDesk, people: dict[str, Person], make: Make, kind: str
) -> None:
    make(desk, people)
    notice = Notice.objects.get(kind=kind, item__ref="a")
    owed = Obligation.objects.get(kind="tell_holder", subject=f"notice:{notice.pk}", state="owed")
    desk.clock.now = max(desk.clock.now, owed.not_before or desk.clock.now)
    commands.holder_told(notice.pk, obligation_id=owed.pk, now=desk.clock.now)
    desk.clock.now += SIX_MONTHS
    code = codes.derived_code(f"notice:{notice.pk}")
    commands.appeal(code, text="It is a lake.", now=desk.clock.now)
    assert Appeal.objects.get().notice == notice
    assert "decide_appeal" in desk.owed("a")


def test_who_reported_contests_a_refusal_for_six_months(desk: TestDesk, ravi: Person, rosa: Person) -> None:
    desk.upload("a")
    filed = desk.report("a")
    for person in (ravi, rosa):
        desk.no(person, "a")
    desk.clock.now += SIX_MONTHS
    assert commands.open_report(filed.code, now=desk.clock.now) is not None
    report = Report.objects.get()
    (thing,) = report_status(report, language="en", now=desk.clock.now).things
    assert thing.may_complain
    commands.complain(report.pk, item_id=desk.item("a").pk, text="Look again.", now=desk.clock.now)
    assert "decide_complaint" in desk.owed("a")


def contest(desk: TestDesk) -> None:
    notice = Notice.objects.get(kind="account_suspended")
    commands.appeal(
        codes.derived_code(f"notice:{notice.pk}"), text="I was hacked.", now=desk.clock.pass_(days=40)
    )


def test_who_contests_a_suspension_has_whose_account_it_is_asked_again_of_others(
    desk: TestDesk, ravi: Person, rosa: Person, lena: Person
) -> None:
    make_offender(desk, ravi, rosa)
    contest(desk)
    asked = Obligation.objects.get(kind="judge_account", state="owed")
    assert asked.by == "other_people"
    assert asked.due_at == desk.clock.now + timedelta(days=7)
    for person in (ravi, rosa):
        with pytest.raises(Refused, match="others answer"):
            answer(desk, person, HolderIs.OFFENDER)
    desk.clock.pass_(hours=1)
    desk.yes(lena, "a")  # who looks at the appeal has no part in what was contested
    answer(desk, lena, HolderIs.TAKEN_OVER)
    assert Account.objects.get().uploads_held_since is None
    assert Obligation.objects.get(pk=asked.pk).state == "kept"


def test_a_suspension_is_contested_though_the_item_that_its_notice_named_is_back(
    desk: TestDesk, ravi: Person, rosa: Person, lena: Person
) -> None:
    desk.upload("b")
    desk.report("b")
    for person in (ravi, rosa):
        desk.yes(person, "b")
    make_offender(desk, ravi, rosa)
    notice = Notice.objects.get(kind="account_suspended")
    named = notice.item.ref
    other = {"a": "b", "b": "a"}[named]
    mira, nora = (
        Person.objects.create(pseudonym=name, qualifications=["child_safety"]) for name in ("Mira", "Nora")
    )
    removed_notice = Notice.objects.get(kind="removed", item__ref=named)
    code = codes.derived_code(f"notice:{removed_notice.pk}")
    commands.appeal(code, text="A lake.", now=desk.clock.pass_(hours=1))
    for person in (mira, nora):
        desk.no(person, named)
    assert desk.wanted(named) == "visible"
    assert Account.objects.get().uploads_held_since is not None
    contest(desk)
    assert Appeal.objects.get(outcome="").item.ref == other


def test_a_hold_that_rests_on_the_account_asks_whose_it_is_again(
    desk: TestDesk, ravi: Person, rosa: Person
) -> None:
    make_offender(desk, ravi, rosa)
    desk.upload("c")
    assert desk.item("c").wanted_why == "account"
    notice = Notice.objects.get(item__ref="c")
    commands.appeal(codes.derived_code(f"notice:{notice.pk}"), text="Not me.", now=desk.clock.pass_(days=2))
    assert Obligation.objects.get(kind="judge_account", state="owed").by == "other_people"


def test_the_bytes_stay_for_six_months_from_when_the_holder_was_told(
    desk: TestDesk, people: dict[str, Person]
) -> None:
    removed(desk, people)
    decision = Decision.objects.get()
    capture = Capture.objects.create(
        content=decision.content,
        case=decision.case,
        decision=decision,
        at=desk.clock.now,
        facts_sha256="0" * 64,
        manifest_sha256="1" * 64,
        entry_id=AuditEntry.objects.latest("pk").pk,
    )
    notice = Notice.objects.get(kind="removed")
    owed = Obligation.objects.get(kind="tell_holder", subject=f"notice:{notice.pk}", state="owed")
    late = desk.clock.pass_(days=42)
    assert owed.due_at > capture.at
    assert evidence.kept_of(capture, late).window_ends_at == owed.due_at + SIX_MONTHS
    commands.holder_told(notice.pk, obligation_id=owed.pk, now=late)
    assert evidence.kept_of(capture, desk.clock.pass_(days=100)).window_ends_at == late + SIX_MONTHS
