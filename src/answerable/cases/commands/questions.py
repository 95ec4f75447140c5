"""Asking Arachnid Shield: each distinct PDQ is one question, asked off every request's path, and its answer is kept.

A picture that it knows becomes an entry of the list `shield`, so the same follows as from any list: later uploads are
held, what is there already is found, and people look. Silence, or a word that nobody understands, is no answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Max, QuerySet

from answerable import obligations
from answerable.cases.commands.listing import SHIELD, make_list, store_page
from answerable.cases.commands.writing import Writing
from answerable.cases.list_inputs import EntryIn, GoneIn, ListPageIn
from answerable.cases.models import HashList, HashQuestion, ItemContent, Reached
from answerable.media.limits import SEARCHABLE_QUALITY
from answerable.obligations import Owed
from answerable.obligations.models import Obligation
from answerable.policy.words import By

KIND: Final = "ask_shield"
LIST: Final = SHIELD
KNOWN: Final = ("csam", "harmful-abusive-material")
"""Answers that are put on the list."""
HASHES_AT_ONCE: Final = 100
MOST_IN_HAND: Final = 2
"""Obligations that are owed at a time: an outage makes two late, and not one for each hundred pictures."""
ANSWER_WITHIN: Final = timedelta(hours=1)
FIRST_WAIT: Final = timedelta(hours=1)
LONGEST_WAIT: Final = timedelta(days=1)
OPEN_ENOUGH: Final = 200
"""With so many to be asked, older pictures wait."""
NEW_AT_ONCE: Final = 2000
OLD_AT_ONCE: Final = 500
COMMITTED: Final = timedelta(seconds=60)
"""No transaction that registers something takes that long: numbers are given before commits."""
_KEPT: Final = {"kept": True}


@dataclass(frozen=True, slots=True)
class SaidIn:
    """What Shield said of one hash. `found`: empty where it gave no answer that we understand."""

    found: str
    said: str = ""
    match: str = ""
    near: int = 0


def take_up_hashes(*, library: bool, now: datetime) -> int:
    """Note the hashes of pictures that came since the last time and, as there is room, older ones with `library`.

    Returns how many contents it went through. What is asked already is not asked again.
    """
    with transaction.atomic():
        new, old = _reached()
        _ask_anew_if_taken_up(now)
        rows = _pictures().filter(pk__gt=new.number).order_by("pk")[:NEW_AT_ONCE]
        came = list(rows.values_list("pk", "pdq", "pdq_quality", "seen_at"))
        _ask([(pdq, quality) for _pk, pdq, quality, _at in came], now)
        for pk, _pdq, _quality, seen_at in came:
            if seen_at > now - COMMITTED:
                break  # those before it that have not committed yet are seen next time
            new.number = pk
        if came:
            new.save(update_fields=["number"])
        if not library or old.number <= 0 or _open(now) >= OPEN_ENOUGH:
            return len(came)
        rows = _pictures().filter(pk__lte=old.number).order_by("-pk")[:OLD_AT_ONCE]
        older = list(rows.values_list("pk", "pdq", "pdq_quality"))
        _ask([(pdq, quality) for _pk, pdq, quality in older], now)
        old.number = older[-1][0] - 1 if older else 0
        old.save(update_fields=["number"])
        return len(came) + len(older)


def ask_about(content: ItemContent, now: datetime) -> None:
    """Note the hash of one content, whose PDQ came after its row."""
    _ask([(content.pdq, content.pdq_quality)], now)


def owe_questions(*, per_minute: int, now: datetime) -> int:
    """Owe asking about the newest hashes that may be asked, as many as the pace allows. Returns how many."""
    with transaction.atomic():
        if Obligation.objects.filter(kind=KIND, state="owed").count() >= MOST_IN_HAND:
            return 0
        lately = HashQuestion.objects.filter(asked_at__gt=now - timedelta(minutes=1)).count()
        room = max(0, min(HASHES_AT_ONCE, per_minute - lately))
        due = HashQuestion.objects.select_for_update().filter(next_at__lte=now).order_by("-pk")
        numbers = list(due.values_list("pk", flat=True)[:room])
        if not numbers:
            return 0
        owed = Owed(
            kind=KIND, subject=f"hash_question:{numbers[0]}", by=By.WORKER, due_at=now + ANSWER_WITHIN
        )
        [row] = obligations.owe([owed], now=now, cause="shield")
        HashQuestion.objects.filter(pk__in=numbers).update(obligation=row.pk, next_at=None, asked_at=now)
        return len(numbers)


def hashes_in(obligation_id: int) -> list[bytes]:
    """The hashes that an obligation asks about."""
    rows = HashQuestion.objects.filter(obligation=obligation_id).order_by("pk")
    return [bytes(pdq) for pdq in rows.values_list("pdq", flat=True)]


def shield_answered(
    obligation_id: int,
    answers: Mapping[bytes, SaidIn],
    *,
    terms: str,
    ask_again: timedelta | None,
    now: datetime,
) -> None:
    """Keep what Shield said. What it didn't answer is asked again later: never taken for a clean answer."""
    with transaction.atomic():
        obligation = Obligation.objects.select_for_update().filter(pk=obligation_id, state="owed").first()
        if obligation is None:
            return
        rows = list(HashQuestion.objects.select_for_update().filter(obligation=obligation_id).order_by("pk"))
        changes: list[EntryIn | GoneIn] = []
        for row in rows:
            change = _heard(row, answers.get(bytes(row.pdq), SaidIn("")), terms, ask_again, now)
            changes += [change] if change is not None else []
        fields = [
            "next_at",
            "obligation",
            "answered_at",
            "found",
            "said",
            "match",
            "near",
            "unanswered",
        ]
        HashQuestion.objects.bulk_update(rows, fields)
        writing = Writing(actor="worker", now=now, cause=f"obligation:{obligation_id}")
        counts = {
            "asked": len(rows),
            "known": sum(row.unanswered == 0 and row.found in KNOWN for row in rows),
            "unanswered": sum(row.unanswered > 0 for row in rows),
        }
        proof = writing.record("shield_asked", {"obligation": obligation_id, **counts})
        writing.finish(proof)
        obligations.keep(obligation, now=now, proof_entry_id=proof)
        hash_list = make_list(LIST, source=LIST, terms=terms, now=now)
        store_page(LIST, ListPageIn(tuple(changes), hash_list.checkpoint, _KEPT, is_last=True), now=now)


def shield_not_asked(obligation_id: int, *, reason: str, now: datetime) -> None:
    """Give the questions back: Shield is not configured, or its list is off."""
    with transaction.atomic():
        HashQuestion.objects.filter(obligation=obligation_id).update(obligation=None, next_at=now)
        writing = Writing(actor="worker", now=now, cause=f"obligation:{obligation_id}")
        event = {"obligation": obligation_id, "kind": KIND, "reason": reason[:80]}
        writing.record("obligation_released", event)
        writing.finish()
        obligations.release(obligation_id, reason, now)


def _heard(
    row: HashQuestion, answer: SaidIn, terms: str, ask_again: timedelta | None, now: datetime
) -> EntryIn | GoneIn | None:
    """Note one answer; what changes on the list by it."""
    was_known = row.found in KNOWN
    row.obligation, row.said = None, answer.said[:100]
    if not answer.found:
        row.next_at = now + min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(row.unanswered, 10))
        row.unanswered = min(row.unanswered + 1, 1000)
        return None
    row.found, row.match, row.near = answer.found, answer.match[:20], answer.near
    row.answered_at, row.unanswered = now, 0
    row.next_at = now + ask_again if ask_again is not None else None
    key = f"question/{row.pk}"
    if answer.found in KNOWN:
        facts = {"match": row.match, "near": row.near, "terms": terms}
        return EntryIn(key, (("pdq", bytes(row.pdq)),), answer.found, facts)
    return GoneIn(key) if was_known else None


def _reached() -> tuple[Reached, Reached]:
    """How far new pictures are taken up, and down to where older ones. Both begin where Shield is turned on."""
    newest = ItemContent.objects.aggregate(newest=Max("pk"))["newest"] or 0
    rows = Reached.objects.select_for_update()
    new, _ = rows.get_or_create(name="shield.new", defaults={"number": newest})
    old, _ = rows.get_or_create(name="shield.old", defaults={"number": newest})
    return new, old


def _ask_anew_if_taken_up(now: datetime) -> None:
    """A list that was turned off and on again is empty: ask again about what stood on it."""
    taken_up = HashList.objects.filter(name=LIST, off_at=None, checkpoint={}).first()
    if taken_up is not None:
        HashQuestion.objects.filter(found__in=KNOWN, obligation=None).update(next_at=now)
        store_page(LIST, ListPageIn((), {}, _KEPT, is_last=False), now=now)


def _pictures() -> QuerySet[ItemContent]:
    return ItemContent.objects.filter(pdq__isnull=False)


def _open(now: datetime) -> int:
    return HashQuestion.objects.filter(next_at__lte=now)[:OPEN_ENOUGH].count()


def _ask(hashes: list[tuple[bytes | memoryview | None, int | None]], now: datetime) -> None:
    wanted = {
        bytes(pdq): None
        for pdq, quality in hashes
        if pdq is not None and (quality or 0) >= SEARCHABLE_QUALITY
    }
    rows = [HashQuestion(pdq=pdq, since=now, next_at=now) for pdq in wanted]
    HashQuestion.objects.bulk_create(rows, batch_size=500, ignore_conflicts=True)
