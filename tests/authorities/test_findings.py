"""A report about a child takes a finding, and nothing but a row of the database makes one (rule 13)."""

import inspect
import typing
from datetime import datetime

import pytest

from answerable.authorities.findings import ChildFinding, NotAFinding
from answerable.authorities.ncmec import drafting, facts
from answerable.cases.models import Finding, Person
from answerable.policy.words import Age
from tests.cases.desk import TestDesk

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(db: None, now: datetime) -> TestDesk:
    return TestDesk(now)


def test_only_a_row_makes_a_finding(desk: TestDesk, ravi: Person) -> None:
    desk.upload("a")
    desk.report("a", age=Age.UNSURE)
    desk.yes(ravi, "a", age=Age.UNSURE)
    row = Finding.objects.get()
    assert ChildFinding.of(row).is_unsure
    for key in (None, object(), row):
        with pytest.raises(NotAFinding):
            ChildFinding(key, row)
    with pytest.raises(NotAFinding):
        ChildFinding.of(Finding(content=row.content, case=row.case, age="child", at=row.at))
    with pytest.raises(NotAFinding):
        ChildFinding.of(desk.item("a"))  # type: ignore[arg-type]


def test_a_row_about_an_adult_is_refused_twice(desk: TestDesk, ravi: Person) -> None:
    """By the database, and by the value, should a row ever say so."""
    desk.upload("a")
    desk.report("a")
    desk.yes(ravi, "a")
    row = Finding.objects.get()
    row.age = "adult"
    with pytest.raises(NotAFinding):
        ChildFinding.of(row)


def test_what_writes_reports_takes_findings_and_nothing_else() -> None:
    for function in (drafting.report_draft, facts.matter_of):
        hints = typing.get_type_hints(function)
        assert ChildFinding in typing.get_args(hints["findings"]), function
    assert "Finding.objects" not in inspect.getsource(facts)
