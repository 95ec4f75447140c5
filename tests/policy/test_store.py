"""Packs in the database: cases stay pinned to the one that they were opened under."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from answerable.policy import PolicyError, baseline, load, store
from answerable.policy.models import PolicyPack
from answerable.serve.preparation import activate_policy
from tests.policy.edits import BASELINE

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    store.pack.cache_clear()


def _activate(text: str, at: datetime) -> str:
    with transaction.atomic():
        return store.activate(load(text), at).digest


def test_an_activated_pack_is_the_one_of_new_cases(now: datetime) -> None:
    digest = _activate(BASELINE, now)
    assert digest == baseline().digest
    assert store.active().digest == digest
    assert store.pack(digest).text == BASELINE


def test_activating_the_active_pack_again_changes_nothing(now: datetime) -> None:
    _activate(BASELINE, now)
    _activate(BASELINE, now + timedelta(days=1))
    assert PolicyPack.objects.get().activated_at == now


def test_an_older_pack_stays_readable_and_can_come_back(now: datetime) -> None:
    old = _activate(BASELINE, now)
    new = _activate(BASELINE + "# newer\n", now + timedelta(days=1))
    assert store.active().digest == new
    assert store.pack(old).digest == old
    _activate(BASELINE, now + timedelta(days=2))
    assert store.active().digest == old
    assert PolicyPack.objects.count() == 2


def test_a_pack_that_was_never_activated_is_an_error_that_says_so() -> None:
    with pytest.raises(store.UnknownPackError, match="was ever activated here"):
        store.pack("ab" * 32)
    with pytest.raises(store.UnknownPackError, match="no policy pack is active"):
        store.active()


def test_a_pinned_pack_stays_readable_when_the_checks_grow_stricter(now: datetime) -> None:
    text = BASELINE.replace("contest_for: 184d", "contest_for: 30d")
    with transaction.atomic():
        row = PolicyPack.objects.create(digest="cd" * 32, text=text, activated_at=now)
    assert store.pack(row.digest).contest_for == timedelta(days=30)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM policy_policypack",
        "UPDATE policy_policypack SET text = 'pack: max'",
        f"UPDATE policy_policypack SET digest = '{'ef' * 32}'",
    ],
)
def test_the_database_keeps_every_pack_as_it_was(statement: str, now: datetime) -> None:
    _activate(BASELINE, now)
    with (
        pytest.raises(DatabaseError, match="a policy pack"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert PolicyPack.objects.get().text == BASELINE


def test_a_desk_starts_with_its_configured_pack_checked_against_code_and_laws() -> None:
    assert activate_policy() == "baseline 2026.12.0"
    assert store.active().digest == baseline().digest


def test_a_desk_under_a_law_that_its_pack_does_not_know_does_not_start(settings: Any) -> None:
    desk = settings.CONFIG.desk.model_copy(update={"regimes": ("us", "au")})
    settings.CONFIG = settings.CONFIG.model_copy(update={"desk": desk})
    with pytest.raises(PolicyError, match="the desk works under 'au'"):
        activate_policy()
    assert not PolicyPack.objects.exists()
