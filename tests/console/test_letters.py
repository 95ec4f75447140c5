"""Letters to authorities on the console: opened by an act that is logged, received, or come back."""

from datetime import datetime, timedelta

import pytest

from answerable.audit.models import AuditEntry
from answerable.cases import commands
from answerable.cases.letter_inputs import ItemDraft, LetterDraft
from answerable.cases.models import Decision, Finding, Item, Letter, Person
from answerable.obligations.models import Obligation
from tests.console.conftest import judge, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(reported: Item, ravi: Person, now: datetime) -> Letter:
    """A letter that our server took."""
    judge(ravi, reported, "violating", now)
    finding = Finding.objects.get()
    owed = Obligation.objects.get(kind="report_authority", regime="eu")
    item = ItemDraft(finding.content_id, Decision.objects.earliest("pk").pk, finding.pk)
    draft = LetterDraft(
        authority="eu_police",
        environment="production",
        regime="eu",
        address="police@authority.example",
        reference="2345-6789-ABCD",
        message_id="<1@b.example>",
        facts="Shows: a lake",
        message="x",
        items=(item,),
    )
    number = commands.draft_letter(owed.pk, draft, now=now)
    assert number is not None
    sending = Obligation.objects.get(kind="send_letter")
    commands.begin_letter(number, obligation_id=sending.pk, now=now)
    within = timedelta(hours=72)
    commands.letter_accepted(number, obligation_id=sending.pk, receipt_within=within, now=now)
    return Letter.objects.get()


def test_its_words_are_opened_by_an_act_that_is_logged(sent: Letter, ravi: Person) -> None:
    client = signed_in(ravi)
    closed = client.get(f"/letters/{sent.pk}/").content.decode()
    assert "2345-6789-ABCD" in closed
    assert "sent, no receipt yet" in closed
    assert "a lake" not in closed
    opened = client.post(f"/letters/{sent.pk}/", {"action": "open"}).content.decode()
    assert "Shows: a lake" in opened
    assert AuditEntry.objects.filter(kind="text_opened", actor=f"person:{ravi.pk}").exists()


def test_a_receipt_is_entered_where_it_is_owed(sent: Letter, ravi: Person) -> None:
    client = signed_in(ravi)
    owed = Obligation.objects.get(kind="enter_receipt")
    page = client.get(f"/duties/{owed.pk}/").content.decode()
    assert f"/letters/{sent.pk}/" in page
    assert "Enter the authority" in client.get("/").content.decode()
    client.post(f"/duties/{owed.pk}/", {"reference": "BKA 4711"})
    sent.refresh_from_db()
    assert (sent.state, sent.receipt) == ("received", "BKA 4711")


def test_what_came_back_is_owed_anew_and_can_be_sent_again(sent: Letter, ravi: Person) -> None:
    client = signed_in(ravi)
    client.post(f"/letters/{sent.pk}/", {"action": "came_back"})
    sent.refresh_from_db()
    assert sent.state == "bounced"
    owed = Obligation.objects.get(kind="report_authority", regime="eu", state="owed")
    assert "came back" in client.get(f"/duties/{owed.pk}/").content.decode()
    client.post(f"/letters/{sent.pk}/", {"action": "again"})
    sent.refresh_from_db()
    assert sent.state == "dropped"


def test_who_still_judges_blindly_does_not_see_it(sent: Letter, rosa: Person, petra: Person) -> None:
    assert signed_in(rosa).get(f"/letters/{sent.pk}/").status_code == 404
    assert signed_in(petra).get(f"/letters/{sent.pk}/").status_code == 403
    assert signed_in(rosa).get("/letters/999/").status_code == 404
