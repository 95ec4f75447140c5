"""What NCMEC's hash sharing API v2 says and takes: entries as changes, reasons, members, feedback."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qs, urlsplit
from xml.etree.ElementTree import Element, SubElement, tostring

from answerable.matching.lists.base import Bad, BadRecord, Gone, Opinion, Record
from answerable.matching.lists.fields import hash_bytes, identity, in_order, not_kept, said, tally, word
from answerable.matching.lists.http import AnswerUnusable
from answerable.matching.lists.ncmec import xml

NAMESPACE: Final = "https://hashsharing.ncmec.org/hashsharing/v2"
KEPT: Final = {"image": ("md5", "sha1", "sha256", "pdq"), "video": ("md5", "sha1", "sha256")}
"""A PDQ of a video's entry would say nothing about which frame: it is counted among the others."""
FEEDBACK_TYPES: Final = {"md5": "MD5", "sha1": "SHA1", "pdq": "PDQ"}
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")


@dataclass(frozen=True, slots=True)
class Answered:
    """One page of entries. `next`: the link to the page after it, or empty. `ahead`: how many follow, at least."""

    changes: tuple[Record | Gone | Bad, ...]
    next: str
    ahead: int


def page(raw: bytes, where: str) -> Answered:
    """Read one answer. An entry that can't be read is named `where` and passed over. Raises AnswerUnusable."""
    try:
        root = xml.parse(raw)
    except xml.NotXml:
        found = list(xml.salvage(raw))
        entries: list[Element | BadRecord] = [each for each in found if not _is(each, "next")]
        links = [each for each in found if isinstance(each, Element) and each.tag == "next"]
    else:
        if root.tag != "queryResult":
            raise AnswerUnusable(f"{word(root.tag)} instead of queryResult")
        entries = [entry for kind in ("images", "videos") for group in root.iter(kind) for entry in group]
        links = root.findall("paging/next")
    link = (links[0].text or "").strip() if links else ""
    return Answered(tuple(_in_order(entries, where)), link, _ahead(link))


def moment(at: datetime) -> str:
    """A time as NCMEC takes it: whole seconds, UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def member(raw: bytes) -> tuple[int, str]:
    """Who NCMEC says that this desk is: id and name. Raises AnswerUnusable."""
    found = xml.parse(raw).find("member")
    number = found.get("id", "") if found is not None else ""
    if found is None or not number.isdigit():
        raise AnswerUnusable("its status names no member")
    return int(number), word(found.text)


def reasons(raw: bytes) -> dict[str, str]:
    """Why an entry may be called wrong: names by guid. Raises AnswerUnusable."""
    return {
        each.get("guid", ""): word(each.get("name"))
        for each in xml.parse(raw).iter("reason")
        if each.get("guid")
    }


def feedback(opinion: Opinion, reason: str) -> bytes:
    """The body of a feedback; `reason` is a guid, for a refutation."""
    root = Element("feedbackSubmission", xmlns=NAMESPACE)
    if opinion is Opinion.AFFIRMED:
        SubElement(root, "affirmative")
    else:
        SubElement(SubElement(SubElement(root, "negative"), "reasonIds"), "guid").text = reason
    return b'<?xml version="1.0" encoding="UTF-8"?>' + tostring(root)


def _in_order(entries: Iterable[Element | BadRecord], where: str) -> Iterator[Record | Gone | Bad]:
    """The changes of a page, what can't be read first, then the others by their time."""
    read: list[tuple[str | int, Record | Gone]] = []
    passed_over: list[str] = []
    for number, entry in enumerate(entries, 1):
        name = f"{where}, entry {number}"
        if isinstance(entry, BadRecord):
            yield Bad(name, str(entry))
            continue
        try:
            change, problems, others = _change(entry)
        except BadRecord as error:
            yield Bad(name, str(error))
            continue
        yield from (Bad(f"{name} ({change.key})", problem) for problem in problems)
        passed_over += others
        read.append((_timestamp(entry), change))
    yield from not_kept(where, passed_over)
    yield from in_order(read)


def _change(entry: Element) -> tuple[Record | Gone, list[str], list[str]]:
    """What an entry says now, what of it can't be read, and its kinds where none is kept. Raises BadRecord."""
    owner = entry.find("member")
    number = owner.get("id", "").strip() if owner is not None else ""
    if not (number.isascii() and number.isdigit() and len(number) <= 18):
        raise BadRecord("it names no member")
    key = f"{int(number)}/{identity(entry.findtext('id'))}"
    if entry.tag in ("deletedImage", "deletedVideo"):
        return Gone(key), [], []
    if entry.tag not in KEPT:
        raise BadRecord(f"{word(entry.tag)} is neither an image nor a video")
    kept: list[tuple[str, bytes]] = []
    problems: list[str] = []
    others: list[str] = []
    for found in entry.iterfind("fingerprints/*"):
        kind = found.tag.lower()
        if kind not in KEPT[entry.tag]:
            others.append(word(kind))
            continue
        try:
            kept.append((kind, hash_bytes(kind, found.text)))
        except BadRecord as error:
            problems.append(str(error))
    if not kept:
        if problems:
            raise BadRecord(f"{key}: {'; '.join(problems)}")
        return Gone(key), [], others  # what it said before, if anything, holds no more
    facts = {"kind": entry.tag, "at": _timestamp(entry), "others": tally(others), **_votes(entry)}
    record = Record(key, tuple(kept), word(entry.findtext("classification")), said(facts))
    return record, problems, []


def _votes(entry: Element) -> dict[str, dict[str, int]]:
    """How many members affirm or refute it, by type of fingerprint. Who they are is not kept."""
    votes: dict[str, dict[str, int]] = {}
    for tag, name in (("affirmativeFeedback", "affirmed"), ("negativeFeedback", "refuted")):
        for given in entry.iterfind(f"feedback/{tag}"):
            kind = word(given.get("type")).lower()
            members = {each.get("id") for each in given.iter("member")}
            votes.setdefault(name, {})[kind] = len(members)
    return votes


def _timestamp(entry: Element) -> str:
    text = (entry.findtext("timestamp") or "").strip()
    return text if _TIME.fullmatch(text) else ""


def _ahead(link: str) -> int:
    """How many entries a link says are still to come: `max` less `start`."""
    query = parse_qs(urlsplit(link).query) if link.startswith("/") else {}
    start, most = (query.get(name, [""])[0] for name in ("start", "max"))
    return max(0, int(most[:18]) - int(start[:18])) if start.isdecimal() and most.isdecimal() else 0


def _is(each: Element | BadRecord, tag: str) -> bool:
    return isinstance(each, Element) and each.tag == tag
