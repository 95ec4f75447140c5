"""What is sent to NCMEC: every field there is, in the schema's order, and nothing that it would refuse."""

import re
from datetime import UTC, datetime, timedelta, timezone
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from answerable.authorities.ncmec import schema
from answerable.authorities.ncmec.file_details import FileAnnotations, FileDetails
from answerable.authorities.ncmec.report import (
    ChatImIncident,
    IncidentSummary,
    InternetDetails,
    Report,
    ReportAnnotations,
    WebPageIncident,
)
from answerable.authorities.ncmec.words import Classification, FileRelevance, IncidentType
from tests.authorities.ncmec.fullest import fullest, paths_known, paths_written
from tests.fakes.ncmec import small_report

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
INCIDENTS = frozenset(InternetDetails.model_fields)


def every_report() -> list[Report]:
    """One report with everything in it for each kind of place."""
    return [
        fullest(Report, frozenset(f"InternetDetails.{name}" for name in INCIDENTS - {kept}))
        for kept in sorted(INCIDENTS)
    ]


def every_file() -> list[FileDetails]:
    skips = ({"potential_meme"}, {"file_annotations"})
    return [fullest(FileDetails, frozenset(f"FileDetails.{name}" for name in skip)) for skip in skips]


def written(element, name):
    return ElementTree.fromstring(element.write(name))


def test_the_schema_takes_reports_that_hold_everything():
    for report in every_report():
        schema.validate(written(report, "report"))


def test_the_schema_takes_details_that_hold_everything():
    for details in every_file():
        schema.validate(written(details, "fileDetails"))


def test_the_models_write_every_field_of_the_schema_and_no_other():
    reports = set().union(*(paths_written(written(one, "report")) for one in every_report()))
    files = set().union(*(paths_written(written(one, "fileDetails")) for one in every_file()))
    assert reports == paths_known("report")
    assert files == paths_known("fileDetails")
    assert len(reports) > 400
    assert len(files) > 40


def test_the_references_smallest_documents_are_valid():
    report = (
        "<report><incidentSummary><incidentType>Child Pornography (possession, manufacture, and distribution)"
        "</incidentType><incidentDateTime>2026-01-02T03:04:05Z</incidentDateTime></incidentSummary><reporter>"
        "<reportingPerson><email>reports@platform.example</email></reportingPerson></reporter></report>"
    )
    details = (
        "<fileDetails><reportId>1000001</reportId><fileId>0123456789abcdef0123456789abcdef</fileId>"
        "<fileViewedByEsp>false</fileViewedByEsp><fileAnnotations><generativeAi/></fileAnnotations>"
        '<originalFileHash hashType="MD5">d41d8cd98f00b204e9800998ecf8427e</originalFileHash></fileDetails>'
    )
    schema.validate(ElementTree.fromstring(report))
    schema.validate(ElementTree.fromstring(details))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (r"(<incidentSummary>.*</incidentSummary>)(<reporter>.*</reporter>)", r"\2\1"),
        (r"(<incidentType>.*</incidentType>)(<incidentDateTime>.*</incidentDateTime>)", r"\2\1"),
        (r"Child Pornography .*distribution\)", "child pornography"),
        (r"T03:04:05.000Z", " 3 o'clock"),
        (r"</incidentSummary>", "<informational/></incidentSummary>"),
        (
            r"<incidentDateTime>",
            "<reportAnnotations><sextortion>false</sextortion></reportAnnotations>\\g<0>",
        ),
        (r"<reporter>.*</reporter>", ""),
        (r"<incidentDateTime>", "<escalateToHighPriority> </escalateToHighPriority>\\g<0>"),
    ],
)
def test_the_schema_refuses_wrong_order_and_wrong_words(before, after):
    document = small_report().xml().decode()
    broken = re.sub(before, after, document)
    assert broken != document
    with pytest.raises(schema.NotValid):
        schema.validate(ElementTree.fromstring(broken.encode()))


def test_a_refusal_says_where_and_never_what_stands_there():
    document = small_report().xml().decode().replace("Child Pornography (", "Dana told us (")
    with pytest.raises(schema.NotValid) as refused:
        schema.validate(ElementTree.fromstring(document.encode()))
    assert str(refused.value).startswith("/report/incidentSummary/incidentType:")
    assert "Dana" not in str(refused.value)


@pytest.mark.parametrize("relevance", [FileRelevance.REPORTED, FileRelevance.SUPPLEMENTAL])
def test_a_file_that_only_helps_takes_no_classification(relevance):
    facts = {"report_id": 1, "file_id": "f", "file_relevance": relevance}
    meme = FileAnnotations(potential_meme=True)
    if relevance is FileRelevance.REPORTED:
        FileDetails(**facts, industry_classification=Classification.A1, file_annotations=meme)
        return
    with pytest.raises(ValidationError, match="supplemental"):
        FileDetails(**facts, industry_classification=Classification.A1)
    with pytest.raises(ValidationError, match="supplemental"):
        FileDetails(**facts, file_annotations=meme)
    with pytest.raises(ValidationError, match="old form"):
        FileDetails(**facts, file_annotations=meme, potential_meme=True)


def test_a_place_is_exactly_one():
    page, chat = WebPageIncident(url=("https://photos.example/p/1",)), ChatImIncident(chat_client="Photos")
    InternetDetails(web_page_incident=page)
    for places in ({}, {"web_page_incident": page, "chat_im_incident": chat}):
        with pytest.raises(ValidationError, match="exactly one"):
            InternetDetails(**places)


def test_times_are_written_in_utc_and_need_a_zone():
    paris = datetime(2026, 7, 1, 12, 0, tzinfo=timezone(timedelta(hours=2)))
    summary = IncidentSummary(incident_type=IncidentType.CSAM, incident_date_time=paris)
    assert summary.as_xml("s").findtext("incidentDateTime") == "2026-07-01T10:00:00.000Z"
    with pytest.raises(ValidationError):
        IncidentSummary(incident_type=IncidentType.CSAM, incident_date_time=paris.replace(tzinfo=None))


def test_a_flag_that_is_not_set_is_not_written():
    element = ReportAnnotations(sextortion=True).as_xml("reportAnnotations")
    assert [(child.tag, child.text) for child in element] == [("sextortion", "true")]
    details = FileDetails(report_id=1, file_id="f", file_viewed_by_esp=False).as_xml("fileDetails")
    assert details.findtext("fileViewedByEsp") == "false"


@given(st.text(max_size=200))
def test_any_text_makes_a_document_that_can_be_read_again(text):
    report = small_report(additional_info=text)
    root = ElementTree.fromstring(report.xml())
    schema.validate(root)
    assert "\x00" not in (root.findtext("additionalInfo") or "")


@pytest.mark.parametrize("length", [3000, 3001])
def test_lengths_are_the_documented_ones(length):
    facts = {"incident_type": IncidentType.CSAM, "incident_date_time": AT}
    if length == 3000:
        IncidentSummary(**facts, escalate_to_high_priority="x" * length)
    else:
        with pytest.raises(ValidationError):
            IncidentSummary(**facts, escalate_to_high_priority="x" * length)
    with pytest.raises(ValidationError):
        IncidentSummary(**facts, escalate_to_high_priority=" \n ")
