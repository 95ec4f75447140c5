"""Whom a notice may reach, and when (rule 16)."""

from collections.abc import Collection
from datetime import datetime

from answerable.policy.words import Age, Danger

GUARDED_HARMS = ("sextortion", "grooming")


def must_wait(age: Age, harms: Collection[str], danger: Danger) -> bool:
    """Whether telling the account holder can hurt somebody, so that it waits as long as the law allows."""
    guarded = any(harm in GUARDED_HARMS for harm in harms)
    return age is not Age.ADULT or guarded or danger is not Danger.NONE


def day_only(at: datetime) -> str:
    """A time as account holders are told it: the day, nothing finer."""
    return at.strftime("%Y-%m-%d")
