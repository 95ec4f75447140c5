"""What people state and what is tried, written down with an entry in the log; and the lines with it."""

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from django.db import transaction

from answerable import audit
from answerable.cases.inputs import NotFound, Refused
from answerable.cases.models import Person
from answerable.checklist.lines import Line, State
from answerable.checklist.models import Confirmation, Trial

NOTE_LIMIT = 300


def resolved(lines: Iterable[Line], now: datetime) -> list[Line]:
    """The lines as they stand, with what people stated and what was tried."""
    confirmations: dict[str, Confirmation] = {}
    for stated in Confirmation.objects.select_related("person").order_by("at", "pk"):
        confirmations[stated.line] = stated
    trials = {tried.line: tried for tried in Trial.objects.order_by("at", "pk")}
    return [_resolved(line, confirmations.get(line.key), trials.get(line.key), now) for line in lines]


def _resolved(line: Line, stated: Confirmation | None, tried: Trial | None, now: datetime) -> Line:
    if line.trial is not None and tried is not None:
        return _tried(line, tried, now)
    if line.state is not State.CONFIRM or stated is None or stated.taken_back_at is not None:
        return line
    if stated.basis != line.basis:
        return replace(line, says=f"It was stated before, of something else. {line.says}")
    if line.again_after is not None and stated.at + line.again_after <= now:
        return replace(line, says=f"It was stated {stated.at:%Y-%m-%d}, too long ago. {line.says}")
    return replace(
        line,
        state=State.DONE,
        says="",
        stated_by=stated.person.pseudonym,
        stated_at=stated.at,
        note=stated.note,
    )


def _tried(line: Line, tried: Trial, now: datetime) -> Line:
    if tried.basis != line.basis:
        return replace(line, says="It was tried before it changed. Try it: answerable checklist --try")
    if line.again_after is not None and tried.at + line.again_after <= now:
        return replace(line, says=f"Tried {tried.at:%Y-%m-%d}, too long ago: answerable checklist --try")
    state = State.DONE if tried.passed else State.MISSING
    return replace(line, state=state, says=f"{tried.said} (tried {tried.at:%Y-%m-%d %H:%M} UTC)")


def confirm(line: Line | None, *, person_id: int, note: str, now: datetime) -> None:
    """State a line, as an administrator of the desk. Raises Refused, NotFound."""
    if line is None:
        raise NotFound("There is no such line.")
    if not line.basis or line.trial is not None or line.state is State.NOT_NEEDED:
        raise Refused("Nobody states this: the desk sees it by itself.")
    if not note.strip():
        raise Refused("Write a note: where the proof lies, or how it was done.")
    if len(note) > NOTE_LIMIT:
        raise Refused(f"The note is too long: write at most {NOTE_LIMIT} characters.")
    with transaction.atomic():
        person = _administrator(person_id)
        Confirmation.objects.create(line=line.key, basis=line.basis, person=person, note=note.strip(), at=now)
        _record("checklist_confirmed", person, line.key, now, basis=line.basis, note=_digest(note.strip()))


def take_back(key: str, *, person_id: int, now: datetime) -> None:
    """Take back what was stated of a line: it is asked again. Raises Refused, NotFound."""
    with transaction.atomic():
        person = _administrator(person_id)
        stated = Confirmation.objects.filter(line=key).order_by("-at", "-pk").first()
        if stated is None or stated.taken_back_at is not None:
            raise NotFound("Nobody stated that, or it was taken back.")
        stated.taken_back_at = now
        stated.save(update_fields=["taken_back_at"])
        _record("checklist_taken_back", person, key, now)


def try_out(line: Line, *, now: datetime) -> bool:
    """Try a line, outside of any transaction, and write down what came of it. Whether it passed."""
    if line.trial is None:
        raise ValueError(f"Nothing is tried for {line.key}.")
    try:
        passed, said = True, line.trial()
    except Exception as error:  # noqa: BLE001  whatever the other side does, it is what came of it
        passed, said = False, f"{type(error).__name__}: {' '.join(str(error).split())}"
    with transaction.atomic():
        Trial.objects.create(line=line.key, basis=line.basis, at=now, passed=passed, said=said[:300])
        event = {"line": line.key, "basis": line.basis, "passed": passed}
        audit.append("checklist_tried", actor="operator", now=now, event=event)
    return passed


def _record(kind: str, person: Person, key: str, now: datetime, **more: str) -> None:
    audit.append(kind, actor=f"person:{person.pk}", now=now, event={"line": key, **more})


def _administrator(person_id: int) -> Person:
    person = Person.objects.filter(pk=person_id, active=True, administrator=True).first()
    if person is None:
        raise Refused("This takes an administrator of the desk.")
    return person


def _digest(note: str) -> str:
    """A person's words: they stand on the statement; the log, which nobody can erase, gets a digest."""
    return hashlib.sha256(note.encode()).hexdigest()
