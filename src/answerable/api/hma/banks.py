"""Banks: hash lists of the platform's own, `hma.<NAME>`, and every other list as a bank that can only be read.

A match in a bank holds an upload until a person looked, as on every list that no decision of ours stands behind.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from answerable import audit
from answerable.api.models import Bank, BankContent
from answerable.api.problems import Problem
from answerable.cases import commands
from answerable.cases.inputs import Listed
from answerable.cases.models import KnownChange
from answerable.db.models import PersonalText
from answerable.db.personal import erase
from answerable.matching.verdicts import BLOCKING_LISTS, REPORTED, KnownMatch

PREFIX = "hma."
NAME = re.compile(r"[A-Z_][A-Z0-9_]{0,49}")
OTHERS_FROM = 1 << 40
"""Contents of other lists have no number here: theirs is that of the change that brought them, above this."""
KINDS = {"pdq": "pdq", "video_md5": "md5"}


@dataclass(frozen=True, slots=True)
class Found:
    """A match, as this door names it."""

    bank: str
    content_id: int
    ratio: float
    match: KnownMatch


def found_in(matches: Sequence[KnownMatch], banks: set[str] | None) -> list[Found]:
    """The contents behind these matches, in these banks."""
    ratios = dict(Bank.objects.values_list("name", "enabled_ratio")) if matches else {}
    found: list[Found] = []
    for match in matches:
        if match.hash_list.startswith(PREFIX):
            name = match.hash_list.removeprefix(PREFIX)
            found += [Found(name, pk, ratios.get(name, 1.0), match) for pk in _contents_of(match)]
        else:
            found.append(Found(match.hash_list, OTHERS_FROM + match.seq, 1.0, match))
    return [one for one in found if banks is None or one.bank in banks]


def _contents_of(match: KnownMatch) -> list[int]:
    """Every content of the bank that has this very fingerprint, and not the newest alone."""
    value = KnownChange.objects.values_list("value", flat=True).get(pk=match.seq)
    rows = KnownChange.objects.filter(value=bytes(value), kind=match.kind, hash_list=match.hash_list)
    listed: dict[str, bool] = {}
    for cause, op in rows.order_by("seq").values_list("cause", "op"):
        listed[cause] = op == "add"
    return sorted(int(cause.partition(":")[2]) for cause, there in listed.items() if there)


def listed(kind: str) -> int:
    """How many fingerprints of a kind are on lists; one on two lists counts twice."""
    rows = KnownChange.objects.filter(kind=kind)
    return rows.filter(op="add").count() - rows.filter(op="remove").count()


def all_banks() -> list[tuple[str, float]]:
    """Name and ratio of every bank: the platform's own, then every other list."""
    own = list(Bank.objects.order_by("name").values_list("name", "enabled_ratio"))
    others = set(KnownChange.objects.values_list("hash_list", flat=True).distinct())
    read_only = sorted(one for one in others | BLOCKING_LISTS | {REPORTED} if not one.startswith(PREFIX))
    return [*own, *((name, 1.0) for name in read_only)]


def own(name: str) -> Bank:
    """The platform's own bank of that name. Raises Problem (403, 404)."""
    bank = Bank.objects.filter(name=name).first()
    if bank is not None:
        return bank
    if any(name == one for one, _ratio in all_banks()):
        raise Problem(403, f"bank '{name}' can only be read: it follows from decisions, or from its source")
    raise absent(name)


def absent(name: str) -> Problem:
    """There is no such bank."""
    return Problem(404, f"bank '{name}' not found")


def shown(name: str, ratio: float) -> dict[str, Any]:
    """A bank, as this door shows it."""
    return {"matching_enabled_ratio": ratio, "name": name}


def make(name: str, ratio: float, *, actor: str, now: datetime) -> Bank:
    """A new bank. Raises Problem (400, 403)."""
    _check(name, ratio)
    with transaction.atomic():
        if Bank.objects.filter(name=name).exists():
            raise Problem(403, "Bank already exists")
        bank = Bank.objects.create(name=name, enabled_ratio=ratio, made_at=now)
        _record(bank, "made", actor, now)
    return bank


def change(bank: Bank, name: str, ratio: float, *, actor: str, now: datetime) -> None:
    """Rename a bank, or set its ratio: at 0 its fingerprints leave the list. Raises Problem (400, 403)."""
    _check(name, ratio)
    with transaction.atomic():
        if name != bank.name and Bank.objects.filter(name=name).exists():
            raise Problem(403, "Bank name already exists")
        moves = name != bank.name or (ratio > 0) != (bank.enabled_ratio > 0)
        contents = list(bank.contents.filter(enabled=True)) if moves else []
        if bank.enabled_ratio > 0:
            _list(bank, "remove", contents, actor=actor, now=now)
        bank.name, bank.enabled_ratio = name, ratio
        bank.save(update_fields=["name", "enabled_ratio"])
        if ratio > 0:
            _list(bank, "add", contents, actor=actor, now=now)
        _record(bank, "changed", actor, now)


def delete(bank: Bank, *, actor: str, now: datetime) -> None:
    """A bank with all that is in it: nothing of it is on a list afterwards."""
    with transaction.atomic():
        remove(bank, list(bank.contents.all()), actor=actor, now=now)
        _record(bank, "deleted", actor, now)
        bank.delete()


def add(content: BankContent, *, actor: str, now: datetime) -> None:
    """Keep a content, and put its fingerprints on the bank's list."""
    with transaction.atomic():
        if content.words is not None:
            content.words.save()
        content.save()
        if content.bank.enabled_ratio > 0:
            _list(content.bank, "add", [content], actor=actor, now=now)


def enable(content: BankContent, enabled: bool, *, actor: str, now: datetime) -> None:
    """Put a content's fingerprints on the list, or take them off it, and keep the content."""
    if content.enabled == enabled:
        return
    with transaction.atomic():
        content.enabled = enabled
        content.save(update_fields=["enabled"])
        if content.bank.enabled_ratio > 0:
            _list(content.bank, "add" if enabled else "remove", [content], actor=actor, now=now)


def write_beside(content: BankContent, words: PersonalText | None) -> None:
    """Replace what people wrote beside a content."""
    with transaction.atomic():
        old = content.words
        if words is not None:
            words.save()
        content.words = words
        content.save(update_fields=["words"])
        if old is not None:
            erase(old)


def note_opened(actor: str, event: Mapping[str, object], now: datetime) -> None:
    """Record that what people wrote was opened."""
    with transaction.atomic():
        audit.append("text_opened", actor=actor, now=now, event=event)


def remove(bank: Bank, contents: list[BankContent], *, actor: str, now: datetime) -> None:
    """Take contents off the list and out of the bank, with the words beside them."""
    with transaction.atomic():
        if bank.enabled_ratio > 0:
            _list(bank, "remove", [one for one in contents if one.enabled], actor=actor, now=now)
        for one in contents:
            words = one.words
            one.delete()
            if words is not None:
                erase(words)


def _list(bank: Bank, op: str, contents: Iterable[BankContent], *, actor: str, now: datetime) -> None:
    changes = [
        Listed(op, KINDS[name], bytes.fromhex(value), f"bank_content:{one.pk}")
        for one in contents
        for name, value in one.signals.items()
    ]
    if changes:
        commands.change_list(f"{PREFIX}{bank.name}", changes, actor=actor, now=now)


def _check(name: str, ratio: float) -> None:
    if not NAME.fullmatch(name):
        raise Problem(400, "Bank names must be UPPER_WITH_UNDERSCORE")
    if not 0 <= ratio <= 1:
        raise Problem(400, "A bank's enabled_ratio is between 0 and 1")


def _record(bank: Bank, what: str, actor: str, now: datetime) -> None:
    event = {"bank": bank.pk, "list": f"{PREFIX}{bank.name}", "what": what}
    audit.append("bank_changed", actor=actor, now=now, event=event)
