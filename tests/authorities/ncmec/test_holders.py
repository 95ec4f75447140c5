"""What a platform knows of the account that is reported: asked when a report is owed, and kept no longer."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.audit.log import event_of
from answerable.audit.models import AuditEntry
from answerable.authorities.holders import FRESH_FOR, MOST_A_ROUND, WITHOUT_AFTER, known
from answerable.authorities.ncmec import schema
from answerable.authorities.ncmec.holder import file_fields, holder_fields, recipients
from answerable.authorities.ncmec.people import Email
from answerable.authorities.ncmec.people import Person as XmlPerson
from answerable.authorities.ncmec.report import IncidentSummary, PersonOrUserReported, Report, Reporter
from answerable.authorities.ncmec.words import IncidentType
from answerable.cases import commands
from answerable.cases.evidence_inputs import HeldFor
from answerable.cases.models import Account, AccountAsked, Filing
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


def of_items(desk: FilingDesk) -> None:
    """The site answers about the items that it was asked about, and no other."""
    desk.site.site.facts["uri"] = {
        "screen_name": "hills",
        "items": [{"ref": ref, "file_name": f"{ref}.jpg", "room": f"Room {ref}"} for ref in "ab"],
    }
    desk.site.site.faults.add("facts_of_asked_alone")


def test_drafts_about_one_account_leave_each_other_as_they_are(desk, configure, ravi):
    configure(send="after_a_person")
    of_items(desk)
    for ref in "ab":
        decided(desk, ravi, ref)
        desk.draft()
        desk.clock.pass_(minutes=1)
    for _ in range(3):
        desk.draft()
    assert Filing.objects.filter(state="dropped").count() == 0
    assert len(asked(desk)) == Filing.objects.count() == 2


def test_each_file_goes_with_what_was_told_of_it(desk, ravi):
    of_items(desk)
    for ref in "ab":
        decided(desk, ravi, ref)
        desk.draft()
    desk.work()
    names = {file.details.findtext("originalFileName") for one in filed(desk) for file in one.files.values()}
    assert names == {"a.jpg", "b.jpg"}


def test_one_account_that_is_answered_wrongly_holds_up_no_other(desk, ravi):
    desk.site.site.facts = {"uri": {"bio": "x" * 6000}, "dana": {"screen_name": "dana7"}}
    for ref, account in (("a", "uri"), ("b", "dana")):
        desk.post(ref, account=account)
        desk.report(ref)
        desk.yes(ravi, ref)
    desk.work()
    [report] = filed(desk)
    assert report.root.findtext("personOrUserReported/screenName") == "dana7"


def test_a_platform_that_is_down_is_asked_once_a_round_and_all_go_without_in_the_end(desk, ravi):
    for number in range(6):
        desk.post(f"{number}x", account=f"holder{number}")
        desk.report(f"{number}x")
        desk.yes(ravi, f"{number}x")
    desk.site.stop()
    desk.draft()
    assert AccountAsked.objects.count() == 1
    assert Filing.objects.count() == 0
    desk.clock.pass_(minutes=11)
    assert len(desk.draft()) == 6
    desk.site.start()


def test_many_accounts_are_asked_about_some_at_a_time(desk, ravi):
    for number in range(MOST_A_ROUND + 1):
        desk.post(f"{number}x", account=f"holder{number}")
        desk.report(f"{number}x")
        desk.yes(ravi, f"{number}x")
    assert len(desk.draft()) == MOST_A_ROUND
    assert len(desk.draft()) == MOST_A_ROUND + 1


def test_what_a_hold_keeps_is_not_erased_by_asking_again(desk, ravi, lena):
    desk.site.site.facts["uri"] = {"screen_name": "hills"}
    decided(desk, ravi)
    desk.work()
    case_id = desk.item("a").case_id
    before = PersonalText.objects.get(kind="account").pk
    account = Account.objects.get(ref="uri")
    commands.account_asked(account.pk, "failed", case_id=case_id, now=desk.clock.now)
    assert known(account).screen_name == "hills"
    commands.hold_evidence(case_id, why=HeldFor.COURT, person_id=lena.pk, now=desk.clock.now)
    commands.account_asked(account.pk, "told", '{"account": "uri"}', case_id=case_id, now=desk.clock.now)
    assert PersonalText.objects.filter(pk=before).exists()
    assert known(account).screen_name == ""


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
