"""Whom a notice may reach, and when (rule 16)."""

from datetime import datetime

from answerable.policy.words import Age, Danger

GUARDED_HARMS = ("sextortion", "grooming")


def must_wait(age: Age, harm: str, danger: Danger) -> bool:
    """Whether telling the account holder can hurt somebody, so that it waits as long as the law allows."""
    return age is not Age.ADULT or harm in GUARDED_HARMS or danger is not Danger.NONE


def day_only(at: datetime) -> str:
    """A time as account holders are told it: the day, nothing finer."""
    return at.strftime("%Y-%m-%d")
