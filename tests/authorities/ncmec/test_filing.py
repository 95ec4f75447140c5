"""From a decision to a filed report: what NCMEC gets, of whom, how often, and what it never gets."""

import pytest

from answerable.audit.log import event_of
from answerable.audit.models import AuditEntry
from answerable.authorities.ncmec.steps import take
from answerable.cases import codes, commands
from answerable.cases.inputs import Refused
from answerable.cases.models import Account, Filing, ItemContent, Notice, Person
from answerable.cases.rules.filing import Step
from answerable.obligations.models import Obligation
from answerable.policy.words import Age, Danger, Relation
from tests.authorities.ncmec.conftest import FilingDesk
from tests.fakes.ncmec import State, client

pytestmark = pytest.mark.django_db


def filed(desk: FilingDesk):
    return desk.ncmec.reports.in_state(State.FINISHED)


def state_of(kind: str) -> list[str]:
    return list(
        Obligation.objects.filter(kind=kind, regime="us").order_by("pk").values_list("state", flat=True)
    )


def decided(desk: FilingDesk, person: Person, *refs: str, **facts) -> None:
    for ref in refs:
        desk.post(ref)
    desk.report(*refs)
    for ref in refs:
        desk.yes(person, ref, **facts)


def overturn(desk: FilingDesk, ref: str, *people: Person) -> None:
    notice = Notice.objects.filter(item=desk.item(ref)).latest("pk")
    code = codes.derived_code(f"notice:{notice.pk}")
    commands.appeal(code, text="This is a lake.", now=desk.clock.pass_(hours=1))
    for person in people:
        desk.no(person, ref)


@pytest.fixture
def mira(db: None) -> Person:
    return Person.objects.create(pseudonym="Mira", qualifications=["child_safety", "intimate_images"])


@pytest.fixture
def nora(db: None) -> Person:
    return Person.objects.create(pseudonym="Nora", qualifications=["child_safety", "intimate_images"])


def test_a_decision_about_a_child_is_filed_and_the_duty_kept(desk, ravi):
    desk.post("a")
    desk.report("a")
    desk.see(ravi, "a")
    desk.yes(ravi, "a")
    desk.work()
    (report,) = filed(desk)
    root = report.root
    assert root.findtext("incidentSummary/incidentType").startswith("Child Pornography")
    assert root.findtext("incidentSummary/platform") == "Photos"
    assert root.findtext("internetDetails/webPageIncident/url") == "http://127.0.0.1:8402/p/a"
    assert root.findtext("reporter/reportingPerson/email") == "reports@photos.example"
    assert root.findtext("personOrUserReported/espIdentifier") == "uri"
    (file,) = report.files.values()
    assert file.details.findtext("fileViewedByEsp") == "true"
    assert file.details.find("publiclyAvailable") is None  # no look saw it where everybody could
    assert file.details.findtext("originalFileHash[@hashType='SHA256']") == desk.item("a").content.sha256
    obligation = Obligation.objects.get(kind="report_authority", regime="us")
    assert (obligation.state, obligation.reference) == ("kept", str(report.number))
    assert "destroy_preserved" in desk.owed()
    assert desk.ncmec.asked == ["/submit", "/upload", "/fileinfo", "/finish"]
    answered = [event_of(entry) for entry in AuditEntry.objects.filter(kind="filing_answered").order_by("pk")]
    assert [one["step"] for one in answered] == ["submit", "upload:1", "details:1", "finish"]
    assert [one["request"] for one in answered] == [f"drill-{number:06}" for number in range(1, 5)]


def test_nobody_looked_is_said_of_a_file_that_nobody_saw(desk, ravi, rosa):
    desk.post("a")
    desk.post("b")
    desk.report("a", "b")
    desk.see(ravi, "b")
    commands.look_at([desk.item("a").pk], person_id=rosa.pk, revealed=False, now=desk.clock.now)
    desk.yes(ravi, "a")
    desk.yes(ravi, "b")
    desk.work()
    (report,) = filed(desk)
    viewed = [file.details.findtext("fileViewedByEsp") for file in report.files.values()]
    assert viewed == ["false", "true"]
    assert "looked at by nobody here" in report.root.findtext("additionalInfo")


def test_an_adults_matter_never_reaches_ncmec(desk, ravi, rosa):
    desk.post("a")
    desk.report("a", harm="ncii", age=Age.ADULT)
    desk.yes(ravi, "a", age=Age.ADULT, clause="ncii.shared")
    desk.yes(rosa, "a", age=Age.ADULT, clause="ncii.shared")
    desk.work(hours=2)
    assert desk.ncmec.asked == []
    assert Filing.objects.count() == 0


def test_each_account_has_its_own_report_with_its_own_files(desk, ravi):
    desk.post("a", account="uri")
    desk.post("b", account="other")
    desk.post("c", account="uri")
    desk.report("a", "b", "c")
    for ref in "abc":
        desk.yes(ravi, ref)
    desk.work()
    found = {r.root.findtext("personOrUserReported/espIdentifier"): len(r.files) for r in filed(desk)}
    assert found == {"uri": 2, "other": 1}
    assert state_of("report_authority") == ["kept"]


def test_what_comes_later_is_a_report_of_its_own_that_names_the_earlier(desk, ravi):
    decided(desk, ravi, "a")
    desk.work()
    desk.clock.pass_(days=1)
    decided(desk, ravi, "b")
    desk.work()
    first, second = filed(desk)
    prior = [one.text for one in second.root.findall("personOrUserReported/priorCTReports")]
    assert prior == [str(first.number)]
    assert len(first.files) == len(second.files) == 1


def test_a_finding_that_falls_is_corrected_by_a_later_report(desk, ravi, mira, nora):
    decided(desk, ravi, "a")
    desk.work()
    (first,) = filed(desk)
    overturn(desk, "a", mira, nora)
    assert state_of("correct_authority") == ["owed"]
    desk.work()
    first, second = filed(desk)
    assert second.root.findtext("personOrUserReported/priorCTReports") == str(first.number)
    assert f"corrects CyberTipline report {first.number}" in second.root.findtext("additionalInfo")
    assert second.files == {}
    assert state_of("correct_authority") == ["kept"]


def test_a_finding_that_falls_before_the_filing_is_never_filed(desk, configure, ravi, mira, nora):
    configure(send="after_a_person")
    decided(desk, ravi, "a")
    (draft,) = desk.draft()
    overturn(desk, "a", mira, nora)
    assert desk.draft() == []
    draft.refresh_from_db()
    assert (draft.state, draft.document) == ("dropped", None)
    assert desk.ncmec.asked == []


def test_a_finding_that_falls_while_it_is_being_sent_is_taken_back(desk, ravi, mira, nora):
    decided(desk, ravi, "a")
    (filing,) = desk.draft()
    asking = commands.begin_step(filing.pk, obligation_id=None, now=desk.clock.now)
    take(asking, client(desk.ncmec), obligation_id=None, seconds_for_bytes=5)
    assert len(desk.ncmec.reports.in_state(State.OPEN)) == 1
    overturn(desk, "a", mira, nora)
    desk.work()
    assert filed(desk) == []
    assert len(desk.ncmec.reports.in_state(State.RETRACTED)) == 1
    filing.refresh_from_db()
    assert filing.state == "dropped"
    assert state_of("correct_authority") == []


def test_a_finding_that_falls_during_the_last_step_is_corrected(desk, ravi, mira, nora):
    decided(desk, ravi, "a")
    (filing,) = desk.draft()
    asking = commands.begin_step(filing.pk, obligation_id=None, now=desk.clock.now)
    while asking.next.step is not Step.FINISH:
        take(asking, client(desk.ncmec), obligation_id=None, seconds_for_bytes=5)
        asking = commands.begin_step(filing.pk, obligation_id=None, now=desk.clock.now)
    overturn(desk, "a", mira, nora)
    take(asking, client(desk.ncmec), obligation_id=None, seconds_for_bytes=5)
    assert state_of("correct_authority") == ["owed"]
    desk.work()
    assert len(filed(desk)) == 2
    assert state_of("correct_authority") == ["kept"]


def test_a_person_agrees_first_where_the_desk_wants_that(desk, configure, ravi):
    configure(send="after_a_person")
    decided(desk, ravi, "a")
    desk.work(hours=1)
    assert desk.ncmec.asked == []
    (draft,) = Filing.objects.all()
    with pytest.raises(Refused, match="changed"):
        commands.approve_filing(draft.pk, person_id=ravi.pk, digest="0" * 64, now=desk.clock.now)
    desk.approve(ravi)
    desk.work()
    assert len(filed(desk)) == 1
    assert Filing.objects.get().approved_by == ravi


def test_a_draft_follows_what_is_found_out_while_it_waits(desk, configure, ravi):
    configure(send="after_a_person")
    decided(desk, ravi, "a")
    (first,) = desk.draft()
    assert [one.pk for one in desk.draft()] == [first.pk]
    Account.objects.filter(ref="uri").update(judged_as="depicted")
    (second,) = desk.draft()
    assert second.pk != first.pk
    with pytest.raises(Refused, match="already"):
        commands.approve_filing(first.pk, person_id=ravi.pk, digest=first.digest, now=desk.clock.now)
    desk.approve(ravi)
    desk.work()
    assert filed(desk)[0].root.find("personOrUserReported") is None


def test_what_people_filed_without_a_number_they_correct_too(desk, configure, ravi, mira, nora):
    configure(send="after_a_person")
    decided(desk, ravi, "a")
    owed = Obligation.objects.get(kind="report_authority", regime="us")
    commands.mark_kept(owed.pk, person_id=ravi.pk, reference="by the form", now=desk.clock.now)
    overturn(desk, "a", mira, nora)
    desk.work()
    correction = Filing.objects.get(purpose="correction")
    assert correction.state == "by_hand"
    assert "number" in correction.why
    assert state_of("correct_authority") == ["owed"]
    assert desk.ncmec.asked == []


def test_what_people_filed_with_its_number_the_desk_corrects(desk, configure, ravi, mira, nora):
    decided(desk, ravi, "a")
    owed = Obligation.objects.get(kind="report_authority", regime="us")
    commands.mark_kept(owed.pk, person_id=ravi.pk, reference="77", now=desk.clock.now)
    overturn(desk, "a", mira, nora)
    desk.work()
    assert filed(desk)[0].root.findtext("personOrUserReported/priorCTReports") == "77"
    assert state_of("correct_authority") == ["kept"]


def test_identical_files_of_others_are_counted(desk, ravi):
    desk.post("a")
    desk.upload("b", file="a", account="other")
    desk.report("a")
    desk.yes(ravi, "a")
    desk.work()
    (report,) = filed(desk)
    assert "stood in 1 more items" in report.root.findtext("additionalInfo")
    assert len(report.files) == 1


def test_an_unqualified_person_agrees_to_nothing(desk, configure, ravi, petra):
    configure(send="after_a_person")
    decided(desk, ravi, "a")
    (draft,) = desk.draft()
    with pytest.raises(Refused, match="qualified"):
        commands.approve_filing(draft.pk, person_id=petra.pk, digest=draft.digest, now=desk.clock.now)


def test_filing_at_the_test_address_keeps_no_duty(desk, configure, ravi):
    configure(environment="test")
    decided(desk, ravi, "a")
    desk.work()
    assert len(filed(desk)) == 1
    assert state_of("report_authority") == ["owed"]
    desk.work()
    assert len(filed(desk)) == 1
    configure()
    desk.work()
    assert state_of("report_authority") == ["kept"]


def test_what_a_person_filed_outside_is_not_filed_again(desk, configure, ravi):
    configure(send="after_a_person")
    decided(desk, ravi, "a")
    desk.draft()
    owed = Obligation.objects.get(kind="report_authority", regime="us")
    commands.mark_kept(owed.pk, person_id=ravi.pk, reference="77", now=desk.clock.now)
    configure()
    desk.work()
    assert desk.ncmec.asked == []
    desk.clock.pass_(days=1)
    decided(desk, ravi, "b")
    desk.work()
    assert len(filed(desk)) == 1


def test_a_holder_who_is_the_one_depicted_is_the_victim(desk, ravi):
    desk.post("a")
    Account.objects.filter(ref="uri").update(judged_as="depicted")
    desk.report("a", relation=Relation.WITNESS)
    desk.yes(ravi, "a")
    desk.work()
    root = filed(desk)[0].root
    assert root.find("personOrUserReported") is None
    assert root.findtext("victim/espIdentifier") == "uri"


def test_a_correction_names_no_victim_as_reported(desk, ravi, mira, nora):
    desk.post("a")
    Account.objects.filter(ref="uri").update(judged_as="depicted")
    decided(desk, ravi, "b")
    desk.work()
    overturn(desk, "b", mira, nora)
    desk.work()
    first, correction = filed(desk)
    assert correction.root.find("personOrUserReported") is None
    assert correction.root.findtext("victim/priorCTReports") == str(first.number)


@pytest.mark.parametrize("classify", [True, False])
def test_a_class_is_sent_only_by_who_signed_the_agreement(desk, configure, ravi, classify):
    configure(classify=classify)
    decided(desk, ravi, "a", classification="A2")
    desk.work()
    (file,) = filed(desk)[0].files.values()
    assert file.details.findtext("industryClassification") == ("A2" if classify else None)


def test_a_class_goes_with_what_violates_about_a_child(desk, ravi):
    desk.post("a")
    desk.report("a")
    for facts in ({"age": Age.ADULT}, {"classification": "C1"}):
        with pytest.raises(Refused):
            desk.yes(ravi, "a", **{"classification": "A1", **facts})
    with pytest.raises(Refused):
        desk.no(ravi, "a", classification="A1")


@pytest.mark.parametrize(("answer", "flag"), [("taken_over", "true"), ("outrage", None), ("offender", None)])
def test_whose_account_it_is_is_said(desk, ravi, answer, flag):
    desk.post("a")
    Account.objects.filter(ref="uri").update(judged_as=answer)
    desk.report("a")
    desk.yes(ravi, "a")
    desk.work()
    suspect = filed(desk)[0].root.find("personOrUserReported")
    assert suspect.findtext("compromisedAccount") == flag
    assert suspect.findtext("additionalInfo")


def test_nothing_of_a_reporter_is_sent(desk, ravi):
    desk.post("a")
    desk.report("a", statement="My name is Dana and I live by the lake.", contact="dana@mail.example")
    desk.yes(ravi, "a")
    desk.work()
    (report,) = filed(desk)
    for word in (b"Dana", b"lake", b"dana@mail.example"):
        assert word not in report.document
    assert "says to be the one depicted" in report.root.findtext("victim/additionalInfo")
    assert report.root.find("victim/victimPerson/email") is None


def test_danger_now_is_escalated_with_its_reason(desk, ravi):
    desk.post("a")
    desk.report("a", danger=Danger.NOW)
    desk.yes(ravi, "a")
    desk.work()
    reason = filed(desk)[0].root.findtext("incidentSummary/escalateToHighPriority")
    assert "in danger now" in reason
    desk.clock.pass_(hours=1)
    decided(desk, ravi, "b")
    desk.work()
    assert filed(desk)[1].root.find("incidentSummary/escalateToHighPriority") is None


def test_sextortion_is_enticement_with_its_annotation(desk, ravi):
    desk.post("a")
    desk.report("a", harm="sextortion")
    desk.yes(ravi, "a", clause="sextortion.threat")
    desk.work()
    summary = filed(desk)[0].root.find("incidentSummary")
    assert summary.findtext("incidentType").startswith("Online Enticement")
    assert summary.findtext("reportAnnotations/sextortion") == "true"


def test_a_file_that_is_gone_is_filed_with_its_hashes(desk, ravi):
    decided(desk, ravi, "a")
    del desk.site.site.things["a"]
    desk.work()
    (report,) = filed(desk)
    assert report.files == {}
    assert desk.item("a").content.sha256 in report.root.findtext("additionalInfo")
    assert state_of("report_authority") == ["kept"]


def test_a_large_file_is_sent_outside_of_the_ten_seconds(desk, ravi):
    decided(desk, ravi, "a")
    ItemContent.objects.update(size=50_000_000)
    desk.draft()
    desk.turns.live(seconds=5)
    assert desk.ncmec.asked == ["/submit"]
    assert Filing.objects.get().uploading
    desk.work()
    (report,) = filed(desk)
    assert len(report.files) == 1


def test_refused_credentials_leave_it_to_people_with_an_alarm(desk, configure, ravi, tmp_path):
    (tmp_path / "ncmec.login").write_text("drill:wrong")
    decided(desk, ravi, "a")
    desk.work()
    (filing,) = Filing.objects.all()
    assert filing.state == "by_hand"
    assert "name and password" in filing.why
    assert state_of("report_authority") == ["owed"]
    assert Obligation.objects.filter(kind="page_people", subject=f"filing:{filing.pk}").exists()
    (tmp_path / "ncmec.login").write_text("drill:a password for trying out")
    commands.redraft_filing(filing.pk, person_id=ravi.pk, now=desk.clock.now)
    desk.work()
    assert state_of("report_authority") == ["kept"]


def test_what_has_no_type_at_ncmec_is_left_to_people(desk, ravi):
    desk.post("a")
    desk.report("a", harm="csam")
    desk.yes(ravi, "a", clause="other_illegal.law")
    drafts = desk.draft()
    assert [one.state for one in drafts] in ([], ["by_hand"])
    assert desk.ncmec.asked == []
