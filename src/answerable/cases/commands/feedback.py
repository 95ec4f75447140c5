"""Telling the sources of hash lists what people here found about a record: owed with the decision, asked once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from answerable import obligations
from answerable.cases.commands.harms import harm_decided
from answerable.cases.commands.writing import Writing
from answerable.cases.models import Case, ItemContent, KnownChange, ListEntry
from answerable.obligations import Owed
from answerable.obligations.models import Obligation
from answerable.policy import store
from answerable.policy.words import By, Verdict
from answerable.settings.config import config

KIND: Final = "tell_source"
TELL_WITHIN: Final = timedelta(hours=24)
AT_MOST: Final = 50
OPINIONS: Final = {Verdict.VIOLATING: "affirmed", Verdict.NOT_VIOLATING: "refuted"}


@dataclass(frozen=True, slots=True)
class Told:
    """What is to be told, and of which record. `matched`: the kind of the fingerprint."""

    hash_list: str
    key: str
    matched: str
    opinion: str
    facts: dict[str, Any]


def owe_to_sources(writing: Writing, content: ItemContent, case: Case, clause: str, verdict: Verdict) -> None:
    """Owe the feedback on each record that is this very file, or has its very PDQ.

    Of a near copy the record's source learns nothing: people here judged another picture. Nor where it was judged
    under another harm than the one that the pack names for that list: that is no word about what the list says.
    """
    names = {entry.name for entry in config().lists if entry.feedback and entry.kind != "file"}
    if not names:
        return
    pack = store.active()
    opinion = OPINIONS[verdict]
    other = next(word for word in OPINIONS.values() if word != opinion)
    for entry in _records(content, names):
        if pack.harm_of_list(entry.known_as) != harm_decided(case, clause):
            continue
        writing.release(KIND, f"entry:{entry.pk}/{other}", "decided_otherwise")
        if entry.told != opinion:
            due_at = writing.now + TELL_WITHIN
            writing.owe([Owed(kind=KIND, subject=f"entry:{entry.pk}/{opinion}", by=By.WORKER, due_at=due_at)])


def _records(content: ItemContent, names: set[str]) -> list[ListEntry]:
    values = [bytes.fromhex(content.sha256)]
    values += [bytes.fromhex(content.md5)] if content.md5 else []
    values += [bytes(content.pdq)] if content.pdq is not None else []
    causes = KnownChange.objects.filter(value__in=values, cause__startswith="entry:")
    numbers = {int(cause.partition(":")[2]) for cause in causes.values_list("cause", flat=True)}
    entries = ListEntry.objects.filter(pk__in=numbers, gone_at=None, hash_list__name__in=names)
    return list(entries.select_related("hash_list").order_by("pk")[:AT_MOST])


def begin_telling(obligation_id: int, *, now: datetime) -> Told | None:
    """Note that a source is about to be told; None where it must not be, and the obligation is released.

    Where it was noted before and nobody said how that ended, it may have arrived: it is not told again.
    """
    with transaction.atomic():
        obligation = Obligation.objects.select_for_update().filter(pk=obligation_id, state="owed").first()
        if obligation is None:
            return None
        number, _, opinion = obligation.subject.removeprefix("entry:").partition("/")
        entry = ListEntry.objects.select_for_update().get(pk=int(number))
        if entry.telling:
            _released(obligation, "may_have_arrived", now)
            return None
        if entry.gone_at is not None or entry.told == opinion:
            _released(obligation, "no_longer_listed" if entry.gone_at else "duplicate", now)
            return None
        entry.telling = opinion
        entry.save(update_fields=["telling"])
        return Told(entry.hash_list.name, entry.key, entry.kind, opinion, dict(entry.facts))


def source_told(obligation_id: int, *, now: datetime) -> None:
    """The source took it."""
    with transaction.atomic():
        obligation, entry = _in_hand(obligation_id)
        entry.told, entry.telling = entry.telling, ""
        entry.save(update_fields=["told", "telling"])
        writing = Writing(actor="worker", now=now, cause=f"obligation:{obligation_id}")
        event = {"list": entry.hash_list.name, "entry": entry.pk, "opinion": entry.told}
        proof = writing.record("source_told", event)
        obligations.keep(obligation, now=now, proof_entry_id=proof)


def source_not_told(obligation_id: int, *, reason: str, again: bool, now: datetime) -> None:
    """The source was not told: it is tried again where it surely did not arrive, else released with the reason."""
    with transaction.atomic():
        obligation, entry = _in_hand(obligation_id)
        entry.telling = ""
        entry.save(update_fields=["telling"])
        if not again:
            _released(obligation, reason, now)


def _in_hand(obligation_id: int) -> tuple[Obligation, ListEntry]:
    obligation = Obligation.objects.select_for_update().get(pk=obligation_id)
    number = obligation.subject.removeprefix("entry:").partition("/")[0]
    return obligation, ListEntry.objects.select_for_update().get(pk=int(number))


def _released(obligation: Obligation, reason: str, now: datetime) -> None:
    writing = Writing(actor="worker", now=now, cause=f"obligation:{obligation.pk}")
    event = {"obligation": obligation.pk, "kind": obligation.kind, "reason": reason[:80]}
    writing.record("obligation_released", event, case_id=obligation.case_id)
    obligations.release(obligation, reason[:200], now)
