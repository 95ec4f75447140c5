"""What staff do besides judging, and what the desk does by the clock: read, write, end, forget."""

from datetime import timedelta

import pytest

from answerable.cases import commands
from answerable.cases.models import Message, Person
from answerable.db.models import PersonalText
from answerable.policy import store
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


def test_what_staff_write_is_erased_when_the_pack_says_so(desk: TestDesk, ravi: Person) -> None:
    desk.upload("a")
    filed = desk.report("a")
    desk.yes(ravi, "a")
    commands.write_message(filed.report_id, person_id=ravi.pk, text="We saw it.", now=desk.clock.now)
    times = dict(PersonalText.objects.values_list("kind", "erase_after"))
    for kind in ("reason", "message"):
        assert times[kind] == desk.clock.now + store.active().erase_after(kind)
        assert times[kind] - desk.clock.now == timedelta(days=400)
