"""What staff do besides judging, and what the desk does by the clock: read, write, end, forget."""

import pytest

from answerable.cases import commands
from answerable.cases.models import Message, Person
from tests.cases.desk import TestDesk

pytestmark = pytest.mark.django_db


def test_who_withdrew_is_not_told_that_an_earlier_answer_was_read(desk: TestDesk, ravi: Person) -> None:
    desk.upload("a")
    filed = desk.report("a")
    message = commands.answer_report(filed.report_id, text="One thing more.", now=desk.clock.now)
    commands.withdraw_report(filed.report_id, now=desk.clock.now)
    before = Message.objects.count()
    assert commands.read_answer(message, person_id=ravi.pk, now=desk.clock.now) == "One thing more."
    assert Message.objects.count() == before
    assert "read_answer" not in desk.owed()
