"""What reporters read is true of what happened to their item (rules 2 and 16)."""

import pytest

from answerable.cases import commands
from answerable.cases.inputs import Filed
from answerable.cases.models import Message, Person, Report
from answerable.cases.queries.status import report_status
from answerable.policy import baseline
from answerable.policy.words import Age
from tests.cases.desk import TestDesk

pytestmark = pytest.mark.django_db


def replies(filed: Filed) -> list[str]:
    rows = Message.objects.filter(report_id=filed.report_id, from_reporter=False).order_by("pk")
    return list(rows.values_list("reply", flat=True))


def page(filed: Filed, desk: TestDesk) -> str:
    report = Report.objects.get(pk=filed.report_id)
    said = report_status(report, language="en", now=desk.clock.now).messages
    return " ".join(message.text or "" for message in said)


def test_of_a_picture_that_a_person_judged_its_reporter_reads_that_a_person_looked(
    desk: TestDesk, ravi: Person
) -> None:
    desk.upload("a")
    filed = desk.report("a")
    desk.yes(ravi, "a")
    assert replies(filed)[-1] == "violating_removed"
    assert replies(desk.report("a"))[-1] == "violating_removed"


def test_of_an_identical_file_nobody_reads_that_a_person_looked(desk: TestDesk, ravi: Person) -> None:
    desk.upload("a")
    desk.upload("b", file="a", account="max")
    before = desk.report("b", harm="ncii")
    desk.report("a")
    desk.yes(ravi, "a")
    after = desk.report("b")
    for filed in (before, after):
        assert replies(filed)[-1] == "known_removed"
        assert "trained person looked at it" not in page(filed, desk)


def test_of_a_text_nobody_reads_that_its_file_can_not_be_posted_again(desk: TestDesk, ravi: Person) -> None:
    desk.upload("t", kind="text")
    filed = desk.report("t", kind="text")
    desk.yes(ravi, "t")
    assert replies(filed)[-1] == "violating_text_removed"
    assert "same file" not in page(filed, desk)


def test_a_rejected_complaint_is_answered_with_the_rule_that_was_looked_at(
    desk: TestDesk, ravi: Person, rosa: Person, lena: Person
) -> None:
    desk.upload("a")
    filed = desk.report("a", harm="ncii", age=Age.ADULT)
    desk.no(ravi, "a", age=Age.ADULT, clause="ncii.shared")
    desk.no(rosa, "a", age=Age.ADULT, clause="ncii.shared")
    commands.complain(filed.report_id, item_id=desk.item("a").pk, text="Please.", now=desk.clock.now)
    nora = Person.objects.create(pseudonym="Nora", qualifications=["child_safety", "intimate_images"])
    for person in (lena, nora):
        desk.no(person, "a", age=Age.ADULT, clause="ncii.shared")
    assert replies(filed)[-1] == "complaint_rejected"
    assert baseline().clause_text("ncii.shared", "en") in page(filed, desk)


def test_only_a_desk_under_eu_law_names_a_dispute_body() -> None:
    pack = baseline()
    for key in ("not_violating", "overturned", "complaint_rejected"):
        assert "dispute body" not in pack.reply(key, "en", regimes=("us", "uk"), clause="No.")
        assert "dispute body" in pack.reply(key, "en", regimes=("us", "eu.fr"), clause="No.")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_whoever_is_refused_is_told_where_else_to_find_help(language: str) -> None:
    for key in ("not_violating", "overturned"):
        said = baseline().reply(key, language)
        assert all(place in said for place in ("takeitdown.ncmec.org", "stopncii.org", "3018"))
        assert "sorry" in said or "désolés" in said
