"""Filings with authorities on the console: opened by an act that is logged, sent only as they were shown."""

from datetime import datetime

import pytest

from answerable.audit.models import AuditEntry
from answerable.cases import commands
from answerable.cases.filing_inputs import FileDraft, FilingDraft
from answerable.cases.models import Case, Filing, Finding, Item, Person
from answerable.cases.rules.filing import Outcome
from answerable.obligations.models import Obligation
from tests.console.conftest import judge, signed_in

pytestmark = pytest.mark.django_db
DOCUMENT = (
    "<report><incidentSummary><incidentDateTime>2026-12-01</incidentDateTime></incidentSummary></report>"
)


@pytest.fixture
def drafted(reported: Item, ravi: Person, now: datetime) -> Filing:
    """A draft that waits for a person."""
    judge(ravi, reported, "violating", now)
    finding = Finding.objects.get()
    draft = FilingDraft(
        purpose="report",
        account_id=reported.account_id,
        document=DOCUMENT,
        files=(FileDraft(finding.pk, finding.content_id, viewed=True, public=None),),
    )
    owed = Obligation.objects.filter(kind="report_authority").first()
    assert owed is not None
    told = {"authority": "ncmec", "environment": "production", "at_once": False}
    [number] = commands.draft_filings(owed.pk, [draft], now=now, **told)
    return Filing.objects.get(pk=number)


def test_a_draft_is_read_in_words_by_an_act_that_is_logged(drafted: Filing, ravi: Person) -> None:
    client = signed_in(ravi)
    duty = client.get(f"/duties/{drafted.obligation_id}/").content.decode()
    assert f"/filings/{drafted.pk}/" in duty
    closed = client.get(f"/filings/{drafted.pk}/").content.decode()
    assert "Incident date time" not in closed
    assert "Send it" not in closed
    opened = client.post(f"/filings/{drafted.pk}/", {"action": "open"}).content.decode()
    assert "Incident summary › Incident date time" in opened
    assert "&lt;incidentDateTime&gt;2026-12-01" in opened
    assert AuditEntry.objects.filter(kind="text_opened", actor=f"person:{ravi.pk}").exists()


def test_it_is_sent_as_it_was_shown_or_not_at_all(drafted: Filing, ravi: Person) -> None:
    client = signed_in(ravi)
    client.post(f"/filings/{drafted.pk}/", {"action": "send", "digest": "another"})
    drafted.refresh_from_db()
    assert drafted.state == "drafted"
    client.post(f"/filings/{drafted.pk}/", {"action": "send", "digest": drafted.digest})
    drafted.refresh_from_db()
    assert (drafted.state, drafted.approved_by) == ("sending", ravi)
    assert Obligation.objects.filter(kind="file_step", subject=f"filing:{drafted.pk}", state="owed").exists()


def test_it_is_drafted_anew(drafted: Filing, ravi: Person) -> None:
    signed_in(ravi).post(f"/filings/{drafted.pk}/", {"action": "redraft"})
    drafted.refresh_from_db()
    assert (drafted.state, drafted.document) == ("dropped", None)


def test_who_still_judges_blindly_does_not_see_it(drafted: Filing, rosa: Person, petra: Person) -> None:
    assert signed_in(rosa).get(f"/filings/{drafted.pk}/").status_code == 404
    assert signed_in(petra).get(f"/filings/{drafted.pk}/").status_code == 403
    assert signed_in(rosa).get("/filings/999/").status_code == 404


def test_how_far_filings_are_is_watched_as_it_happens(drafted: Filing, ravi: Person, now: datetime) -> None:
    client = signed_in(ravi)
    still = client.get("/filings/")
    assert "waits until somebody agrees" in still.content.decode()
    assert "Refresh" not in still
    assert client.get("/filings/?watch")["Refresh"] == "2"
    client.post(f"/filings/{drafted.pk}/", {"action": "send", "digest": drafted.digest})
    asking = commands.begin_step(drafted.pk, obligation_id=None, now=now)
    assert asking is not None
    assert "being sent, asked to open a report" in client.get("/filings/").content.decode()
    commands.end_step(
        asking, Outcome.DONE, obligation_id=None, report_id=4711, request_id="request-1", now=now
    )
    assert "Report to NCMEC 4711" in client.get("/filings/").content.decode()
    page = client.get(f"/filings/{drafted.pk}/?watch")
    assert page["Refresh"] == "2"
    for line in (
        "A person agreed",
        "Asked to open a report",
        "open a report: done (report 4711), Request-ID request-1",
    ):
        assert line in page.content.decode()


def test_a_case_that_was_joined_into_one_that_somebody_may_not_see_is_left_out(
    drafted: Filing, rosa: Person, now: datetime
) -> None:
    Person.objects.filter(pk=rosa.pk).update(qualifications=["intimate_images"])
    other = Case.objects.create(harm="csam", opened_at=now, pack_digest=drafted.case.pack_digest)
    Case.objects.filter(pk=drafted.case_id).update(harm="ncii", joined_into=other)
    page = signed_in(rosa).get("/filings/")
    assert page.status_code == 200
    assert f"/filings/{drafted.pk}/" not in page.content.decode()


def test_the_list_shows_nothing_to_who_still_judges_blindly(
    drafted: Filing, rosa: Person, petra: Person
) -> None:
    for person in (rosa, petra):
        assert f"/filings/{drafted.pk}/" not in signed_in(person).get("/filings/").content.decode()
