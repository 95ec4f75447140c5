"""Two people verify an authority's request; before that no order of events silences, removes or lifts anything."""

import contextlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models import QuerySet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from answerable.audit.log import event_of
from answerable.audit.models import AuditEntry
from answerable.cases import commands
from answerable.cases.inputs import AlreadyDone, Refused
from answerable.cases.models import (
    AuthorityRequest,
    EvidenceHold,
    Notice,
    Person,
    RequestPackage,
    RequestSilence,
)
from answerable.cases.request_inputs import Asks, Unfit
from answerable.obligations.models import Obligation
from answerable.policy.words import Age
from tests.cases.desk import TestDesk
from tests.cases.test_authority_requests import MAIL, ask

SWITCHBOARD = "+1 202 555 0177"


def check(desk: TestDesk, row: AuthorityRequest, person: Person, contact: str = SWITCHBOARD) -> bool:
    return commands.check_request(
        row.pk, person_id=person.pk, contact=contact, found="the state's directory", now=desk.clock.now
    )


def verify(desk: TestDesk, row: AuthorityRequest, *people: Person) -> None:
    for person in people:
        check(desk, row, person)
    row.refresh_from_db()
    assert row.verified_at is not None


def silent(desk: TestDesk, row: AuthorityRequest, person: Person, **time: float) -> None:
    until = desk.clock.now + timedelta(**(time or {"days": 40}))
    commands.keep_silent(
        row.pk, person_id=person.pk, until=until, ground="18 USC 2705(b)", now=desk.clock.now
    )


def test_it_takes_two_people_and_a_contact_that_it_does_not_give(
    desk: TestDesk, ravi: Person, lena: Person, petra: Person
) -> None:
    row = ask(desk, ravi, Asks.PRESERVE)
    with pytest.raises(Refused, match="stands in the request"):
        check(desk, row, lena, MAIL.upper())
    with pytest.raises(Refused, match="stands in the request"):
        check(desk, row, lena, "2025550143")
    with pytest.raises(Refused, match="custodian, a lead"):
        check(desk, row, ravi)
    with pytest.raises(Refused, match="where you found it"):
        check(desk, row, lena, "  ")
    assert not check(desk, row, lena)
    with pytest.raises(AlreadyDone, match="another one"):
        check(desk, row, lena)
    assert check(desk, row, petra)
    row.refresh_from_db()
    assert row.verified_at == desk.clock.now
    assert Obligation.objects.get(kind="check_request").state == "kept"
    text = row.checks.first().words
    assert text is not None
    assert b"555" not in bytes(text.ciphertext)


def test_a_contact_of_the_request_that_it_extends_verifies_nothing_either(
    desk: TestDesk, ravi: Person, lena: Person
) -> None:
    first = ask(desk, ravi, Asks.PRESERVE)
    later = ask(desk, ravi, Asks.EXTEND, earlier_id=first.pk, contacts="", words="")
    with pytest.raises(Refused, match="stands in the request"):
        check(desk, later, lena, MAIL)


def test_a_verified_order_removes_what_it_names_and_nobody_here_puts_it_back(
    desk: TestDesk, ravi: Person, rosa: Person, lena: Person, petra: Person
) -> None:
    desk.upload("a")
    desk.upload("b")
    row = ask(desk, ravi, Asks.REMOVE, "a", regime="eu", age=Age.ADULT)
    with pytest.raises(Refused, match="Two people"):
        commands.grant_request(row.pk, person_id=lena.pk, now=desk.clock.now)
    verify(desk, row, lena, petra)
    commands.grant_request(row.pk, person_id=lena.pk, now=desk.clock.now)
    assert (desk.wanted("a"), desk.wanted("b")) == ("gone", "visible")
    desk.no(rosa, "a", age=Age.ADULT, clause="other_illegal.law")
    assert desk.wanted("a") == "gone"
    commands.request_answered(row.pk, person_id=petra.pk, reference="Annex II", now=desk.clock.now)
    assert Obligation.objects.get(kind="answer_request").state == "kept"
    with pytest.raises(AlreadyDone):
        commands.grant_request(row.pk, person_id=lena.pk, now=desk.clock.now)

    lifted = ask(desk, ravi, Asks.LIFT, regime="eu", earlier_id=row.pk)
    with pytest.raises(Refused, match="Two people"):
        commands.grant_request(lifted.pk, person_id=lena.pk, now=desk.clock.now)
    verify(desk, lifted, lena, petra)
    commands.grant_request(lifted.pk, person_id=lena.pk, now=desk.clock.now)
    assert EvidenceHold.objects.get().released_at is not None
    assert desk.wanted("a") == "gone"
    assert "look" in desk.owed("a")


def test_nobody_lifts_what_another_authority_asked_for(
    desk: TestDesk, ravi: Person, lena: Person, petra: Person
) -> None:
    first = ask(desk, ravi, Asks.PRESERVE)
    other = ask(desk, ravi, Asks.LIFT, country="fr", earlier_id=first.pk)
    verify(desk, other, lena, petra)
    with pytest.raises(Refused, match="that authority alone"):
        commands.grant_request(other.pk, person_id=lena.pk, now=desk.clock.now)
    assert EvidenceHold.objects.get().released_at is None


def notice_owed() -> Obligation:
    return Obligation.objects.get(kind="tell_holder", state="owed")


def test_a_verified_order_holds_notices_back_until_its_day(
    desk: TestDesk, ravi: Person, lena: Person, petra: Person
) -> None:
    desk.upload("a")
    desk.report("a", harm="ncii", age=Age.ADULT)
    assert notice_owed().not_before is None
    row = ask(desk, ravi, Asks.SILENCE, "a")
    with pytest.raises(Refused, match="Two people"):
        silent(desk, row, lena)
    assert notice_owed().not_before is None
    verify(desk, row, lena, petra)
    with pytest.raises(Refused, match="365 days at most"):
        silent(desk, row, lena, days=400)
    silent(desk, row, lena)
    until = RequestSilence.objects.get().until
    assert notice_owed().not_before == until
    delayed = [event_of(one) for one in AuditEntry.objects.filter(kind="notice_delayed")]
    assert delayed[-1]["ground"] == "18 USC 2705(b)"
    # what is owed later waits too, though it was owed at once
    desk.upload("c")
    notice = Notice.objects.get()
    owed = notice_owed()
    assert not commands.may_tell(notice.pk, obligation_id=owed.pk, now=desk.clock.now)
    desk.clock.pass_(days=41)
    assert commands.may_tell(notice.pk, obligation_id=owed.pk, now=desk.clock.now)


def test_a_notice_owed_after_the_order_waits_when_it_is_to_be_sent(
    desk: TestDesk, ravi: Person, lena: Person, petra: Person
) -> None:
    desk.upload("a")
    row = ask(desk, ravi, Asks.SILENCE, "a")
    verify(desk, row, lena, petra)
    silent(desk, row, lena)
    desk.report("a", harm="ncii", age=Age.ADULT)
    notice = Notice.objects.get()
    assert not commands.may_tell(notice.pk, obligation_id=notice_owed().pk, now=desk.clock.now)
    assert notice_owed().not_before == RequestSilence.objects.get().until
    commands.cannot(notice_owed().pk, reason="no notices there", now=desk.clock.now)
    by_hand = Obligation.objects.get(kind="do_by_hand", state="owed")
    with pytest.raises(Refused, match="forbids to tell"):
        commands.mark_kept(by_hand.pk, person_id=ravi.pk, reference="told", now=desk.clock.now)
    lifted = ask(desk, ravi, Asks.LIFT, earlier_id=row.pk)
    verify(desk, lifted, lena, petra)
    commands.grant_request(lifted.pk, person_id=petra.pk, now=desk.clock.now)
    assert RequestSilence.objects.get().ended_at == desk.clock.now


def test_an_order_that_ends_early_gives_back_the_time_of_the_policy_pack(
    desk: TestDesk, ravi: Person, lena: Person, petra: Person
) -> None:
    desk.upload("a")
    desk.report("a")
    before = notice_owed().not_before
    assert before is not None
    row = ask(desk, ravi, Asks.SILENCE, "a")
    verify(desk, row, lena, petra)
    silent(desk, row, lena, days=200)
    assert notice_owed().not_before == desk.clock.now + timedelta(days=200)
    lifted = ask(desk, ravi, Asks.LIFT, earlier_id=row.pk)
    verify(desk, lifted, lena, petra)
    commands.grant_request(lifted.pk, person_id=lena.pk, now=desk.clock.now)
    assert notice_owed().not_before == before


def test_a_false_request_ends_and_nobody_outside_is_told(
    desk: TestDesk, ravi: Person, lena: Person, petra: Person
) -> None:
    desk.upload("a")
    row = ask(desk, petra, Asks.REMOVE, "a", regime="eu", age=Age.ADULT)
    with pytest.raises(Refused, match="Whoever entered"):
        commands.refuse_request(row.pk, person_id=petra.pk, unfit=Unfit.FALSE, reason="x", now=desk.clock.now)
    commands.refuse_request(
        row.pk, person_id=lena.pk, unfit=Unfit.FALSE, reason="They know of none.", now=desk.clock.now
    )
    assert EvidenceHold.objects.get().released_by == lena
    assert {"check_request", "answer_request"}.isdisjoint(desk.owed())
    assert desk.wanted("a") == "hidden"  # until people looked, as with any report
    assert "look" in desk.owed("a")
    with pytest.raises(AlreadyDone):
        check(desk, row, lena)
    with pytest.raises(Refused, match="impostor"):
        commands.request_answered(row.pk, person_id=lena.pk, reference="x", now=desk.clock.now)
    desk.no(ravi, "a", age=Age.ADULT, clause="other_illegal.law")
    assert desk.wanted("a") == "visible"


def test_a_refusal_of_a_verified_one_is_told_to_the_authority(
    desk: TestDesk, ravi: Person, lena: Person, petra: Person
) -> None:
    row = ask(desk, ravi, Asks.DISCLOSE)
    verify(desk, row, lena, petra)
    with pytest.raises(Refused, match="Decide about it first"):
        commands.request_answered(row.pk, person_id=lena.pk, reference="77", now=desk.clock.now)
    commands.refuse_request(
        row.pk, person_id=lena.pk, unfit=Unfit.TOO_WIDE, reason="All of them.", now=desk.clock.now
    )
    desk.clock.pass_(days=20)
    commands.request_answered(row.pk, person_id=lena.pk, reference="77", now=desk.clock.now)
    assert Obligation.objects.get(kind="answer_request").state == "kept_late"


ACTS = st.tuples(
    st.sampled_from(
        ["check", "check", "check", "bad", "silence", "grant", "refuse", "answer", "list", "agree", "give"]
    ),
    st.integers(0, 3),
    st.integers(0, 2),
)
BEYOND = ("notices_silenced", "request_granted", "package_listed", "package_confirmed", "package_given")


@given(asks=st.sampled_from([Asks.REMOVE, Asks.SILENCE, Asks.DISCLOSE]), acts=st.lists(ACTS, max_size=14))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_no_order_of_events_does_more_before_two_verified(
    asks: Asks,
    acts: list[tuple[str, int, int]],
    desk: TestDesk,
    ravi: Person,
    lena: Person,
    petra: Person,
) -> None:
    with transaction.atomic():
        begins = AuditEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        desk.upload("x")
        commands.add_recipient("Unit 5", "age1x", person_id=lena.pk, now=desk.clock.now)
        commands.verify_recipient("Unit 5", "age1x", person_id=petra.pk, now=desk.clock.now)
        first = ask(desk, ravi, asks, "x", age=Age.ADULT)
        lift = ask(desk, ravi, Asks.LIFT, earlier_id=first.pk)
        rows, people = [first, lift, first], [lena, petra, ravi, petra]
        for act, who, which in acts:
            _do(desk, act, rows[which], people[who])
            _holds_what_rule_23_says(desk, first, lift, begins)
        transaction.set_rollback(True)


def _do(desk: TestDesk, act: str, row: AuthorityRequest, person: Person) -> None:
    now, me = desk.clock.now, person.pk
    package = RequestPackage.objects.order_by("-pk").first()
    number, digest = (package.pk, package.digest) if package is not None else (0, "")
    listing: dict[str, Any] = {"recipient": "Unit 5", "document": b"{}", "fields": ["place"]}
    listing["item_ids"] = [desk.item("x").pk]
    does: dict[str, Callable[[], object]] = {
        "check": lambda: check(desk, row, person),
        "bad": lambda: check(desk, row, person, MAIL),
        "silence": lambda: silent(desk, row, person),
        "grant": lambda: commands.grant_request(row.pk, person_id=me, now=now),
        "refuse": lambda: commands.refuse_request(
            row.pk, person_id=me, unfit=Unfit.UNREACHED, reason="x", now=now
        ),
        "answer": lambda: commands.request_answered(row.pk, person_id=me, reference="x", now=now),
        "list": lambda: commands.list_package(row.pk, person_id=me, now=now, **listing),
        "agree": lambda: commands.answer_package(number, person_id=me, digest=digest, agreed=True, now=now),
        "give": lambda: commands.package_given(number, person_id=me, sealed_sha256="0", size=1, now=now),
    }
    with contextlib.suppress(Refused):
        does[act]()


def _holds_what_rule_23_says(
    desk: TestDesk, first: AuthorityRequest, lift: AuthorityRequest, begins: int
) -> None:
    entries = AuditEntry.objects.filter(pk__gt=begins)
    for row in (first, lift):
        checked: set[str] = set()
        for entry in entries.order_by("pk"):
            event = event_of(entry) or {}
            if event.get("request") != row.pk:
                continue
            if entry.kind == "request_checked":
                checked.add(entry.actor)
            assert entry.kind not in BEYOND or len(checked) >= 2
        given = [one for one in entries if one.kind == "package_given"]
        assert not given or _of_two(entries)
        row.refresh_from_db()
        row.verified = len(checked) >= 2  # type: ignore[attr-defined]
    if not first.verified:  # type: ignore[attr-defined]
        assert desk.wanted("x") != "gone"
        assert not first.silences.exists()
    for one in first.holds.select_related("hold"):
        if one.hold.released_at is not None:
            assert first.outcome == "refused" or lift.verified  # type: ignore[attr-defined]


def _of_two(entries: "QuerySet[AuditEntry]") -> bool:
    """Whether somebody agreed to a package whom the log doesn't name as who listed it."""
    by = {
        kind: {one.actor for one in entries if one.kind == kind}
        for kind in ("package_listed", "package_confirmed")
    }
    return bool(by["package_confirmed"]) and len(by["package_listed"] | by["package_confirmed"]) >= 2
