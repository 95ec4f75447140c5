"""A status page belongs to one report (rule 17), opens by its code alone, and lets its reporter speak."""

import json
import re
import time
from datetime import datetime, timedelta

import pytest
from django.db import transaction
from django.test import Client
from tests.intake.conftest import LINK, file, hidden, open_status, post

from answerable.audit import verify
from answerable.audit.models import AuditEntry
from answerable.audit.sequencer import sequence
from answerable.cases import codes, commands
from answerable.cases.inputs import ItemIn, Prints, ReviewIn
from answerable.cases.models import Appeal, Item, Message, Person, Report
from answerable.cases.queries import status as queries
from answerable.db import personal
from answerable.intake.slowing import slowing
from answerable.intake.wording import OWED
from answerable.obligations.models import Obligation
from answerable.policy.words import Age, Verdict, Visibility


def words(page: str) -> str:
    """A page as people read it: no tags, single spaces."""
    return re.sub(
        r"\s+", " ", re.sub(r"<[^>]+>", " ", page.split("<main", 1)[1].split("</main>", maxsplit=1)[0])
    )


def seen(item: Item, visibility: Visibility, at: datetime) -> None:
    """The platform was looked at."""
    item.refresh_from_db()
    commands.item_seen(
        item.pk,
        visibility=visibility,
        serial=item.wanted_serial,
        asked_at=at,
        acknowledged_at=at,
        seen_at=at,
        now=at,
    )


def judged(
    item: Item,
    people: list[Person],
    verdict: Verdict,
    at: datetime,
    age: Age = Age.CHILD,
    clause: str = "csam.depiction",
) -> None:
    """These people judged the item, each by themselves."""
    if item.content_id is None:
        prints = Prints(sha256=f"{item.pk:064x}")
        commands.register_item(ItemIn(platform=item.platform, ref=item.ref, prints=prints), now=at)
        item.refresh_from_db()
    for person in people:
        commands.review(
            ReviewIn(
                content_ids=(item.content_id or 0,),
                person_id=person.pk,
                verdict=verdict,
                age=age,
                clause=clause,
                reason="As the clause says.",
                began_at=at,
            ),
            now=at,
        )


def test_the_code_opens_the_page_however_it_is_typed(dana: Client) -> None:
    code = file(dana)
    for typed in (code, codes.grouped(code), codes.grouped(code).replace(" ", "-"), f" {code}\t"):
        assert "What you reported" in open_status(dana, typed)
        dana.cookies.clear()


def test_the_page_says_what_was_hidden_and_when(dana: Client, at: datetime) -> None:
    code = file(dana)
    assert "Being hidden now" in open_status(dana, code)
    seen(Item.objects.get(), Visibility.HIDDEN, at + timedelta(seconds=1))
    page = words(dana.get("/en/status").content.decode())
    assert "Hidden, and checked on the site. 1 December 2026 at 09:00 UTC" in page


def test_what_a_platform_hides_by_taking_it_away_is_hidden_and_not_gone(dana: Client, at: datetime) -> None:
    code = file(dana)
    seen(Item.objects.get(), Visibility.GONE, at + timedelta(seconds=1))
    page = words(open_status(dana, code))
    assert "Nobody else can see it until people have decided." in page
    assert "Gone" not in page


def test_the_page_says_what_is_owed_and_by_when(dana: Client, at: datetime) -> None:
    page = words(open_status(dana, file(dana)))
    assert "We hide what you reported. by 1 December 2026 at 09:01 UTC" in page
    assert "A person looks at it. by 1 December 2026 at 09:15 UTC" in page


def test_what_is_late_is_said(dana: Client, at: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    code = file(dana)
    monkeypatch.setattr("answerable.clock.now", lambda: at + timedelta(hours=1))
    assert "We are late: it was due 1 December 2026 at 09:01 UTC" in words(open_status(dana, code))


def test_nothing_of_another_report_shows(
    dana: Client, max_: Client, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    file(max_, statement="The first one.")
    item = Item.objects.get()
    seen(item, Visibility.HIDDEN, at + timedelta(seconds=1))
    later = at + timedelta(hours=5)
    monkeypatch.setattr("answerable.clock.now", lambda: later)
    page = words(open_status(dana, file(dana)))
    assert "The first one." not in page
    assert "09:0" not in page, "a time before this report tells that somebody else reported"
    assert "14:00" in page


def test_messages_of_another_report_never_show(dana: Client, max_: Client) -> None:
    mine, other = file(dana), file(max_, statement="x")
    page = open_status(max_, other)
    post(max_, "/en/status/answer", page, text="Only Max wrote this.")
    assert "Only Max wrote this." not in open_status(dana, mine)


def test_copies_are_a_count_once_decided(dana: Client, at: datetime, ravi: Person) -> None:
    code = file(dana)
    item = Item.objects.get()
    same = Prints(sha256=f"{item.pk:064x}")
    commands.register_item(ItemIn(platform="sample", ref="copy-by-uri", prints=same), now=at)
    assert "copy-by-uri" not in open_status(dana, code)
    judged(item, [ravi], Verdict.VIOLATING, at)
    page = words(open_status(dana, code))
    assert "We also found 1 copy and acted on it." in page
    assert "copy-by-uri" not in page


@pytest.fixture
def refused(dana: Client, at: datetime, ravi: Person, rosa: Person) -> str:
    """The code of a report that two people refused."""
    code = file(dana)
    judged(Item.objects.get(), [ravi, rosa], Verdict.NOT_VIOLATING, at)
    return code


def test_a_refusal_can_be_contested_from_the_page(dana: Client, refused: str) -> None:
    page = open_status(dana, refused)
    assert "Decided: not against the rules" in page
    item = hidden(page, "item")
    answer = post(dana, "/en/status/complain", page, item=item, text="Please look again, I am thirteen.")
    assert answer.status_code == 303
    assert Appeal.objects.get().kind == "complaint"
    assert "You asked for a new decision." in words(dana.get("/en/status").content.decode())


def test_nobody_contests_through_a_report_that_does_not_name_the_item(
    dana: Client, max_: Client, refused: str
) -> None:
    page = open_status(max_, file(max_, links="http://localhost:8402/p/other"))
    item = Item.objects.get(ref__contains="1").pk
    assert post(max_, "/en/status/complain", page, item=item, text="x").status_code == 404


def test_an_older_refusal_never_answers_a_later_report(
    dana: Client, max_: Client, refused: str, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("answerable.clock.now", lambda: at + timedelta(hours=1))
    page = open_status(max_, file(max_, statement="Again."))
    assert "not against the rules" not in page


def test_an_answer_is_taken_with_what_is_new_in_it(dana: Client, refused: str) -> None:
    page = open_status(dana, refused)
    answer = post(dana, "/en/status/answer", page, text="I was thirteen.", fact="age")
    assert answer.status_code == 303
    assert "We have your answer." in dana.get("/en/status?said=answered").content.decode()
    assert Report.objects.get().facts == ["age"]
    message = Message.objects.get(from_reporter=True)
    assert message.text is not None
    assert personal.open_text(message.text) == "I was thirteen."
    assert Obligation.objects.filter(kind="read_answer", state="owed").exists()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"text": " "}, "The text is empty."),
        ({"text": "a" * 20_001}, "too long"),
        ({"text": "a", "fact": "x"}, "news"),
    ],
)
def test_an_answer_that_can_not_be_taken_says_why_and_stays(
    dana: Client, typed: dict[str, str], said: str
) -> None:
    page = open_status(dana, file(dana))
    answer = post(dana, "/en/status/answer", page, **typed)
    assert answer.status_code == 422
    shown = answer.content.decode()
    assert said in shown
    assert typed["text"].strip() in shown
    assert not Message.objects.filter(from_reporter=True).exists()


def test_an_answer_after_the_page_closed_is_kept_until_the_code_is_typed(dana: Client) -> None:
    code = file(dana)
    page = open_status(dana, code)
    del dana.cookies["answerable_report_en"]
    closed = post(dana, "/en/status/answer", page, text="Long words, not lost.")
    assert closed.status_code == 422
    again = closed.content.decode()
    draft = hidden(again, "draft")
    opened_again = post(dana, "/en/status", again, code=code, draft=draft)
    assert "Long words, not lost." in opened_again.content.decode()


def test_the_receipt_verifies_with_the_public_key_alone(dana: Client) -> None:
    code = file(dana)
    sequence()
    answer = Client(SERVER_NAME="localhost").post("/en/status/receipt", {"code": code})
    assert answer.headers["Content-Disposition"] == 'attachment; filename="receipt.json"'
    verified = verify.verify_receipt(verify.parse_receipt(answer.content))
    assert verified
    receipt = json.loads(answer.content)
    assert receipt["event"]["report"] == Report.objects.get().pk
    assert receipt["entry"]["kind"] == "report_received"


def test_the_receipt_downloads_from_the_open_page(dana: Client) -> None:
    open_status(dana, file(dana))
    sequence()
    assert dana.post("/en/status/receipt").headers["Content-Type"] == "application/json"


def test_withdrawing_says_what_it_does_and_ends_messages_only(dana: Client) -> None:
    code = file(dana, contact="dana@example.org")
    page = open_status(dana, code)
    asked = dana.get("/en/status/withdraw").content.decode()
    assert "we go on, because nobody else can decide for them" in asked
    assert Report.objects.get().withdrawn_at is None
    post(dana, "/en/status/withdraw", page)
    made = Report.objects.get()
    assert made.withdrawn_at is not None
    assert made.contact is None
    assert Item.objects.get().wanted == Visibility.HIDDEN
    after = open_status(dana, code)
    assert 'id="answer-form"' not in after


@pytest.mark.parametrize("path", ["answer", "complain", "withdraw", "close"])
def test_another_site_can_not_act_on_an_open_report(dana: Client, path: str) -> None:
    open_status(dana, file(dana))
    answer = dana.post(f"/en/status/{path}", {"text": "From elsewhere."})
    assert answer.status_code == 403
    assert "Please send that once more" in answer.content.decode()


def test_another_site_can_not_open_its_own_report_in_danas_browser(dana: Client, max_: Client) -> None:
    code = file(max_)
    dana.get("/en/status")
    assert dana.post("/en/status", {"code": code}).status_code == 403


def test_the_cookie_goes_to_the_status_page_alone_and_ends_soon(dana: Client) -> None:
    open_status(dana, file(dana))
    cookie = dana.cookies["answerable_report_en"]
    assert cookie["path"] == "/en/status"
    assert cookie["httponly"]
    assert cookie["samesite"] == "Strict"
    assert not cookie["max-age"]  # it goes with the browser, too
    assert not cookie["expires"]
    assert dana.cookies["answerable_report_fr"]["path"] == "/fr/status"


def test_the_report_closes_twenty_minutes_after_the_last_click(
    dana: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_status(dana, file(dana))
    begun = time.time()
    monkeypatch.setattr("django.core.signing.time.time", lambda: begun + 1190)
    assert "Your report" in dana.get("/en/status").content.decode()
    monkeypatch.setattr("django.core.signing.time.time", lambda: begun + 1190 + 1190)
    assert "Your report" in dana.get("/en/status").content.decode()
    monkeypatch.setattr("django.core.signing.time.time", lambda: begun + 1190 + 1190 + 1210)
    assert "Type the sixteen digits" in dana.get("/en/status").content.decode()


def test_the_language_changes_without_typing_the_code_again(dana: Client) -> None:
    open_status(dana, file(dana))
    assert "Ce que vous avez signalé" in dana.get("/fr/status").content.decode()


def test_leaving_closes_the_report_in_this_browser(dana: Client) -> None:
    open_status(dana, file(dana))
    dana.get("/en/exit")
    assert "Type the sixteen digits" in dana.get("/en/status").content.decode()


def test_an_erased_code_ends_what_it_had_opened(dana: Client, now: datetime) -> None:
    open_status(dana, file(dana))
    with transaction.atomic():
        Report.objects.update(code_erased_at=now)
    assert "Type the sixteen digits" in dana.get("/en/status").content.decode()


def test_opening_stands_in_the_log_and_a_wrong_code_does_not(dana: Client) -> None:
    code = file(dana)
    open_status(dana, "0000000000000000")
    assert not AuditEntry.objects.filter(kind="status_opened").exists()
    open_status(dana, code)
    assert AuditEntry.objects.filter(kind="status_opened").count() == 1


def test_wrong_unknown_and_erased_codes_look_the_same(dana: Client, now: datetime) -> None:
    erased = file(dana)
    with transaction.atomic():
        Report.objects.update(code_erased_at=now)
    page = dana.get("/en/status").content.decode()
    answers = set()
    for typed in (erased, "0000000000000000", "12", "not a code", "", "\u0661" * 16, "9" * 4000):
        answer = post(dana, "/en/status", page, code=typed)
        body = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", answer.content.decode())
        answers.add((answer.status_code, body, frozenset(answer.cookies) - {"public_csrf"}))
    assert len(answers) == 1


def test_a_thousand_wrong_codes_are_slowed_and_the_right_one_still_opens(
    dana: Client, max_: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = file(dana)
    waited: list[float] = []
    monkeypatch.setattr(slowing, "_sleep", waited.append)
    page = max_.get("/en/status").content.decode()
    for number in range(1000):
        assert post(max_, "/en/status", page, code=f"{number:016d}").status_code == 422
    assert len(waited) > 900
    assert max(waited) <= 2
    assert "What you reported" in open_status(dana, code)


def test_every_kind_that_is_shown_has_its_words() -> None:
    assert set(queries.SHOWN_KINDS) <= set(OWED)


def test_the_page_of_a_report_without_link_shows_words_and_messages(dana: Client) -> None:
    page = open_status(dana, file(dana, links="", what="threat", statement="He writes every day."))
    assert "It names no link" in page
    assert "He writes every day." not in page, "the statement is never shown again"
    assert LINK not in page


def test_what_a_removal_request_lacks_can_be_added_later_and_counts_from_receipt(
    dana: Client, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = file(dana, what="me_adult", signature="Dana Doe")
    assert not Obligation.objects.filter(kind="remove_if_undecided").exists()
    monkeypatch.setattr("answerable.clock.now", lambda: at + timedelta(hours=3))
    page = open_status(dana, code)
    assert 'name="signature"' not in page
    assert post(dana, "/en/status/complete", page, contact="dana@example.org").status_code == 303
    assert not Report.objects.get().complete
    assert post(dana, "/en/status/complete", page, good_faith="yes").status_code == 303
    made = Report.objects.get()
    assert made.complete
    assert made.contact is not None
    assert personal.open_text(made.contact) == "dana@example.org"
    removal = Obligation.objects.get(kind="remove_if_undecided")
    assert removal.due_at == at + timedelta(hours=48)
    shown = dana.get("/en/status").content.decode()
    assert "Your removal request is complete. Nothing more is needed from you." in shown
    assert 'id="formal"' not in shown


def test_a_request_completed_after_a_refusal_is_judged_anew(
    dana: Client, at: datetime, ravi: Person, rosa: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = file(dana, what="me_adult", signature="Dana Doe", good_faith="yes")
    item = Item.objects.get()
    judged(item, [ravi, rosa], Verdict.NOT_VIOLATING, at, Age.ADULT, clause="ncii.shared")
    later = at + timedelta(days=5)
    monkeypatch.setattr("answerable.clock.now", lambda: later)
    page = open_status(dana, code)
    assert post(dana, "/en/status/complete", page, contact="dana@example.org").status_code == 303
    assert Obligation.objects.get(kind="remove_if_undecided", state="owed").due_at == later + timedelta(
        hours=48
    )
    assert Obligation.objects.filter(kind="decide", state="owed").exists()


@pytest.mark.parametrize("typed", [{"contact": "a" * 301}, {"signature": "a" * 301}])
def test_an_element_that_is_too_long_says_so(dana: Client, typed: dict[str, str]) -> None:
    page = open_status(dana, file(dana, what="me_adult"))
    assert post(dana, "/en/status/complete", page, **typed).status_code == 422


def test_a_child_is_not_asked_on_the_status_page_either(dana: Client) -> None:
    assert 'id="formal"' not in open_status(dana, file(dana))
