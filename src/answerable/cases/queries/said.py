"""What hash lists, and Arachnid Shield, say of a content: in words, for whoever looks at it.

Each says what somebody else found, about this file or a picture like it. None says that anything is harmless.
"""

from typing import Final

from answerable.cases.models import HashQuestion, ItemContent, KnownChange, ListEntry, ListMatch
from answerable.cases.models.found import ACTED
from answerable.media.limits import SEARCHABLE_QUALITY

AT_MOST: Final = 20
SHIELD: Final = "shield"
_BY: Final = {
    "sha256": "has this very file",
    "sha1": "has this very file by its SHA-1",
    "md5": "has a file with the same MD5",
    "pdq": "has a picture with the same PDQ",
}
_KNOWN: Final = {
    "csam": "child sexual abuse material",
    "harmful-abusive-material": "harmful or abusive material",
}


def said_of(content: ItemContent | None) -> list[str]:
    """Sentences, each about one list; none where nobody says anything."""
    if content is None:
        return []
    sentences = list(dict.fromkeys([*_very(content), *_near(content)]))[:AT_MOST]
    return [*_shield(content), *sentences]


def _very(content: ItemContent) -> list[str]:
    values = [bytes.fromhex(content.sha256)]
    values += [bytes.fromhex(content.md5)] if content.md5 else []
    values += [bytes(content.pdq)] if content.pdq is not None else []
    causes = KnownChange.objects.filter(value__in=values, cause__startswith="entry:")
    numbers = {int(cause.partition(":")[2]) for cause in causes.values_list("cause", flat=True)}
    entries = ListEntry.objects.filter(pk__in=numbers, gone_at=None).exclude(hash_list__source=SHIELD)
    return [
        _sentence(entry.known_as, _BY[entry.kind], entry.hash_list.terms)
        for entry in entries.select_related("hash_list").order_by("pk")[:AT_MOST]
    ]


def _near(content: ItemContent) -> list[str]:
    rows = ListMatch.objects.filter(content=content, outcome__in=ACTED, distance__gt=0).order_by("distance")
    return [
        _sentence(row.hash_list, f"has a picture near this one ({row.distance} of 256 bits differ)", "")
        for row in rows[:AT_MOST]
    ]


def _shield(content: ItemContent) -> list[str]:
    if content.pdq is None or (content.pdq_quality or 0) < SEARCHABLE_QUALITY:
        return []
    asked = HashQuestion.objects.filter(pdq=bytes(content.pdq)).first()
    if asked is None:
        return []
    if asked.answered_at is None:
        return ["Arachnid Shield has not answered about this picture yet."]
    day = f"{asked.answered_at:%Y-%m-%d}"
    if asked.found not in _KNOWN:
        return [f"Arachnid Shield didn't know this picture on {day}. That doesn't say that it is harmless."]
    how = {"exact": "the very picture", "near": "a near match"}.get(asked.match, "a match")
    near = f", {asked.near} known pictures are near" if asked.near else ""
    terms = _terms_of(asked)
    return [
        f"Arachnid Shield knows this as {_KNOWN[asked.found]} ({how}{near}), as it said on {day}."
        f" It was asked by hash only; you judge what you see.{terms}"
    ]


def _terms_of(asked: HashQuestion) -> str:
    entry = ListEntry.objects.filter(hash_list__name=SHIELD, key=f"question/{asked.pk}").first()
    terms = entry.facts.get("terms") if entry is not None else ""
    return f" Terms: {terms}." if terms else ""


def _sentence(name: str, has: str, terms: str) -> str:
    return f"The list {name} {has}." + (f" Terms: {terms}." if terms else "")
