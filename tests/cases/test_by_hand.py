"""What a person did by hand counts as done, is told of, and is undone with the rest (rules 5 and 15)."""

import pytest

from answerable.cases import codes, commands
from answerable.cases.models import Notice, Person
from answerable.cases.rules.deciding import HolderIs
from answerable.obligations import attempts
from answerable.obligations.models import Obligation
from answerable.policy.words import Age
from tests.cases.desk import TestDesk

pytestmark = pytest.mark.django_db


@pytest.fixture
def mira(db: None) -> Person:
    """A reviewer who had no part in it."""
    return Person.objects.create(pseudonym="Mira", qualifications=["child_safety", "intimate_images"])


@pytest.fixture
def nora(db: None) -> Person:
    """Another one."""
    return Person.objects.create(pseudonym="Nora", qualifications=["child_safety", "intimate_images"])


def by_hand(kind: str) -> list[Obligation]:
    """What people owe by hand in the place of that kind."""
    return list(Obligation.objects.filter(kind="do_by_hand", state="owed", params__kind=kind))


def lacks(desk: TestDesk, kind: str) -> None:
    """The platform can't do any of that kind that is owed now."""
    for obligation in Obligation.objects.filter(kind=kind, state="owed"):
        commands.cannot(obligation.pk, reason=f"it has no {kind}", now=desk.clock.now)


def do(desk: TestDesk, person: Person, kind: str) -> None:
    """A person does it by hand and marks it."""
    for obligation in by_hand(kind):
        commands.mark_kept(obligation.pk, person_id=person.pk, reference="done", now=desk.clock.now)


def offender(desk: TestDesk, ravi: Person, rosa: Person) -> int:
    """Two people confirm Uri's item, and Ravi says that it is the offender's account; its number."""
    desk.upload("a")
    desk.report("a")
    desk.yes(ravi, "a")
    desk.yes(rosa, "a")
    account = desk.item("a").account_id
    assert account is not None
    commands.judge_account(account, person_id=ravi.pk, answer=HolderIs.OFFENDER, now=desk.clock.now)
    return int(account)


def overturn(desk: TestDesk, *people: Person, age: Age = Age.CHILD, clause: str = "csam.depiction") -> None:
    """Uri appeals, and these people find nothing."""
    notice = Notice.objects.filter(item=desk.item("a")).latest("pk")
    code = codes.derived_code(f"notice:{notice.pk}")
    commands.appeal(code, text="This is a lake.", now=desk.clock.pass_(hours=1))
    for person in people:
        desk.no(person, "a", age=age, clause=clause)
    assert desk.wanted("a") == "visible"


def test_an_account_that_a_person_suspended_by_hand_is_let_go_again(
    desk: TestDesk, ravi: Person, rosa: Person, mira: Person, nora: Person
) -> None:
    account = offender(desk, ravi, rosa)
    lacks(desk, "suspend_account")
    do(desk, ravi, "suspend_account")
    overturn(desk, mira, nora)
    assert Obligation.objects.filter(
        kind="lift_account_effects", subject=f"account:{account}", state="owed"
    ).exists()


def test_nobody_goes_on_to_suspend_by_hand_what_was_cleared(
    desk: TestDesk, ravi: Person, rosa: Person, mira: Person, nora: Person
) -> None:
    offender(desk, ravi, rosa)
    lacks(desk, "suspend_account")
    assert by_hand("suspend_account")
    overturn(desk, mira, nora)
    assert not by_hand("suspend_account")


def test_who_was_told_by_hand_is_told_that_it_was_overturned(
    desk: TestDesk, ravi: Person, mira: Person, nora: Person
) -> None:
    desk.upload("a")
    desk.report("a", harm="ncii", age=Age.ADULT)
    desk.yes(ravi, "a", age=Age.ADULT, clause="ncii.shared")
    lacks(desk, "tell_holder")
    do(desk, ravi, "tell_holder")
    assert Notice.objects.get(kind="removed").told_at == desk.clock.now
    overturn(desk, mira, nora, age=Age.ADULT, clause="ncii.shared")
    assert Notice.objects.filter(kind="overturned").exists()


def test_nobody_tells_by_hand_what_is_no_longer_so(
    desk: TestDesk, ravi: Person, mira: Person, nora: Person
) -> None:
    desk.upload("a")
    desk.report("a", harm="ncii", age=Age.ADULT)
    desk.yes(ravi, "a", age=Age.ADULT, clause="ncii.shared")
    lacks(desk, "tell_holder")
    assert by_hand("tell_holder")
    overturn(desk, mira, nora, age=Age.ADULT, clause="ncii.shared")
    assert not Notice.objects.filter(kind="overturned").exists()
    assert {one.subject.split("/")[0] for one in by_hand("tell_holder")} <= {
        f"notice:{pk}" for pk in Notice.objects.filter(kind="appeal_received").values_list("pk", flat=True)
    }


def test_nobody_hides_by_hand_what_was_cleared(desk: TestDesk, ravi: Person, rosa: Person) -> None:
    desk.upload("a")
    desk.report("a")
    lacks(desk, "hide")
    assert by_hand("hide")
    desk.no(ravi, "a")
    desk.no(rosa, "a")
    assert not by_hand("hide")


def account_kinds(account: int) -> set[str]:
    """What is owed to an account on its platform."""
    rows = Obligation.objects.filter(subject=f"account:{account}", state="owed", by="worker")
    return set(rows.values_list("kind", flat=True))


def test_an_account_is_owed_to_be_suspended_or_let_go_never_both(
    desk: TestDesk, ravi: Person, rosa: Person, mira: Person, nora: Person
) -> None:
    account = offender(desk, ravi, rosa)
    assert account_kinds(account) == {"suspend_account"}
    commands.judge_account(account, person_id=rosa.pk, answer=HolderIs.TAKEN_OVER, now=desk.clock.now)
    assert account_kinds(account) == {"lift_account_effects"}
    commands.judge_account(account, person_id=rosa.pk, answer=HolderIs.OFFENDER, now=desk.clock.now)
    assert account_kinds(account) == {"suspend_account"}


def test_an_account_is_let_go_only_when_no_worker_can_still_be_suspending_it(
    desk: TestDesk, ravi: Person, rosa: Person, mira: Person, nora: Person
) -> None:
    account = offender(desk, ravi, rosa)
    claimed = attempts.claim("one", 50, desk.clock.pass_(seconds=1))
    assert "suspend_account" in {one.kind for one in claimed}
    commands.judge_account(account, person_id=rosa.pk, answer=HolderIs.UNSURE, now=desk.clock.now)
    at_once = attempts.claim("two", 50, desk.clock.now)
    assert "lift_account_effects" not in {one.kind for one in at_once}
    later = attempts.claim("two", 50, desk.clock.pass_(seconds=16))
    assert "lift_account_effects" in {one.kind for one in later}
    assert Obligation.objects.get(kind="lift_account_effects").due_at > desk.clock.now
