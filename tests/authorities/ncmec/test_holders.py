"""What a platform knows of the account that is reported: asked when a report is owed, and kept no longer."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.audit.log import event_of
from answerable.audit.models import AuditEntry
from answerable.authorities.holders import FRESH_FOR, WITHOUT_AFTER, known
from answerable.authorities.ncmec import schema
from answerable.authorities.ncmec.holder import file_fields, holder_fields, recipients
from answerable.authorities.ncmec.people import Email
from answerable.authorities.ncmec.people import Person as XmlPerson
from answerable.authorities.ncmec.report import IncidentSummary, PersonOrUserReported, Report, Reporter
from answerable.authorities.ncmec.words import IncidentType
from answerable.cases import commands
from answerable.cases.models import Account, AccountAsked
from answerable.db.models import PersonalText
from answerable.platforms.facts import AccountFacts
from tests.authorities.ncmec.conftest import FilingDesk
from tests.fakes.ncmec import State

pytestmark = pytest.mark.django_db
MARK = "hills@mail.example"


def asked(desk: FilingDesk) -> list[dict]:
    return [one for one in desk.site.site.requests if one["verb"] == "account.facts"]


def filed(desk: FilingDesk):
    return desk.ncmec.reports.in_state(State.FINISHED)


def decided(desk: FilingDesk, ravi, ref: str = "a") -> None:
    desk.post(ref)
    desk.report(ref)
    desk.yes(ravi, ref)


def test_the_platform_is_asked_once_and_never_before_a_report_is_owed(desk, ravi):
    desk.site.site.facts["uri"] = {"emails": [{"value": MARK, "verified": False}]}
    desk.post("a")
    desk.report("a")
    desk.work(minutes=5)
    assert asked(desk) == []
    desk.yes(ravi, "a")
    desk.work()
    [one] = asked(desk)
    assert (one["account"], one["refs"]) == ("uri", ["a"])
    told = filed(desk)[0].root.find("personOrUserReported/personOrUserReportedPerson/email")
    assert (told.text, told.get("verified"), told.get("verificationDate")) == (MARK, "false", None)
    entries = AuditEntry.objects.filter(kind="account_asked")
    assert [event_of(entry)["outcome"] for entry in entries] == ["told"]
    assert MARK not in str([entry.event for entry in AuditEntry.objects.all()])


def test_a_report_waits_for_a_platform_that_fails_and_then_goes_without(desk, ravi):
    decided(desk, ravi)
    desk.site.site.faults.add("facts_fail")
    desk.work(minutes=1)
    assert filed(desk) == []
    desk.work(minutes=5)
    desk.work(seconds=WITHOUT_AFTER.total_seconds())
    root = filed(desk)[0].root
    assert root.findtext("personOrUserReported/espIdentifier") == "uri"
    assert "has said nothing more of it" in root.findtext("personOrUserReported/additionalInfo")
    assert 2 <= len(asked(desk)) < 30


def test_what_is_told_after_a_failure_is_in_the_report(desk, ravi):
    decided(desk, ravi)
    desk.site.site.facts["uri"] = {"screen_name": "hills"}
    desk.site.site.faults.add("facts_fail")
    desk.work()
    desk.site.site.faults.clear()
    desk.work(minutes=1)
    desk.work(minutes=1)
    assert filed(desk)[0].root.findtext("personOrUserReported/screenName") == "hills"


def test_a_platform_that_tells_nothing_holds_nothing_up(desk, ravi):
    decided(desk, ravi)
    desk.site.site.faults.add("knows_nothing")
    desk.work()
    assert len(filed(desk)) == 1
    assert AccountAsked.objects.get().outcome == "nothing"


def test_of_one_who_is_depicted_nothing_is_asked(desk, ravi):
    desk.post("a")
    Account.objects.update(judged_as="depicted")
    desk.report("a")
    desk.yes(ravi, "a")
    desk.work()
    assert asked(desk) == []
    assert len(filed(desk)) == 1


def test_what_another_account_is_told_as_is_not_believed(desk, ravi):
    decided(desk, ravi)
    desk.site.site.facts["uri"] = {"account": "dana", "screen_name": "dana"}
    desk.work()
    assert filed(desk) == []
    assert AccountAsked.objects.get().outcome == "failed"


def test_a_later_report_asks_anew(desk, ravi):
    decided(desk, ravi)
    desk.site.site.facts["uri"] = {"screen_name": "hills"}
    desk.work()
    desk.clock.pass_(seconds=FRESH_FOR.total_seconds())
    desk.site.site.facts["uri"] = {"screen_name": "lakes"}
    decided(desk, ravi, "b")
    desk.work()
    assert [one.root.findtext("personOrUserReported/screenName") for one in filed(desk)] == ["hills", "lakes"]
    assert PersonalText.objects.filter(kind="account").count() == 1


def test_it_is_encrypted_and_erased_after_a_month(desk, ravi):
    decided(desk, ravi)
    desk.site.site.facts["uri"] = {"emails": [{"value": MARK}]}
    desk.work()
    account = Account.objects.get(ref="uri")
    assert known(account).emails[0].value == MARK
    [row] = PersonalText.objects.filter(kind="account")
    assert MARK.encode() not in bytes(row.ciphertext)
    commands.erase_due(desk.clock.now + timedelta(days=31))
    assert known(account) is None


words = st.text(max_size=300)
facts = st.builds(
    AccountFacts,
    account=st.text(min_size=1, max_size=300),
    screen_name=words,
    display_names=st.lists(words, max_size=3).map(tuple),
    bio=st.text(max_size=5000),
)


@given(facts)
def test_whatever_a_platform_tells_can_be_written(told):
    suspect = PersonOrUserReported(**holder_fields(told), esp_identifier="uri")
    report = Report(
        incident_summary=IncidentSummary(
            incident_type=IncidentType.CSAM, incident_date_time="2026-12-01T09:00:00Z"
        ),
        reporter=Reporter(reporting_person=XmlPerson(email=(Email(text="reports@photos.example"),))),
        person_or_user_reported=suspect,
        intended_recipient=tuple(recipients(told, ["a"], "Photos")),
    )
    schema.validate(report.as_xml("report"))
    assert file_fields(told.item("a")) == {}
