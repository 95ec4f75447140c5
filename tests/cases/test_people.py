"""Who counts as on call, and what is promised without anybody."""

import pytest

from answerable.cases.models import Person, Report
from answerable.cases.queries import people
from answerable.cases.queries.promised import kept_here
from answerable.settings.config import Alerts, config
from tests.cases.desk import TestDesk

pytestmark = pytest.mark.django_db


def with_a_pager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the desk have an address to page."""
    paged = config().model_copy(update={"alerts": Alerts(urls=("json://127.0.0.1:9/",))})
    monkeypatch.setattr(people, "config", lambda: paged)


def test_without_an_address_to_page_nobody_is_on_call(ravi: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [on_call for *_, on_call in people.staff()] == [False]
    with_a_pager(monkeypatch)
    assert [on_call for *_, on_call in people.staff()] == [True]


def test_a_look_day_and_night_is_promised_only_where_a_page_reaches_somebody(
    desk: TestDesk, ravi: Person, rosa: Person, lena: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.upload("a")
    report = Report.objects.get(pk=desk.report("a").report_id)
    assert "look" in desk.owed("a")
    assert "look" not in kept_here(report)
    with_a_pager(monkeypatch)
    assert "look" in kept_here(report)
