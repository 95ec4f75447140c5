"""What the drill's database refuses: every rule of the reference, field by field, and what it drops.

Stricter than the real one in three things, so that mistakes of ours show: a field that it doesn't know, a keyword of
another category, and an end before the beginning are refused.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import Any, Final

from answerable.authorities.dsa import words

Errors = dict[str, list[str]]
Check = Callable[[Any], str | None]

EXTRA_KEYWORDS: Final = frozenset({"KEYWORD_STALKING"})
LAST: Final = date(2038, 1, 1)


def _words(kind: type[StrEnum]) -> frozenset[str]:
    return frozenset(str(one) for one in kind)


def _text(most: int) -> Check:
    def check(value: Any) -> str | None:
        if not isinstance(value, str) or not value.strip():
            return "must be a string."
        return None if len(value) <= most else f"must not be greater than {most} characters."

    return check


def _one_of(known: Iterable[str]) -> Check:
    allowed = frozenset(known)

    def check(value: Any) -> str | None:
        return None if isinstance(value, str) and value in allowed else "is invalid."

    return check


def _some_of(known: Iterable[str]) -> Check:
    allowed = frozenset(known)

    def check(value: Any) -> str | None:
        if not isinstance(value, list):
            return "must be an array."
        return None if all(isinstance(one, str) and one in allowed for one in value) else "is invalid."

    return check


def _day(first: date) -> Check:
    def check(value: Any) -> str | None:
        day = _as_day(value)
        if day is None:
            return "does not match the format Y-m-d."
        return None if first <= day <= LAST else f"must be a date from {first} to {LAST}."

    return check


def _language(value: Any) -> str | None:
    return None if isinstance(value, str) and re.fullmatch(r"[A-Z]{2}", value) else "is invalid."


def _url(value: Any) -> str | None:
    if not isinstance(value, str) or not re.match(r"https?://[^\s/]+", value):
        return "must be a valid URL."
    return None if len(value) <= 500 else "must not be greater than 500 characters."


def _puid(value: Any) -> str | None:
    if not isinstance(value, str) or not re.fullmatch(r"[a-zA-Z0-9_-]+", value):
        return "format is invalid."
    return None if len(value) <= 500 else "must not be greater than 500 characters."


def _content_id(value: Any) -> str | None:
    if not isinstance(value, dict) or set(value) - {"EAN-13"}:
        return "is invalid."
    number = value.get("EAN-13")
    return None if isinstance(number, str) and re.fullmatch(r"[0-9]{13}", number) else "is invalid."


FIELDS: Final[Mapping[str, Check]] = {
    "decision_visibility": _some_of(_words(words.Visibility)),
    "decision_visibility_other": _text(500),
    "decision_monetary": _one_of(_words(words.Monetary)),
    "decision_monetary_other": _text(500),
    "decision_provision": _one_of(_words(words.Provision)),
    "decision_account": _one_of(_words(words.Account)),
    "account_type": _one_of(_words(words.AccountType)),
    "decision_ground": _one_of(_words(words.Ground)),
    "decision_ground_reference_url": _url,
    "illegal_content_legal_ground": _text(500),
    "illegal_content_explanation": _text(2000),
    "incompatible_content_ground": _text(500),
    "incompatible_content_explanation": _text(2000),
    "incompatible_content_illegal": _one_of(_words(words.YesNo)),
    "content_type": _some_of(_words(words.Content)),
    "content_type_other": _text(500),
    "category": _one_of(words.CATEGORIES),
    "category_addition": _some_of(words.CATEGORIES),
    "category_specification": _some_of(words.KEYWORDS | EXTRA_KEYWORDS),
    "category_specification_other": _text(500),
    "territorial_scope": _some_of(words.COUNTRIES),
    "content_language": _language,
    "content_date": _day(date(2000, 1, 1)),
    "application_date": _day(date(2020, 1, 1)),
    "end_date_visibility_restriction": _day(date.min),
    "end_date_monetary_restriction": _day(date.min),
    "end_date_service_restriction": _day(date.min),
    "end_date_account_restriction": _day(date.min),
    "decision_facts": _text(5000),
    "source_type": _one_of(_words(words.Source)),
    "source_identity": _text(500),
    "automated_detection": _one_of(_words(words.YesNo)),
    "automated_decision": _one_of(_words(words.Automation)),
    "puid": _puid,
    "content_id": _content_id,
}
REQUIRED: Final = (
    "decision_ground",
    "content_type",
    "category",
    "territorial_scope",
    "content_date",
    "application_date",
    "decision_facts",
    "source_type",
    "automated_detection",
    "automated_decision",
    "puid",
)
DECISIONS: Final = ("decision_visibility", "decision_monetary", "decision_provision", "decision_account")
ENDS: Final = tuple(name for name in FIELDS if name.startswith("end_date_"))


def errors_of(statement: Any) -> Errors:
    """What is wrong with one statement, by field; nothing where it is good."""
    if not isinstance(statement, dict):
        return {"statement": ["The statement must be an object."]}
    found: Errors = {}
    said = {name: value for name, value in statement.items() if value is not None and value not in ("", [])}
    for name, value in said.items():
        check = FIELDS.get(name)
        wrong = "is not known." if check is None else check(value)
        if wrong:
            _add(found, name, wrong)
    for name in REQUIRED:
        if name not in said:
            _add(found, name, "is required.")
    if not any(name in said for name in DECISIONS):
        for name in DECISIONS:
            _add(found, name, "is required when none of the others is present.")
    if not found:
        _together(said, found)
    return found


def _together(said: Mapping[str, Any], found: Errors) -> None:
    """What follows from other fields."""
    needs = []
    if "DECISION_VISIBILITY_OTHER" in said.get("decision_visibility", ()):
        needs.append("decision_visibility_other")
    if said.get("decision_monetary") == "DECISION_MONETARY_OTHER":
        needs.append("decision_monetary_other")
    if "CONTENT_TYPE_OTHER" in said["content_type"]:
        needs.append("content_type_other")
    if said["decision_ground"] == words.Ground.ILLEGAL:
        needs += ["illegal_content_legal_ground", "illegal_content_explanation"]
    else:
        needs += ["incompatible_content_ground", "incompatible_content_explanation"]
    for name in needs:
        if name not in said:
            _add(found, name, "is required.")
    categories = [said["category"], *said.get("category_addition", ())]
    fitting = frozenset().union(*(words.CATEGORIES[name] for name in categories)) | EXTRA_KEYWORDS
    if not fitting.issuperset(said.get("category_specification", ())):
        _add(found, "category_specification", "belongs to another category.")
    begins = _as_day(said["application_date"])
    for name in ENDS:
        ends = _as_day(said.get(name))
        if begins and ends and ends < begins:
            _add(found, name, "must be a date after or equal to application date.")


def kept(statement: Mapping[str, Any]) -> dict[str, Any]:
    """A good statement as it is stored: arrays sorted and each value once, what doesn't belong dropped."""
    found = {
        name: sorted(set(value)) if isinstance(value, list) else value for name, value in statement.items()
    }
    illegal = found["decision_ground"] == words.Ground.ILLEGAL
    dropped = {
        "decision_visibility_other": "DECISION_VISIBILITY_OTHER" not in found.get("decision_visibility", ()),
        "decision_monetary_other": found.get("decision_monetary") != "DECISION_MONETARY_OTHER",
        "content_type_other": "CONTENT_TYPE_OTHER" not in found["content_type"],
        "illegal_content_legal_ground": not illegal,
        "illegal_content_explanation": not illegal,
        "incompatible_content_ground": illegal,
        "incompatible_content_explanation": illegal,
        "incompatible_content_illegal": illegal,
        "source_identity": found["source_type"] == words.Source.VOLUNTARY,
    }
    if "category_addition" in found:
        found["category_addition"] = [one for one in found["category_addition"] if one != found["category"]]
    return {name: value for name, value in found.items() if not dropped.get(name)}


def _add(found: Errors, name: str, wrong: str) -> None:
    found.setdefault(name, []).append(f"The {name.replace('_', ' ')} field {wrong}")


def _as_day(value: Any) -> date | None:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None
