"""Two people, or one person's two clicks, at the very same moment: one effect, and everybody is told clearly."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.test import Client

from answerable.api.keys import create_key
from answerable.audit.models import AuditEntry
from answerable.cases import commands
from answerable.cases.inputs import AlreadyDone, Reviewed, ReviewIn
from answerable.cases.models import Case, Decision, Item, Person, Report, Review
from answerable.obligations.models import Obligation
from answerable.policy.words import Age, Verdict
from tests.faults.conftest import Reporter, assert_log_whole, code_in
from tests.support.turns import Turns

AtOnce = Callable[[Sequence[Callable[[], Any]]], list[Any]]
CLICKS = 6


def test_one_form_sent_many_times_at_once_is_one_report_with_one_code(
    committing: AtOnce, dana: Reporter
) -> None:
    form = dana.form(statement="The same, pressed again and again.")
    answers = committing([lambda: dana.send(form)] * CLICKS)
    assert [answer.status_code for answer in answers] == [200] * CLICKS, answers
    [code] = {code_in(answer.content.decode()) for answer in answers}
    assert Report.objects.count() == 1
    assert Case.objects.count() == 1
    assert AuditEntry.objects.filter(kind="report_received").count() == 1
    assert "What you reported" in dana.status(code)
    assert_log_whole()


def test_one_request_of_a_machine_sent_many_times_at_once_is_one_report(
    committing: AtOnce, dana: Reporter, worker: Turns
) -> None:
    key = create_key("button", ["reports:write"], now=worker.now)
    body = {"harm": "csam", "relation": "depicted", "age": "child", "links": [f"{dana.site.site.url}/p/3pic"]}

    def send() -> Any:
        return Client(SERVER_NAME="localhost").post(
            "/api/v1/reports",
            json.dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {key}", "Idempotency-Key": "one"},
        )

    answers = committing([send] * CLICKS)
    assert sorted(answer.status_code for answer in answers) == [200] * (CLICKS - 1) + [201], answers
    assert len({answer.json()["report"] for answer in answers}) == 1
    assert len({answer.json()["code"] for answer in answers}) == 1
    assert Report.objects.count() == 1


def test_many_people_report_the_same_new_item_at_once(committing: AtOnce, dana: Reporter) -> None:
    forms = [dana.form(statement=f"I am number {number}.") for number in range(CLICKS)]
    answers = committing([lambda form=form: dana.send(form) for form in forms])
    assert [answer.status_code for answer in answers] == [200] * CLICKS, answers
    assert len({code_in(answer.content.decode()) for answer in answers}) == CLICKS
    assert (Report.objects.count(), Item.objects.count()) == (CLICKS, 1)
    [case] = Case.objects.filter(items__isnull=False).distinct()
    assert case.reports_count == CLICKS
    assert Obligation.objects.filter(kind="hide").count() == 1
    assert_log_whole()


@pytest.fixture
def reviewing(dana: Reporter, worker: Turns) -> Callable[[Person, Verdict], list[Reviewed]]:
    """One person's judgement of the item that Dana reported."""
    dana.report()
    worker.settle()
    item = Item.objects.get()
    assert item.content_id is not None
    content_id, began_at = item.content_id, worker.now
    worker.pass_(minutes=1)

    def review(person: Person, verdict: Verdict) -> list[Reviewed]:
        review_in = ReviewIn(
            content_ids=(content_id,),
            person_id=person.pk,
            verdict=verdict,
            age=Age.CHILD,
            clause="csam.depiction",
            reason="as the clause says",
            began_at=began_at,
        )
        return commands.review(review_in, now=worker.now)

    return review


Reviewing = Callable[[Person, Verdict], list[Reviewed]]


@pytest.mark.parametrize("verdict", list(Verdict))
def test_two_reviewers_who_agree_at_once_make_one_decision(
    committing: AtOnce, reviewing: Reviewing, ravi: Person, rosa: Person, verdict: Verdict
) -> None:
    results = committing([lambda: reviewing(ravi, verdict), lambda: reviewing(rosa, verdict)])
    assert all(isinstance(result, list) for result in results), results
    assert sorted(Review.objects.values_list("person__pseudonym", flat=True)) == ["Ravi", "Rosa"]
    decision = Decision.objects.get()
    assert (decision.verdict, decision.overturned_at) == (verdict, None)
    assert AuditEntry.objects.filter(kind="decision_made").count() == 1
    if verdict is Verdict.VIOLATING:
        assert decision.confirmed_by_two_at is not None
        assert sorted(result[0].confirmed_by_two for result in results) == [False, True]
    else:
        assert sorted(result[0].verdict or "" for result in results) == ["", "not_violating"]
    assert_log_whole()


def test_two_reviewers_who_differ_at_once_leave_it_to_a_lead(
    committing: AtOnce, reviewing: Reviewing, ravi: Person, rosa: Person
) -> None:
    results = committing(
        [lambda: reviewing(ravi, Verdict.VIOLATING), lambda: reviewing(rosa, Verdict.NOT_VIOLATING)]
    )
    assert all(isinstance(result, list) for result in results), results
    assert Obligation.objects.filter(kind="settle_tie", state="owed").count() == 1
    assert not Decision.objects.filter(verdict="not_violating").exists()
    assert Item.objects.get().wanted in ("hidden", "gone"), "protected until the lead has decided"
    assert_log_whole()


def test_who_comes_third_at_the_same_moment_is_told_and_decides_nothing(
    committing: AtOnce, reviewing: Reviewing, ravi: Person, rosa: Person, lena: Person
) -> None:
    people = (ravi, rosa, lena)
    results = committing([lambda who=who: reviewing(who, Verdict.VIOLATING) for who in people])
    [told] = [result for result in results if not isinstance(result, list)]
    assert isinstance(told, AlreadyDone)
    assert "decided meanwhile" in str(told)
    assert (Review.objects.count(), Decision.objects.count()) == (2, 1)


def test_one_person_in_many_windows_at_once_judges_once(
    committing: AtOnce, reviewing: Reviewing, ravi: Person
) -> None:
    results = committing([lambda: reviewing(ravi, Verdict.VIOLATING)] * CLICKS)
    told = [result for result in results if not isinstance(result, list)]
    assert len(told) == CLICKS - 1
    assert all(isinstance(one, AlreadyDone) for one in told), told
    assert (Review.objects.count(), Decision.objects.count()) == (1, 1)
