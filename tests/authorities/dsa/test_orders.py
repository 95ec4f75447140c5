"""An order of an authority, carried out and told over real HTTP: its holder reads of it, the public database never."""

import pytest

from answerable.cases import commands
from answerable.cases.models import Notice, StatementOfReasons
from answerable.cases.request_inputs import Asks
from answerable.policy.words import Age
from tests.cases.test_authority_requests import ask
from tests.cases.test_verifying_requests import verify

pytestmark = pytest.mark.django_db


def test_its_holder_is_told_and_nothing_of_it_is_published(desk, configure, ravi, lena, petra, rosa):
    desk.post("a")
    row = ask(desk, ravi, Asks.REMOVE, "a", regime="eu", country="fr", law="lcen", age=Age.ADULT)
    verify(desk, row, lena, petra)
    commands.grant_request(row.pk, person_id=lena.pk, now=desk.clock.now)
    desk.work(minutes=10)
    assert Notice.objects.get(kind="ordered").told_at is not None
    (told,) = desk.site.site.notices.values()
    assert "an authority (France) ordered it, under the French law 2004-575, Art. 6-1" in told
    desk.work(hours=48)
    desk.yes(rosa, "a", age=Age.ADULT, clause="other_illegal.law")
    desk.work(hours=48)
    assert {one.notice.kind for one in StatementOfReasons.objects.filter(ready_at__isnull=False)} == {
        "removed"
    }
    (stored,) = desk.stored()
    assert stored["decision_ground"] == "DECISION_GROUND_INCOMPATIBLE_CONTENT"
