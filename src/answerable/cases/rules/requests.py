"""What an authority's word may do, and after whom (rule 23). Pure: no database, no clock."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final


class Asks(StrEnum):
    """What an authority asks for."""

    PRESERVE = "preserve"
    EXTEND = "extend"
    REMOVE = "remove"
    DISCLOSE = "disclose"
    EMERGENCY = "emergency"
    SILENCE = "silence"
    LIFT = "lift"


class Came(StrEnum):
    """How a request came."""

    MAIL = "mail"
    LETTER = "letter"
    FAX = "fax"
    PORTAL = "portal"
    PHONE = "phone"
    IN_PERSON = "in_person"
    REPORT = "report"


class Unfit(StrEnum):
    """Why a request is refused. A word of these: it stands in the log, which nobody erases."""

    FALSE = "false"
    UNREACHED = "unreached"
    NO_BASIS = "no_basis"
    TOO_WIDE = "too_wide"
    NOT_HELD = "not_held"
    TAKEN_BACK = "taken_back"


PEOPLE_TO_VERIFY: Final = 2
HOLDS: Final = frozenset({Asks.PRESERVE, Asks.EXTEND, Asks.REMOVE, Asks.DISCLOSE, Asks.EMERGENCY})
"""What keeps everything from being destroyed, from its receipt on."""
DISCLOSES: Final = frozenset({Asks.DISCLOSE, Asks.EMERGENCY})
URGENT: Final = frozenset({Asks.REMOVE, Asks.EMERGENCY})
"""What pages people at once."""
ANSWER_WITHIN: Final = {
    Asks.PRESERVE: timedelta(days=7),
    Asks.EXTEND: timedelta(days=7),
    Asks.REMOVE: timedelta(hours=24),
    Asks.DISCLOSE: timedelta(days=14),
    Asks.EMERGENCY: timedelta(hours=1),
    Asks.SILENCE: timedelta(days=3),
    Asks.LIFT: timedelta(days=7),
}
"""Where neither the policy pack nor the request names a time: the desk's own."""
CHECK_WITHIN: Final = timedelta(hours=24)
SOONEST_CONTACT_DIGITS: Final = 7
_WEB = re.compile(r"^(https?://)?(www\.)?")


class Effect(StrEnum):
    """What is done because of a request."""

    HOLD = "hold"
    HIDE = "hide"
    PAGE = "page"
    SILENCE = "silence"
    DISCLOSE = "disclose"
    REMOVE = "remove"
    END_HOLD = "end_hold"


AT_ONCE: Final = frozenset({Effect.HOLD, Effect.HIDE, Effect.PAGE})


@dataclass(frozen=True, slots=True)
class Standing:
    """How a request stands: what it asks, how many different people verified it, whether it was refused or is over."""

    asks: Asks
    verified_by: int
    closed: bool


def may(effect: Effect, request: Standing) -> bool:
    """Whether that may be done for this request now (rule 23)."""
    if request.closed:
        return False
    if effect in AT_ONCE:
        return True
    if request.verified_by < PEOPLE_TO_VERIFY:
        return False
    return {
        Effect.SILENCE: request.asks is Asks.SILENCE,
        Effect.DISCLOSE: request.asks in DISCLOSES,
        Effect.REMOVE: request.asks is Asks.REMOVE,
        Effect.END_HOLD: request.asks is Asks.LIFT,
    }[effect]


def due_at(
    asks: Asks, received_at: datetime, *, deadline: datetime | None, remove_within: timedelta | None
) -> datetime:
    """When a request is answered at the latest: counted from its receipt, not from when somebody typed it in."""
    within = remove_within if asks is Asks.REMOVE and remove_within is not None else ANSWER_WITHIN[asks]
    ours = received_at + within
    return min(ours, deadline) if deadline is not None else ours


def check_by(received_at: datetime, answer_due_at: datetime) -> datetime:
    """When two people have verified it at the latest: half of the time that there is to answer, a day at most."""
    return received_at + min((answer_due_at - received_at) / 2, CHECK_WITHIN)


def stands_in(contact: str, texts: list[str]) -> bool:
    """Whether a contact is one that the request itself gives: then it leads back to whoever sent it.

    Compared without what people write differently: case, spaces, the signs and the country's digits of a number.
    """
    mine = _plain(contact)
    digits = _digits(contact)
    for text in texts:
        if mine and mine in _plain(text):
            return True
        if len(digits) >= SOONEST_CONTACT_DIGITS and _tail(digits) in _digits(text):
            return True
    return False


def says_enough(contact: str) -> bool:
    """Whether it can be a contact at all: a number, an address, a name with a place."""
    return len(_plain(contact)) >= 5


def _plain(text: str) -> str:
    return re.sub(r"\s+", "", _WEB.sub("", text.casefold().strip()).removeprefix("mailto:").rstrip("/"))


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text) if re.search(r"\d", text) else ""


def _tail(digits: str) -> str:
    """A number without its country and its leading noughts."""
    return digits.lstrip("0")[-9:] if len(digits) > SOONEST_CONTACT_DIGITS + 2 else digits.lstrip("0")
