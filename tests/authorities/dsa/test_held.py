"""Whoever's upload is held or refused is told why, as whoever's is hidden is, and can contest it (Art. 17 and 20)."""

import json
from datetime import timedelta

import pytest

from answerable.cases import codes, commands
from answerable.cases.commands.stating import end_reasons, said_by
from answerable.cases.commands.writing import Writing
from answerable.cases.models import Account, Appeal, Item, Notice, StatementOfReasons
from answerable.cases.rules.reasons import CameFrom, Circumstance, Decided, Lasts, Restriction
from answerable.obligations.models import Obligation
from answerable.platforms.notices import text_of

pytestmark = pytest.mark.django_db


def held(desk, ref, why="list", **facts):
    desk.post(ref, account=f"holder-{ref}", held=why, **facts)


def notice_of(ref, kind="interim"):
    return Notice.objects.get(item__ref=ref, kind=kind)


def said(ref, kind="interim"):
    return StatementOfReasons.objects.get(notice=notice_of(ref, kind))


@pytest.mark.parametrize("why", ["list", "account", "unreadable", "platform"])
def test_a_held_upload_has_its_statement_and_its_notice_waits_as_long_as_the_law_lets_it(desk, why):
    held(desk, "a", why)
    reasons = said_by(said("a"))
    assert (reasons.restriction, reasons.lasts) == (Restriction.HIDDEN, Lasts.UNTIL_DECIDED)
    assert (reasons.circumstance, reasons.came_from) == (Circumstance.BEING_CHECKED, CameFrom.OWN_INITIATIVE)
    assert (reasons.found_by_software, reasons.decided) == (True, Decided.BY_SOFTWARE)
    telling = Obligation.objects.get(kind="tell_holder", subject=f"notice:{notice_of('a').pk}")
    assert telling.not_before == desk.clock.now + timedelta(hours=24)
    assert "Art. 17" in telling.params["ground"]
    desk.work(hours=23)
    assert notice_of("a").told_at is None
    desk.work(hours=2)
    assert notice_of("a").told_at is not None


def test_the_notice_of_a_hold_is_word_for_word_that_of_a_reported_item(desk):
    held(desk, "a")
    desk.post("b", account="holder-b")
    desk.report("b")
    words = [
        text_of(notice_of(ref), "").replace(
            codes.grouped(codes.derived_code(f"notice:{notice_of(ref).pk}")), ""
        )
        for ref in "ab"
    ]
    assert words[0] == words[1]
    assert "Nobody has decided anything" in words[0]
    assert "hidden automatically" in words[0]


@pytest.mark.parametrize("regimes", [("us",), ("uk",), ("us", "uk")])
def test_outside_the_eu_nobody_is_told_of_a_hold(desk, configure, regimes):
    configure(regimes=regimes, dsa=None)
    held(desk, "a")
    assert not Notice.objects.exists()


def test_a_hold_that_people_end_before_its_notice_went_out_is_told_to_nobody(desk, ravi, rosa):
    held(desk, "a")
    for person in (ravi, rosa):
        desk.no(person, "a")
    desk.work(hours=60)
    assert [one.told_at for one in Notice.objects.all()] == [None]
    assert desk.database.asked == []


def test_a_hold_that_was_told_is_lifted_with_a_notice_and_published_with_its_end(desk, ravi, rosa):
    held(desk, "a")
    desk.work(hours=25)
    assert desk.database.asked == []
    for person in (ravi, rosa):
        desk.no(person, "a")
    desk.work(hours=25)
    (stored,) = desk.stored()
    assert stored["decision_visibility"] == ["DECISION_VISIBILITY_CONTENT_DISABLED"]
    assert (stored["automated_detection"], stored["automated_decision"]) == (
        "Yes",
        "AUTOMATED_DECISION_FULLY",
    )
    assert stored["source_type"] == "SOURCE_VOLUNTARY"
    assert stored["end_date_visibility_restriction"] == "2026-12-02"
    assert "holder-a" not in json.dumps(stored)
    lifted = notice_of("a", "restored")
    assert lifted.told_at is not None
    assert lifted.reasons.lifts == said("a")


def test_a_hold_that_becomes_a_removal_ends_with_it(desk, ravi):
    held(desk, "a")
    desk.work(hours=25)
    desk.yes(ravi, "a")
    assert said("a").ends_at == desk.clock.now
    assert said("a", "removed").ends_at is None
    desk.work(hours=26)
    assert [one["decision_visibility"] for one in desk.stored()] == [
        ["DECISION_VISIBILITY_CONTENT_DISABLED"],
        ["DECISION_VISIBILITY_CONTENT_REMOVED"],
    ]


def test_an_upload_that_was_refused_and_registered_has_the_statement_of_a_removal(desk, ravi):
    """The platform keeps what screening refused to itself, and says so: `screened: block`."""
    desk.post("a")
    desk.report("a")
    desk.yes(ravi, "a")
    held(desk, "b", file="a")
    reasons = said_by(said("b", "removed"))
    assert (reasons.decided, reasons.found_by_software) == (Decided.PARTLY_BY_SOFTWARE, True)
    assert not Notice.objects.filter(item__ref="b", kind="interim").exists()


def test_what_is_held_for_a_reported_original_is_told_again_when_that_is_cleared(desk, ravi, rosa):
    desk.post("a")
    desk.report("a")
    held(desk, "b")
    desk.find_copies("b", a=8)
    desk.work(hours=25)
    assert notice_of("b").told_at is not None
    for person in (ravi, rosa):
        desk.no(person, "a")
    assert desk.wanted("b") == "visible"
    desk.work(hours=25)
    assert notice_of("b", "restored").told_at is not None
    assert said("b", "restored").lifts == said("b")


def test_a_hold_can_be_contested_with_the_code_and_the_answer_is_told(desk, ravi, rosa):
    held(desk, "a")
    desk.work(hours=25)
    code = codes.derived_code(f"notice:{notice_of('a').pk}")
    commands.appeal(code, text="It is a lake.", now=desk.clock.now)
    assert Obligation.objects.filter(kind="decide_appeal", state="owed").exists()
    for person in (ravi, rosa):
        desk.no(person, "a")
    assert Appeal.objects.get().outcome == "reversed"
    desk.work(hours=25)
    assert notice_of("a", "restored").told_at is not None


def test_whose_account_becomes_known_only_later_is_told_then(desk):
    desk.post("a", account="", held="list")
    assert not Notice.objects.exists()
    desk.upload("a", account="uri")
    assert notice_of("a").account == Account.objects.get(ref="uri")


def test_a_flood_of_holds_is_published_in_bundles_one_at_a_time(desk):
    """120 uploads were held, their holders were told, and then all of it was over."""
    for number in range(120):
        desk.upload(f"p{number}", account=f"holder{number}", held="list")
    for owed in Obligation.objects.filter(kind="tell_holder"):
        notice = int(owed.subject.partition(":")[2])
        commands.holder_told(notice, obligation_id=owed.pk, now=desk.clock.now)
    writing = Writing(actor="test", now=desk.clock.now, cause="test:1")
    for item in Item.objects.all():
        end_reasons(writing, item)
    writing.finish()
    others = Obligation.objects.filter(state="owed").exclude(kind="deliver_reasons")
    others.update(next_attempt_at=desk.clock.now + timedelta(days=1))
    desk.work()
    assert desk.database.statements.bundles == [100, 20]
    assert [one for one in desk.database.asked if one.startswith("POST")] == ["POST /api/v1/statements"] * 2
    assert len(desk.database.puids) == 120
    assert set(desk.states()) == {"kept"}
