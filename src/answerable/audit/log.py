"""Writing to the audit log: one function, called inside the transaction of the change that it records."""

import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from answerable.audit import verify
from answerable.audit.errors import BadEvent, NotInTransaction
from answerable.audit.kinds import kind as kind_named
from answerable.audit.models import AuditEntry

SALT_BYTES = 32
MAX_EVENT_BYTES = 64_000
INSERT = """
INSERT INTO audit_entry (at, kind, actor, case_id, sealed, salt, event, commitment) VALUES {rows} RETURNING id
"""
ROW = "(%s, %s, %s, %s, %s, %s, %s, %s)"
_ACTOR = re.compile(r"[!-~]{1,80}")


def append(
    kind: str,
    *,
    actor: str,
    now: datetime,
    case_id: int | None = None,
    event: Mapping[str, Any],
) -> AuditEntry:
    """Record that something happened, as part of the caller's transaction.

    `actor` is a pseudonym in printable ASCII without spaces ("person:3", "worker", "reporter"). `event` holds
    ids, digests, enumerations, integers and booleans, never a person's words: strings, integers below
    2 ** 53, booleans, None, lists and dicts with ASCII keys. The entry gets its place from the sequencer.

    Raises NotInTransaction, UnknownKind, BadEvent; ValueError for an actor or a time that can't stand.
    """
    return append_all([Said(kind, actor, now, case_id, event)])[0]


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that happened, as `append` takes it."""

    kind: str
    actor: str
    now: datetime
    case_id: int | None
    event: Mapping[str, Any]


def append_all(happened: Sequence[Said]) -> list[AuditEntry]:
    """Record several things in their order with one statement; as `append`, and with its errors."""
    if not connection.in_atomic_block:
        raise NotInTransaction
    entries = [_entry(one) for one in happened]
    if not entries:
        return []
    # Not through the ORM: every command comes by here, most several times.
    using = connections[DEFAULT_DB_ALIAS]
    values = [value for entry in entries for value in _values(entry, using)]
    with using.cursor() as cursor:
        cursor.execute(INSERT.format(rows=", ".join([ROW] * len(entries))), values)
        numbers = sorted(number for (number,) in cursor.fetchall())
    for entry, number in zip(entries, numbers, strict=True):
        entry.pk = number
        entry._state.adding, entry._state.db = False, using.alias
    return entries


def _entry(said: Said) -> AuditEntry:
    registered = kind_named(said.kind)
    if not _ACTOR.fullmatch(said.actor):
        raise ValueError("An actor is 1 to 80 printable ASCII characters without spaces.")
    if said.now.utcoffset() is None:
        raise ValueError("The time of an entry needs its time zone.")
    text = event_text(said.event)
    salt = secrets.token_bytes(SALT_BYTES)
    return AuditEntry(
        at=said.now,
        kind=registered.name,
        actor=said.actor,
        case_id=said.case_id,
        sealed=registered.sealed,
        salt=salt,
        event=text.decode(),
        commitment=verify.commitment(salt, text).hex(),
    )


def _values(entry: AuditEntry, using: BaseDatabaseWrapper) -> tuple[Any, ...]:
    return (
        using.ops.adapt_datetimefield_value(entry.at),
        entry.kind,
        entry.actor,
        entry.case_id,
        entry.sealed,
        entry.salt,
        entry.event,
        entry.commitment,
    )


def event_text(event: Mapping[str, Any]) -> bytes:
    """The canonical JSON of an event (RFC 8785). Raises BadEvent."""
    try:
        text = verify.canonical(dict(event))
    except verify.Refused as error:
        raise BadEvent(str(error)) from error
    if len(text) > MAX_EVENT_BYTES:
        raise BadEvent(f"The event is longer than {MAX_EVENT_BYTES} bytes: record ids and digests only.")
    return text


def event_of(entry: AuditEntry) -> dict[str, Any] | None:
    """What an entry says happened; None once that was forgotten."""
    return None if entry.event is None else dict(json.loads(entry.event))
