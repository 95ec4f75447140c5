"""What ThreatExchange says: updates of a privacy group as changes, and the opinions of its members."""

import json
import re
from collections.abc import Iterable
from typing import Any, Final

from answerable.matching.lists import http
from answerable.matching.lists.base import Bad, BadRecord, Gone, Record
from answerable.matching.lists.fields import (
    hash_bytes,
    identity,
    in_order,
    not_kept,
    said,
    tally,
    whole,
    word,
)

TOKEN: Final = re.compile(r"([0-9]{8,})\|[A-Za-z0-9_-]{20,}")
TYPES: Final = {
    "HASH_PDQ": "pdq",
    "HASH_MD5": "md5",
    "HASH_SHA1": "sha1",
    "HASH_SHA256": "sha256",
    "HASH_VIDEO_MD5": "md5",
}
FIELDS: Final = (
    "id,indicator,type,last_updated,should_delete,"
    "descriptors{id,owner{id},status,tags,reactions,my_reactions,added_on}"
)
DISPUTED: Final = "DISPUTED"
"""The label of what somebody in the group disagrees with."""
_STRENGTH: Final = ("MALICIOUS", "SUSPICIOUS", "UNKNOWN")
_HARMLESS: Final = "NON_MALICIOUS"
_DISAGREES: Final = "DISAGREE_WITH_TAGS"
_BUSY_CODES: Final = frozenset({1, 2, 4, 17, 32, 341, 613})
_MOST_KEPT: Final = 50


def is_busy(status: int, body: bytes) -> bool:
    """Whether to ask again: the Graph API says that it is busy in the body, under a status that says otherwise."""
    if status in http.BUSY:
        return True
    if not 400 <= status < 500:
        return False
    try:
        error = json.loads(body)["error"]
        return error["code"] in _BUSY_CODES
    except (ValueError, KeyError, TypeError, RecursionError):
        return False


def changes(updates: list[Any], where: str, app: str) -> tuple[Record | Gone | Bad, ...]:
    """The changes of a page; what can't be read is named. `app`: whose opinion is this desk's own."""
    bad: list[Bad] = []
    others: list[str] = []
    read: list[tuple[str | int, Record | Gone]] = []
    for number, update in enumerate(updates, 1):
        try:
            if (change := _change(update, app)) is None:
                others.append(word(update.get("type")))
            else:
                read.append((_seconds(update.get("last_updated")), change))
        except BadRecord as error:
            bad.append(Bad(f"{where}, update {number}", str(error)))
    return (*bad, *not_kept(where, others), *in_order(read))


def _change(update: object, app: str) -> Record | Gone | None:
    """What an indicator is now; None for a type that is not searched. Raises BadRecord.

    It ends where the source says so, where it has no descriptor left, where this desk itself said that it is
    harmless, and where everybody does.
    """
    if not isinstance(update, dict):
        raise BadRecord("it is no object")
    key = identity(update.get("id"))
    descriptors = [each for each in _data(update.get("descriptors")) if isinstance(each, dict)]
    if update.get("should_delete") is True or not descriptors:
        return Gone(key)
    kind = TYPES.get(word(update.get("type")))
    if kind is None:
        return None
    value = hash_bytes(kind, update.get("indicator"))
    label = _label(descriptors, app)
    if label == _HARMLESS:
        return Gone(key)
    facts = {
        "at": _seconds(update.get("last_updated")),
        "type": word(update.get("type")),
        "tags": sorted({tag for each in descriptors for tag in _tags(each)})[:_MOST_KEPT],
        "statuses": tally(word(each.get("status")) for each in descriptors),
        "descriptors": [word(each.get("id")) for each in descriptors if _is_number(each.get("id"))][
            :_MOST_KEPT
        ],
    }
    return Record(key, ((kind, value),), label, said(facts))


def _label(descriptors: list[dict[str, Any]], app: str) -> str:
    """One word for all opinions: ours beats the others, a disagreement shows, the strongest status speaks."""
    for each in descriptors:
        is_ours = isinstance(each.get("owner"), dict) and word(each["owner"].get("id")) == app
        if (is_ours and each.get("status") == _HARMLESS) or _DISAGREES in _words(each.get("my_reactions")):
            return _HARMLESS
    statuses = [word(each.get("status")) for each in descriptors]
    if all(status == _HARMLESS for status in statuses):
        return _HARMLESS
    if _HARMLESS in statuses or any(_DISAGREES in _words(each.get("reactions")) for each in descriptors):
        return DISPUTED
    return next((known for known in _STRENGTH if known in statuses), max(statuses))


def _tags(descriptor: dict[str, Any]) -> Iterable[str]:
    """The tags of a descriptor: Graph objects with a text, or plain texts."""
    for each in _data(descriptor.get("tags")):
        if tag := word(each.get("text") if isinstance(each, dict) else each):
            yield tag


def _words(reactions: object) -> set[str]:
    """The words of reactions: texts, or objects whose keys or `key` they are."""
    words: set[str] = set()
    for each in _data(reactions):
        words |= {word(each)} if isinstance(each, str) else set()
        words |= {word(each.get("key")), *map(word, each)} if isinstance(each, dict) else set()
    return words


def _data(found: object) -> list[Any]:
    """A list as the Graph API gives one: itself, or the `data` of an object."""
    if isinstance(found, dict):
        found = found.get("data")
    return found if isinstance(found, list) else []


def _seconds(found: object) -> int:
    """A time in seconds, which comes as a number or as a text of one; 0 where there is none."""
    if isinstance(found, str) and found.isascii() and found.isdigit() and len(found) < 16:
        return int(found)
    return whole(found) or 0


def _is_number(found: object) -> bool:
    return isinstance(found, str) and found.isascii() and found.isdigit()
