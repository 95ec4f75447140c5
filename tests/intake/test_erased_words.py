"""What people typed leaves: no table, no file and no log line holds it, and what proves the rest still verifies."""

import json
import logging
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.db import connection, transaction
from django.test import Client
from tests.conftest import QUALIFIED
from tests.intake.conftest import code_in, form, open_status, post
from tests.support.desks import Desk
from tests.support.leftovers import in_files, where

from answerable import audit, clock
from answerable.audit import verify
from answerable.audit.check import check
from answerable.audit.models import AuditEntry
from answerable.audit.sequencer import sequence
from answerable.audit.signing import desk_signer
from answerable.cases import codes, commands
from answerable.cases.inputs import ItemIn, Prints, ReviewIn
from answerable.cases.models import Item, Message, Notice, Person, Report
from answerable.cases.rules.words import KeptFor
from answerable.db.models import PersonalText
from answerable.obligations.models import Obligation
from answerable.policy import baseline, store
from answerable.policy.words import Age, Verdict
from answerable.settings import log as log_lines
from answerable.worker import chores

MARK = "quillfeather"
"""Stands in everything that is typed, once with the name of what it is typed into."""


@pytest.fixture
def lines() -> Iterator[StringIO]:
    """All log lines of this process, as an operator gets them."""
    written = StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(log_lines.formatter())
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield written
    root.removeHandler(handler)
    root.setLevel(before)


class Told:
    """A matter in which everybody wrote something, everywhere where something can be written."""

    def __init__(self, move: list[datetime], people: list[Person]) -> None:
        self.clock, self.people, self.others = move, people[:3], people[3:]
        self.dana = self.browser()
        self.form = form(
            self.dana,
            what="me_adult",
            links=f"http://localhost:8402/p/1?for={MARK}-link\n{MARK}-words beside the link",
            where=f"{MARK}-where",
            statement=f"{MARK}-statement",
            contact=f"{MARK}-contact@example.org",
        )
        self.code = code_in(self.dana.post("/en/report", self.form).content.decode())
        self.report = Report.objects.get()
        self.item = Item.objects.get()

    @staticmethod
    def browser() -> Client:
        """A new browser at the public door."""
        return Client(enforce_csrf_checks=True, SERVER_NAME="localhost", headers={"accept-language": "en"})

    def go_on(self, **by: float) -> datetime:
        """Let time pass."""
        self.clock[0] += timedelta(**by)
        return self.clock[0]

    def say(self, path: str, **answers: object) -> None:
        """Dana sends a form of her status page."""
        answer = post(self.dana, f"/en/{path}", open_status(self.dana, self.code), **answers)
        assert answer.status_code in (200, 303), answer.content.decode()

    def judge(self, *people: Person, verdict: Verdict, missing: str = "") -> None:
        """These people judge the item, with a reason in words of their own."""
        self.item.refresh_from_db()
        for person in people:
            review = ReviewIn(
                content_ids=(self.item.content_id or 0,),
                person_id=person.pk,
                verdict=verdict,
                age=Age.ADULT,
                clause="ncii.shared",
                reason=f"{MARK}-reason",
                missing_element=missing,
                began_at=self.clock[0],
            )
            commands.review(review, now=self.go_on(minutes=1))

    def register(self) -> None:
        """The platform registers what Dana reported."""
        prints = Prints(sha256="ab" * 32)
        upload = ItemIn(platform="sample", ref=self.item.ref, account_ref="uri", prints=prints)
        commands.register_item(upload, now=self.clock[0])

    def all_of_it(self) -> None:
        """Complete, answer, refuse, complain, decide otherwise, tell the holder, appeal, write, mark kept."""
        ravi, rosa, _ = self.people
        self.register()
        self.say("status/complete", signature=f"{MARK}-signature", good_faith="yes")
        self.say("status/answer", text=f"{MARK}-answer", fact="")
        self.judge(ravi, rosa, verdict=Verdict.NOT_VIOLATING, missing="not_intimate")
        self.say("status/complain", item=str(self.item.pk), text=f"{MARK}-complaint")
        commands.write_message(self.report.pk, person_id=ravi.pk, text=f"{MARK}-message", now=self.clock[0])
        self.judge(*self.others, verdict=Verdict.VIOLATING)
        uri = self.browser()
        with transaction.atomic():
            Notice.objects.create(
                account=self.item.account,
                item=self.item,
                kind="removed",
                code_hash=codes.code_hash("1234567812345678"),
                decided_at=self.clock[0],
            )
        page = uri.get("/en/appeal").content.decode()
        answer = post(uri, "/en/appeal", page, code="1234567812345678", text=f"{MARK}-appeal")
        assert "We have your objection" in answer.content.decode()


@pytest.fixture
def told(
    fresh_database: Desk, monkeypatch: pytest.MonkeyPatch, ravi: Person, rosa: Person, lena: Person
) -> Told:
    """The matter, on a database that really commits."""
    at = [datetime(2026, 12, 1, 9, 0, tzinfo=UTC)]
    monkeypatch.setattr(clock, "now", lambda: at[0])
    with transaction.atomic():
        store.activate(baseline(), at[0])
    with transaction.atomic():
        others = [
            Person.objects.create(pseudonym=name, qualifications=QUALIFIED) for name in ("Rita", "Rolf")
        ]
    return Told(at, [ravi, rosa, lena, *others])


def receipt_of(told: Told) -> bytes:
    """The receipt as it is downloaded now."""
    sequence()
    answer = told.browser().post("/en/status/receipt", {"code": told.code})
    assert answer.status_code == 200
    return bytes(answer.content)


def verified(receipt: bytes) -> verify.Verified:
    """A receipt, verified with the desk's public key."""
    return verify.verify_receipt(verify.parse_receipt(receipt), desk_signer().verifier_key)


def test_everything_that_was_typed_leaves_on_schedule(
    told: Told, lines: StringIO, fresh_database: Desk
) -> None:
    told.all_of_it()
    before = receipt_of(told)
    texts = list(PersonalText.objects.all())
    assert Counter(text.kind for text in texts) == {
        "statement": 1,
        "contact": 1,
        "signature": 1,
        "message": 4,
        "reason": 4,
    }
    assert where(MARK) == {"cases_reporteditem.link"}, "nothing else is ever readable in the database"
    pieces = [bytes(text.ciphertext) for text in texts] + [bytes(text.wrapped_key) for text in texts]
    if connection.vendor == "sqlite":
        assert in_files(fresh_database.data, *pieces), "the files are looked through"
    told.go_on(days=800)
    chores.erase()
    chores.forget()
    chores.wipe_log()
    assert where(MARK, *pieces) == set()
    if connection.vendor == "sqlite":
        assert in_files(fresh_database.data, MARK.encode(), *pieces) == set()
    assert MARK not in lines.getvalue()
    after = receipt_of(told)
    assert check() == []
    assert (verified(before).event or {})["report"] == told.report.pk
    assert verified(after).event is None
    assert verified(after).entry == verified(before).entry
    page = open_status(told.dana, told.code)
    assert "This message has been erased." in page
    assert "Link:" not in page


def test_what_is_erased_is_named_in_the_log_by_numbers(told: Told) -> None:
    told.all_of_it()
    texts = sorted(PersonalText.objects.values_list("pk", flat=True))
    told.go_on(days=800)
    chores.erase()
    chores.forget()
    entries = AuditEntry.objects.filter(kind__in=["text_erased", "links_erased", "forgotten"])
    erased = {entry.kind: json.loads(entry.event or "") for entry in entries}
    assert sorted(erased["text_erased"]["texts"]) == texts
    [row] = told.report.reported_items.values_list("pk", flat=True)
    assert erased["links_erased"] == {"reported_items": [row], "ground": "schedule"}
    sealed = AuditEntry.objects.filter(sealed=True)
    assert sorted(erased["forgotten"]["entries"]) == sorted(sealed.values_list("pk", flat=True))


def test_a_form_sent_again_is_answered_when_its_links_are_erased(told: Told) -> None:
    told.go_on(days=800)
    chores.erase()
    chores.forget()
    assert code_in(told.dana.post("/en/report", told.form).content.decode()) == told.code
    assert Report.objects.count() == 1


def test_everything_that_a_reporter_typed_leaves_when_they_ask(
    told: Told, lines: StringIO, fresh_database: Desk
) -> None:
    ravi, rosa, lena = told.people
    told.register()
    told.say("status/complete", signature=f"{MARK}-signature", good_faith="yes")
    told.say("status/answer", text=f"{MARK}-answer", fact="")
    commands.read_answer(Message.objects.get(text__isnull=False).pk, person_id=lena.pk, now=told.clock[0])
    before = receipt_of(told)
    texts = list(PersonalText.objects.all())
    pieces = [bytes(text.ciphertext) for text in texts] + [bytes(text.wrapped_key) for text in texts]
    assert "/en/status/erase" in open_status(told.dana, told.code)
    answer = post(told.dana, "/en/status/erase", told.dana.get("/en/status/erase").content.decode())
    assert answer.status_code == 303
    assert "People answer by" in open_status(told.dana, told.code)
    told.go_on(minutes=5)
    told.judge(ravi, rosa, verdict=Verdict.NOT_VIOLATING, missing="not_intimate")
    commands.end_withdrawn(told.report.pk, person_id=lena.pk, now=told.go_on(days=8))
    assert commands.answer_erasure(told.report.pk, person_id=lena.pk, now=told.clock[0])
    chores.wipe_log()
    assert where(f"{MARK}-", *pieces) == set()
    if connection.vendor == "sqlite":
        assert in_files(fresh_database.data, f"{MARK}-".encode(), *pieces) == set()
    assert MARK not in lines.getvalue()
    sequence()
    assert check() == []
    entry = verified(before).entry["id"]
    now_written = audit.receipt(entry)
    assert now_written["event"] is None
    assert verify.verify_receipt(now_written, desk_signer().verifier_key).entry == verified(before).entry
    closed = open_status(told.browser(), told.code)
    assert "Please check the digits." in closed


def test_a_page_that_people_declined_says_why_and_until_when(told: Told) -> None:
    told.register()
    open_status(told.dana, told.code)
    post(told.dana, "/en/status/erase", told.dana.get("/en/status/erase").content.decode())
    commands.answer_erasure(
        told.report.pk, person_id=told.people[0].pk, declined=KeptFor.LAW, now=told.clock[0]
    )
    page = open_status(told.dana, told.code)
    assert "a law obliges us to keep it" in page
    assert "5 January 2028" in page
    assert "Erase what you wrote" in page
    french = told.browser()
    assert "une loi nous oblige à le garder" in open_status(french, told.code, "fr")


def test_a_closed_page_asks_for_the_code_before_it_erases(told: Told) -> None:
    told.dana.cookies.clear()
    page = told.dana.get("/en/status/erase")
    assert "Type your code to go on" in page.content.decode()
    assert not Obligation.objects.filter(kind="erase_words").exists()
