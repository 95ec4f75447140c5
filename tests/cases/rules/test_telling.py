"""Telling can hurt: whose notices wait, and how exact a time may be."""

from datetime import UTC, datetime

import pytest

from answerable.cases.rules.telling import day_only, must_wait
from answerable.policy.words import Age, Danger


@pytest.mark.parametrize("age", list(Age))
@pytest.mark.parametrize("harm", ["csam", "sextortion", "grooming", "ncii"])
@pytest.mark.parametrize("danger", list(Danger))
def test_a_notice_waits_where_somebody_could_be_hurt(age: Age, harm: str, danger: Danger) -> None:
    harmless = age is Age.ADULT and harm in ("csam", "ncii") and danger is Danger.NONE
    assert must_wait(age, [harm], danger) != harmless


def test_account_holders_are_told_days() -> None:
    assert day_only(datetime(2026, 12, 1, 9, 31, tzinfo=UTC)) == "2026-12-01"
