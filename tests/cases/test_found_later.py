"""What is learnt only after a report: that the item is there, what it is, whose it is, where the link led."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from answerable.audit.models import AuditEntry
from answerable.cases import commands
from answerable.cases.inputs import AlreadyDone, Claimed, ItemIn, Link, MatchIn, Refused, ReportIn
from answerable.cases.models import Item, Message, Notice, Person, Report, ReportedItem
from answerable.cases.queries.status import report_status
from answerable.cases.rules.deciding import HolderIs
from answerable.obligations.models import Obligation
from answerable.policy import baseline
from answerable.policy.words import Age, CopyKind, Event, Relation, Verdict, Visibility
from tests.cases.desk import TestDesk, prints
from tests.cases.test_attacks import ADULT, COMPLETE, due

pytestmark = pytest.mark.django_db
NCII: dict[str, Any] = {"harm": "ncii", "age": Age.ADULT}


def see(desk: TestDesk, ref: str, seen: Visibility) -> None:
    """The worker asked for what is wanted, looked, and saw this."""
    item = desk.item(ref)
    commands.item_seen(
        item.pk,
        visibility=seen,
        serial=item.wanted_serial,
        asked_at=desk.clock.now,
        acknowledged_at=desk.clock.now,
        seen_at=desk.clock.now,
        now=desk.clock.now,
    )


def fetch(
    desk: TestDesk, ref: str, *, file: str | None = "", account: str = "uri", kind: str = "image"
) -> None:
    """The worker fetched what an item is; `file` None: no media."""
    one = due("fetch_item", ref, desk)
    assert one is not None
    found = ItemIn(
        platform="sample",
        ref=ref,
        kind=kind,
        account_ref=account,
        prints=None if file is None else prints(file or ref),
    )
    commands.item_fetched(desk.item(ref).pk, item_in=found, obligation_id=one.pk, now=desk.clock.now)


def missing(desk: TestDesk, ref: str) -> None:
    """The worker found nothing there."""
    one = due("fetch_item", ref, desk)
    assert one is not None
    commands.item_missing(desk.item(ref).pk, obligation_id=one.pk, now=desk.clock.now)


def state(desk: TestDesk, report_id: int) -> str:
    """What the status page of a report says of the one thing that it names."""
    status = report_status(Report.objects.get(pk=report_id), language="en", now=desk.clock.now)
    return status.things[0].state


# Rule 3 and 7: what was hidden before it existed, or was shown again


def test_a_report_on_what_is_hidden_already_has_the_platform_asked_again(desk: TestDesk) -> None:
    desk.upload("a")
    desk.report("a")
    desk.platform_obeys()
    assert due("hide", "a", desk) is None
    desk.clock.pass_(hours=1)
    second = desk.report("a")
    hide = due("hide", "a", desk)
    assert hide is not None
    assert hide.due_at == desk.clock.now + timedelta(seconds=60)
    assert hide.urgency == 1
    assert state(desk, second.report_id) == "hiding"
    desk.platform_obeys()
    assert state(desk, second.report_id) == "hidden"


def test_who_reports_what_does_not_exist_yet_disarms_nothing(desk: TestDesk) -> None:
    desk.report("future")
    missing(desk, "future")
    see(desk, "future", Visibility.GONE)
    assert desk.owed("future") == set()
    desk.clock.pass_(hours=5)
    desk.upload("future")
    item = desk.item("future")
    assert item.account is not None
    assert item.seen == ""
    assert {"hide", "look", "decide", "find_copies", "freeze", "remove_if_undecided"} <= desk.owed("future")
    begins = Obligation.objects.get(kind="remove_if_undecided", state="owed").not_before
    assert begins == desk.clock.now + timedelta(hours=40), (
        "naming an address early must not remove what comes later"
    )
    dana = desk.report("future")
    assert state(desk, dana.report_id) == "hiding"


def test_what_appears_at_a_reported_place_is_armed_by_a_fetch_as_well(desk: TestDesk) -> None:
    desk.report("future")
    missing(desk, "future")
    see(desk, "future", Visibility.GONE)
    desk.clock.pass_(hours=5)
    desk.report("future")
    fetch(desk, "future")
    assert {"hide", "look", "decide"} <= desk.owed("future")
    assert desk.item("future").seen == ""


def test_what_its_author_deleted_and_posted_again_is_asked_about_again(desk: TestDesk, ravi: Person) -> None:
    desk.upload("a")
    desk.report("a")
    desk.yes(ravi, "a")
    desk.platform_obeys()
    assert desk.item("a").seen == "gone"
    desk.upload("a")
    assert "remove" in desk.owed("a")


# Rules 5 to 7: what a fetch shows


def test_a_guarded_author_is_guarded_where_the_platform_tells_nothing_before_the_fetch(
    desk: TestDesk,
) -> None:
    for number in range(14):
        desk.report(f"n{number}")
    assert {desk.wanted(f"n{number}") for number in range(14)} == {"hidden"}
    for number in range(14):
        fetch(desk, f"n{number}")
    hidden = [number for number in range(14) if desk.wanted(f"n{number}") == "hidden"]
    assert hidden == list(range(10))
    look = due("look", "n13", desk)
    assert look is not None
    assert look.due_at == desk.clock.now + timedelta(minutes=5)
    assert "restore" in desk.owed("n13")
    assert Obligation.objects.filter(kind="page_people", state="owed").exists()
    assert desk.item("n13").interim_since is None


def test_a_file_that_two_people_cleared_does_not_stay_hidden_at_a_place_unknown_before(
    desk: TestDesk, ravi: Person, rosa: Person
) -> None:
    desk.upload("a", file="lake")
    desk.report("a")
    desk.no(ravi, "a")
    desk.no(rosa, "a")
    desk.clock.pass_(minutes=5)
    desk.report("b")
    assert desk.wanted("b") == "hidden"
    fetch(desk, "b", file="lake", account="other")
    assert desk.wanted("b") == "visible"
    assert "look" in desk.owed("b")


def test_an_account_that_was_taken_for_an_image_does_not_stay_hidden(desk: TestDesk) -> None:
    filed = desk.report("uri")
    fetch(desk, "uri", file=None, kind="account")
    assert desk.wanted("uri") == "visible"
    assert "look" in desk.owed("uri")
    assert state(desk, filed.report_id) == "looking"


def test_an_ordinary_reported_item_stays_hidden_when_it_is_fetched_and_its_holder_is_told(
    desk: TestDesk,
) -> None:
    desk.report("a", **NCII)
    see(desk, "a", Visibility.HIDDEN)
    assert not Notice.objects.exists()
    fetch(desk, "a")
    assert desk.wanted("a") == "hidden"
    assert desk.item("a").seen == "hidden"
    assert "hide" not in desk.owed("a")
    assert Notice.objects.get().kind == "interim"


def test_an_author_who_edits_what_is_hidden_does_not_put_it_back(
    desk: TestDesk, ravi: Person, rosa: Person
) -> None:
    desk.upload("a", file="lake", account="other")
    desk.report("a")
    desk.no(ravi, "a")
    desk.no(rosa, "a")
    desk.upload("b")
    desk.clock.pass_(minutes=5)
    desk.report("b")
    desk.upload("b", file="lake")
    assert desk.wanted("b") == "hidden"


def test_what_changes_of_a_reported_item_is_in_the_log(desk: TestDesk) -> None:
    desk.report("a")
    (interim,) = AuditEntry.objects.filter(kind="interim_set")
    assert '"age":"child"' in (interim.event or "")
    desk.upload("a", kind="video")
    (edited,) = AuditEntry.objects.filter(kind="item_edited")
    assert '"kind":"video"' in (edited.event or "")
    assert f'"account":{desk.item("a").account_id}' in (edited.event or "")


# Rule 9, 11, 12: edits and uploads whose bytes are fetched


def test_an_edit_that_gives_its_media_by_address_is_fetched_and_judged_anew(
    desk: TestDesk, ravi: Person, rosa: Person
) -> None:
    desk.upload("a")
    desk.report("a")
    desk.no(ravi, "a")
    desk.no(rosa, "a")
    edited = ItemIn(platform="sample", ref="a", account_ref="uri", fetch=True, edited=True)
    commands.register_item(edited, now=desk.clock.now)
    fetch(desk, "a", file="other")
    assert {"look", "screen_item"} <= desk.owed("a")
    assert desk.item("a").round == 2


def held_account(desk: TestDesk, *people: Person) -> None:
    desk.upload("first")
    desk.report("first")
    for person in people:
        desk.yes(person, "first")
    account = desk.item("first").account_id
    assert account is not None
    commands.judge_account(account, person_id=people[0].pk, answer=HolderIs.OFFENDER, now=desk.clock.now)


@pytest.mark.parametrize("kind", ["image", "text"])
def test_whatever_an_offenders_account_uploads_is_held(
    desk: TestDesk, ravi: Person, rosa: Person, kind: str
) -> None:
    held_account(desk, ravi, rosa)
    upload = ItemIn(platform="sample", ref="new", account_ref="uri", kind=kind, fetch=True)
    assert commands.register_item(upload, now=desk.clock.now).wanted == "hidden"
    assert {"look", "fetch_item"} <= desk.owed("new")
    assert desk.item("new").wanted_why == "account"


def test_an_upload_whose_account_the_fetch_tells_is_held(desk: TestDesk, ravi: Person, rosa: Person) -> None:
    held_account(desk, ravi, rosa)
    commands.register_item(ItemIn(platform="sample", ref="new", fetch=True), now=desk.clock.now)
    assert desk.wanted("new") == "visible"
    fetch(desk, "new")
    assert desk.wanted("new") == "hidden"


def test_a_fetched_upload_that_screening_matches_is_held_and_other_media_are_screened_anew(
    desk: TestDesk,
) -> None:
    commands.register_item(ItemIn(platform="sample", ref="new", fetch=True), now=desk.clock.now)
    fetch(desk, "new")
    one = due("screen_item", "new", desk)
    assert one is not None
    item = desk.item("new")
    about: dict[str, Any] = {"held": "list", "obligation_id": one.pk, "now": desk.clock.now}
    commands.item_screened(item.pk, content_id=(item.content_id or 0) + 1, **about)
    assert desk.wanted("new") == "visible"
    assert due("screen_item", "new", desk) is not None
    commands.item_screened(item.pk, content_id=item.content_id, **about)
    assert desk.wanted("new") == "hidden"
    assert desk.owed("new") == {"hide", "look", "find_copies"}


# Rule 13: nobody's mere word makes it an adult's


def test_one_word_makes_nothing_an_adults_that_a_claim_had_found(desk: TestDesk) -> None:
    desk.upload("b")
    claim(desk, "b", age=Age.CHILD)
    assert desk.item("b").age == "child"
    assert desk.item("b").first_notice_at == desk.clock.now
    desk.report("b", **NCII)
    assert desk.item("b").age == "child"


def test_one_word_makes_nothing_an_adults_that_a_search_of_an_account_found(
    desk: TestDesk, ravi: Person, rosa: Person
) -> None:
    desk.upload("earlier")
    held_account(desk, ravi, rosa)
    desk.yes(ravi, "earlier")
    desk.report("earlier", **NCII)
    assert desk.item("earlier").age == "child"


def test_one_word_makes_no_identical_file_of_a_childs_an_adults(desk: TestDesk, ravi: Person) -> None:
    desk.upload("a", file="same")
    desk.upload("b", file="same", account="other")
    desk.report("a")
    desk.yes(ravi, "a")
    desk.upload("c", file="same", account="third")
    for ref in "bc":
        desk.report(ref, **NCII)
        assert desk.item(ref).age == "child"


# Rule 14: the 48 hours, wherever the item was found


def short_link(desk: TestDesk, **facts: Any) -> ReportedItem:
    """A report by a link that the platform has to be asked about."""
    facts = {**NCII, **COMPLETE, "relation": Relation.DEPICTED, **facts}
    links = (Link("http://127.0.0.1:8402/s/x", "sample"),)
    filed = commands.file_report(ReportIn(links=links, **facts), now=desk.clock.now)
    return ReportedItem.objects.get(report_id=filed.report_id)


def test_a_complete_request_by_a_short_link_is_removed_undecided_forty_hours_after_its_receipt(
    desk: TestDesk,
) -> None:
    desk.upload("a")
    row, received_at = short_link(desk), desk.clock.now
    one = Obligation.objects.get(kind="resolve")
    commands.resolved(row.pk, ref="a", obligation_id=one.pk, now=desk.clock.pass_(minutes=1))
    removal = due("remove_if_undecided", "a", desk)
    assert removal is not None
    assert removal.not_before == received_at + timedelta(hours=40)


def claim(desk: TestDesk, *refs: str, near: tuple[str, ...] = (), **facts: Any) -> int:
    """A report by hashes alone, and what the index finds for them; the report's number."""
    facts = {**NCII, "relation": Relation.DEPICTED, "statement": "It is going round.", **facts}
    claims = (Claimed("sha256", bytes.fromhex(prints(refs[0] if refs else near[0]).sha256)),)
    filed = commands.file_report(ReportIn(claims=claims, **facts), now=desk.clock.now)
    one = Obligation.objects.get(kind="find_claimed", subject=f"report:{filed.report_id}")
    matches = [MatchIn(desk.item(ref).content_id or 0, CopyKind.EXACT) for ref in refs]
    matches += [MatchIn(desk.item(ref).content_id or 0, CopyKind.NEAR, 8) for ref in near]
    commands.claimed_found(filed.report_id, matches=matches, obligation_id=one.pk, now=desk.clock.now)
    return filed.report_id


def test_a_complete_request_reaches_the_identical_files_that_its_hashes_find_and_no_near_ones(
    desk: TestDesk,
) -> None:
    desk.upload("b")
    desk.upload("c")
    claim(desk, "b", near=("c",), **COMPLETE)
    assert "remove_if_undecided" in desk.owed("b")
    assert "remove_if_undecided" not in desk.owed("c")
    assert "look" in desk.owed("c")


def described(desk: TestDesk, **facts: Any) -> int:
    """A report that says in words where it is; its number."""
    facts = {**NCII, "relation": Relation.DEPICTED, "statement": "The third picture of X's profile.", **facts}
    return commands.file_report(ReportIn(**facts), now=desk.clock.now).report_id


def test_who_reads_a_report_without_a_link_names_the_item_and_it_is_hidden_and_owed_what_a_link_is(
    desk: TestDesk, ravi: Person
) -> None:
    desk.upload("a")
    report_id, received_at = described(desk, **COMPLETE), desk.clock.now
    desk.clock.pass_(minutes=9)
    link = Link("http://127.0.0.1:8402/p/a", "sample", "a")
    item_id = commands.name_item(report_id, link=link, person_id=ravi.pk, now=desk.clock.now)
    assert item_id == desk.item("a").pk
    assert desk.wanted("a") == "hidden"
    assert {"hide", "look", "decide", "find_copies"} <= desk.owed("a")
    removal = due("remove_if_undecided", "a", desk)
    assert removal is not None
    assert removal.not_before == received_at + timedelta(hours=40)
    assert not Obligation.objects.filter(kind="read_report", state="owed").exists()
    entry = AuditEntry.objects.get(kind="item_named")
    assert entry.actor == f"person:{ravi.pk}"
    assert state(desk, report_id) == "hiding"
    with pytest.raises(AlreadyDone):
        commands.name_item(report_id, link=link, person_id=ravi.pk, now=desk.clock.now)


def test_the_place_that_a_reader_names_may_complete_a_request(desk: TestDesk, ravi: Person) -> None:
    desk.upload("a")
    claims = (Claimed("sha256", bytes(32)),)
    filed = commands.file_report(
        ReportIn(claims=claims, relation=Relation.DEPICTED, **NCII, **COMPLETE), now=desk.clock.now
    )
    assert not Report.objects.get().complete
    link = Link("http://127.0.0.1:8402/p/a", "sample", "a")
    commands.name_item(filed.report_id, link=link, person_id=ravi.pk, now=desk.clock.now)
    assert Report.objects.get().complete
    assert "remove_if_undecided" in desk.owed("a")


def test_a_short_link_that_a_reader_names_is_asked_about(desk: TestDesk, ravi: Person) -> None:
    report_id = described(desk)
    link = Link("http://127.0.0.1:8402/s/x", "sample")
    assert commands.name_item(report_id, link=link, person_id=ravi.pk, now=desk.clock.now) is None
    assert Obligation.objects.filter(kind="resolve", state="owed").exists()


def test_nobody_names_what_stands_on_a_site_that_is_not_ours(desk: TestDesk, ravi: Person) -> None:
    report_id = described(desk)
    with pytest.raises(Refused, match="no site of this desk"):
        commands.name_item(
            report_id, link=Link("https://elsewhere.example/1"), person_id=ravi.pk, now=desk.clock.now
        )
    assert not Item.objects.exists()


# Rule 5: what the platform can't do is said to whoever asks


def test_a_later_reporter_is_told_that_the_platform_can_not_hide_it_and_the_first_one_not_again(
    desk: TestDesk,
) -> None:
    desk.upload("a")
    first = desk.report("a")
    cannot_hide(desk)
    desk.clock.pass_(minutes=1)
    second = desk.report("a")
    assert state(desk, second.report_id) == "by_hand"
    cannot_hide(desk)
    said = Message.objects.filter(reply="by_hand").values_list("report_id", flat=True)
    assert sorted(said) == [first.report_id, second.report_id]
    assert Obligation.objects.filter(kind="page_people").count() == 1
    desk.platform_obeys()
    assert not Obligation.objects.filter(kind="do_by_hand", state="owed").exists()
    assert state(desk, second.report_id) == "hidden"


def cannot_hide(desk: TestDesk) -> None:
    one = due("hide", "a", desk)
    assert one is not None
    commands.cannot(one.pk, reason="no such capability", now=desk.clock.now)
    for page in Obligation.objects.filter(kind="page_people", state="owed"):
        commands.done(page.pk, record="obligation_alarmed", event={}, now=desk.clock.now)


# Rule 16: a notice that waits for the platform


@pytest.mark.parametrize("facts", [{"age": Age.CHILD}, {"danger": "now"}, {"harm": "sextortion"}])
def test_a_notice_not_sent_yet_is_held_back_when_a_child_or_a_danger_is_named(
    desk: TestDesk, facts: dict[str, Any]
) -> None:
    desk.upload("a")
    first_owed = desk.clock.now
    desk.report("a", **NCII, relation=Relation.WITNESS)
    told = Obligation.objects.get(kind="tell_holder")
    assert told.not_before is None
    desk.clock.pass_(minutes=5)
    desk.report("a", **{**NCII, **facts})
    number = Notice.objects.get().pk
    assert not commands.may_tell(number, obligation_id=told.pk, now=desk.clock.now)
    again = Obligation.objects.get(kind="tell_holder", state="owed")
    assert again.subject == told.subject
    assert again.not_before is not None
    assert again.not_before >= first_owed + timedelta(hours=24)
    assert AuditEntry.objects.filter(kind="notice_delayed").exists()
    assert commands.may_tell(number, obligation_id=again.pk, now=again.not_before)


def test_a_notice_that_can_hurt_nobody_is_sent(desk: TestDesk) -> None:
    desk.upload("a")
    desk.report("a", **NCII, relation=Relation.WITNESS)
    told = Obligation.objects.get(kind="tell_holder")
    assert commands.may_tell(Notice.objects.get().pk, obligation_id=told.pk, now=desk.clock.now)


# Rule 17: of copies a count, once decided


def test_what_a_hash_found_shows_on_the_status_page_only_when_it_is_decided(
    desk: TestDesk, ravi: Person, rosa: Person
) -> None:
    desk.upload("b")
    report = Report.objects.get(pk=claim(desk, "b"))
    status = report_status(report, language="en", now=desk.clock.now)
    assert status.things == ()
    assert "look" not in {one.kind for one in status.owed}
    for person in (ravi, rosa):
        desk.judge(person, "b", Verdict.NOT_VIOLATING, **ADULT)
    status = report_status(report, language="en", now=desk.clock.now)
    assert [thing.state for thing in status.things] == ["kept"]


# Every reply of the pack is said where it is true


def said(report_id: int) -> list[str]:
    """The replies of the pack that stand on a report's page, in their order."""
    return list(Message.objects.filter(report_id=report_id).order_by("pk").values_list("reply", flat=True))


def test_what_stays_visible_until_a_person_looks_is_told_at_once(desk: TestDesk) -> None:
    desk.upload("t", kind="text")
    filed = desk.report("t", kind="text")
    assert "waits_for_look" in said(filed.report_id)
    desk.upload("a")
    assert "waits_for_look" not in said(desk.report("a").report_id)


def test_a_site_that_is_not_ours_is_told_on_the_page(desk: TestDesk) -> None:
    links = (Link("https://elsewhere.example/1"),)
    report = ReportIn(harm="csam", age=Age.CHILD, relation=Relation.DEPICTED, links=links)
    assert "unknown_site" in said(commands.file_report(report, now=desk.clock.now).report_id)


def test_gone_is_told_once_all_that_a_report_names_is_seen_gone(desk: TestDesk, ravi: Person) -> None:
    desk.upload("a")
    desk.upload("b")
    filed = desk.report("a", "b")
    desk.yes(ravi, "a")
    desk.platform_obeys()
    assert "gone" not in said(filed.report_id)
    desk.yes(ravi, "b")
    desk.platform_obeys()
    desk.platform_obeys()
    assert said(filed.report_id).count("gone") == 1


def test_a_platform_that_is_silent_is_told_of_once(desk: TestDesk) -> None:
    desk.upload("a")
    filed = desk.report("a")
    hide = due("hide", "a", desk)
    assert hide is not None
    for _time in range(2):
        commands.platform_silent(hide.pk, now=desk.clock.pass_(minutes=2))
    assert said(filed.report_id).count("platform_silent") == 1


def test_a_link_that_can_not_be_opened_in_time_is_told_of(desk: TestDesk) -> None:
    row = short_link(desk)
    commands.platform_silent(Obligation.objects.get(kind="resolve").pk, now=desk.clock.pass_(minutes=1))
    assert "unreachable_site" in said(row.report_id)


def test_who_answers_a_refusal_is_told_that_it_is_open_again(
    desk: TestDesk, ravi: Person, rosa: Person, lena: Person
) -> None:
    desk.upload("a")
    filed = desk.report("a")
    desk.no(ravi, "a")
    commands.answer_report(filed.report_id, text="Look.", now=desk.clock.now)
    assert "reopened" not in said(filed.report_id)  # it would tell that one person refused
    desk.no(rosa, "a")
    desk.no(lena, "a")
    commands.answer_report(filed.report_id, text="Look again.", now=desk.clock.now)
    assert said(filed.report_id).count("reopened") == 1


def test_withdrawing_is_confirmed_and_nothing_is_said_after_it(desk: TestDesk, ravi: Person) -> None:
    desk.upload("a")
    filed = desk.report("a")
    commands.withdraw_report(filed.report_id, now=desk.clock.now)
    desk.yes(ravi, "a")
    assert said(filed.report_id)[-1] == "withdrawn"


def test_every_reply_of_the_pack_is_said_by_something() -> None:
    code = "".join(path.read_text() for path in Path(commands.__file__).parent.glob("*.py"))
    pack = baseline()
    entries = [do for harm in pack.harms for event in Event for do in pack.entries(harm, event)]
    by_pack = {entry.reply for entry in entries}
    assert {name for name in pack.replies if f'"{name}"' not in code} <= by_pack


@pytest.mark.parametrize(
    ("lists", "harm"),
    [
        (("stopncii.Active",), "ncii"),
        (("ncmec.A1", "stopncii.Active"), "csam"),
        (("iwf",), "csam"),
        ((), "csam"),
    ],
)
def test_what_a_list_finds_is_looked_at_under_the_harm_that_the_pack_says(
    desk: TestDesk, lists: tuple[str, ...], harm: str
) -> None:
    upload = ItemIn(platform="sample", ref="new", held="list", on_lists=lists)
    assert commands.register_item(upload, now=desk.clock.now).wanted == "hidden"
    case = desk.item("new").case
    assert case is not None
    assert case.harm == harm
    commands.register_item(ItemIn(platform="sample", ref="fetched", fetch=True), now=desk.clock.now)
    fetch(desk, "fetched")
    one = due("screen_item", "fetched", desk)
    assert one is not None
    item = desk.item("fetched")
    commands.item_screened(
        item.pk,
        content_id=item.content_id,
        held="list",
        on_lists=lists,
        obligation_id=one.pk,
        now=desk.clock.now,
    )
    case = desk.item("fetched").case
    assert case is not None
    assert case.harm == harm
