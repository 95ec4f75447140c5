"""Lengths of time as a pack writes them (`60s`, `15m`, `24h`, `365d`), and as people read them."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator

_WRITTEN = re.compile(r"([1-9][0-9]{0,6})([smhd])")
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_NAMES = {
    "en": {
        "s": ("second", "seconds"),
        "m": ("minute", "minutes"),
        "h": ("hour", "hours"),
        "d": ("day", "days"),
    },
    "fr": {
        "s": ("seconde", "secondes"),
        "m": ("minute", "minutes"),
        "h": ("heure", "heures"),
        "d": ("jour", "jours"),
    },
}
_ONE = {
    "en": {"s": "one", "m": "one", "h": "one", "d": "one"},
    "fr": {"s": "une", "m": "une", "h": "une", "d": "un"},
}


def read_duration(value: object) -> timedelta:
    """`15m` as a timedelta. Raises ValueError, saying how a length of time is written."""
    if isinstance(value, timedelta):
        return value
    match = _WRITTEN.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{value!r} is not a length of time: write it like 60s, 15m, 24h or 365d")
    seconds = int(match[1]) * _UNIT_SECONDS[match[2]]
    if seconds > 20 * 365 * 86400:
        raise ValueError(f"{value!r} is longer than 20 years")
    return timedelta(seconds=seconds)


Duration = Annotated[timedelta, BeforeValidator(read_duration)]


def _unit(seconds: int) -> str:
    """The largest unit that divides it, but hours up to two days: laws say `48 hours`."""
    if seconds % 86400 == 0 and seconds > 2 * 86400:
        return "d"
    if seconds % 3600 == 0:
        return "h"
    return "m" if seconds % 60 == 0 else "s"


def say(duration: timedelta, language: str) -> str:
    """A length of time in words: `one minute`, `48 hours`, `7 jours`. Other languages get English."""
    language = language if language in _NAMES else "en"
    seconds = int(duration.total_seconds())
    unit = _unit(seconds)
    count = seconds // _UNIT_SECONDS[unit]
    if count == 1:
        return f"{_ONE[language][unit]} {_NAMES[language][unit][0]}"
    return f"{count} {_NAMES[language][unit][1]}"
