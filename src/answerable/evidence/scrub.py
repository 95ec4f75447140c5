"""Comparing every object with its digest, regularly: a flipped bit and a missing object are found and named."""

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db.models import QuerySet

from answerable import clock
from answerable.cases import commands
from answerable.cases.models import EvidenceObject
from answerable.evidence import marking, stores
from answerable.evidence.errors import AnotherDesk, EvidenceError, ObjectMissing
from answerable.evidence.sealing import CHUNK_BYTES
from answerable.evidence.store import name_of
from answerable.obligations.models import Obligation

LEFT_OVER: Final = timedelta(days=1)
"""What lies in a store for so long and that no row names is of a capture that never ended."""
LEFT_OVER_MOST: Final = 24
"""A capture that is killed leaves six objects at most (media, facts, manifest, each in two stores): four of them in a
day. More than that are of no capture that never ended: the database doesn't know its own evidence."""
STEP_SECONDS: Final = 20.0
ATTEMPT_SECONDS: Final = 4.0
SMALL_BYTES: Final = 64 * 1024 * 1024
"""What an attempt at `scrub_evidence`, which has ten seconds, compares itself."""
GRACE: Final = timedelta(days=1)

log = structlog.get_logger(__name__)


class NotWhole(EvidenceError):
    """Objects of the evidence are missing or damaged, or not all were compared yet: `answerable evidence scrub`."""


@dataclass(frozen=True, slots=True)
class Checked:
    """An object that was compared: `fault` is empty where it is whole, else `missing` or `damaged`."""

    stored: EvidenceObject
    name: str
    fault: str


def standing() -> QuerySet[EvidenceObject]:
    """All objects that are to be there."""
    return EvidenceObject.objects.filter(destroying_at__isnull=True)


def fault_of(stored: EvidenceObject) -> str:
    """What is wrong with an object, from its encrypted bytes alone: no key is needed, the vault is compared as well.

    Raises OSError, NotRead where the disk or the bucket gives nothing: that says nothing about the object.
    """
    try:
        with stores.store(stored.store).open(name_of(stored.sha256, stored.sealed_sha256)) as file:
            digest, size = hashlib.sha256(), 0
            while piece := file.read(CHUNK_BYTES):
                digest.update(piece)
                size += len(piece)
    except ObjectMissing:
        return "missing"
    whole = (digest.hexdigest(), size) == (stored.sealed_sha256, stored.sealed_size)
    return "" if whole else "damaged"


def scrub(objects: "QuerySet[EvidenceObject] | None" = None) -> Iterator[Checked]:
    """Compare these objects (all that stand), the longest unlooked first; each is noted as it is compared."""
    rows = standing() if objects is None else objects
    for number in list(rows.order_by("checked_at", "pk").values_list("pk", flat=True)):
        stored = EvidenceObject.objects.filter(pk=number, destroying_at__isnull=True).first()
        if stored is None:
            continue
        fault = fault_of(stored)
        commands.object_checked(stored.pk, fault, now=clock.now())
        yield Checked(stored, name_of(stored.sha256, stored.sealed_sha256), fault)


def turn(seconds: float = STEP_SECONDS, smaller_than: int | None = None) -> int:
    """Compare those whose time has come, for so many seconds. How many were compared.

    `smaller_than`: only what is smaller, in bytes; the worker's chore, which has the time, takes the rest.
    """
    now = clock.now()
    due = standing().filter(checked_at__lt=now - timedelta(days=settings.CONFIG.evidence.scrub_days) + GRACE)
    if smaller_than is not None:
        due = due.filter(sealed_size__lt=smaller_than)
    ends_at = time.monotonic() + seconds
    done = 0
    for checked in scrub(due):
        done += 1
        if checked.fault:
            log.error("evidence is not whole", object=checked.stored.pk, fault=checked.fault)
        if time.monotonic() > ends_at:
            break
    return done


def keep(obligation: Obligation) -> None:
    """Keep `scrub_evidence`: every object was compared of late, and is whole. Raises NotWhole."""
    turn(ATTEMPT_SECONDS, SMALL_BYTES)
    now = clock.now()
    since = now - timedelta(days=settings.CONFIG.evidence.scrub_days) - GRACE
    rows = standing()
    late, faulty = rows.filter(checked_at__lt=since).count(), rows.exclude(fault="").count()
    if late or faulty:
        raise NotWhole(f"{faulty} faulty, {late} to be compared")
    commands.scrubbed(obligation.pk, objects=rows.count(), now=now)


def left_over() -> list[tuple[str, str]]:
    """What lies in a store for more than a day and that no row names: store and name. Raises NotStored."""
    before, found = time.time() - LEFT_OVER.total_seconds(), []
    for store_name in (stores.WORKING, stores.VAULT):
        store = stores.store(store_name)
        rows = EvidenceObject.objects.filter(store=store_name, destroyed_at__isnull=True)
        known = {name_of(*row) for row in rows.values_list("sha256", "sealed_sha256").iterator()}
        unknown = (name for name in list(store.names()) if name not in known)
        found += [(store_name, name) for name in unknown if store.written_at(name) < before]
    return found


def sweep(*, looked: bool = False) -> list[str]:
    """Take away what captures left behind that never ended, by the time of the disk. Gives the names.

    Nothing is taken, and people are paged, where the stores are another desk's or an older database was put back, or
    where that is more than captures leave (`LEFT_OVER_MOST`). `looked`: a person looked, and says that it may go.
    Raises NotStored.
    """
    unknown = left_over()
    if not looked:
        try:
            marking.refuse_another()
            why = "evidence_unknown" if len(unknown) > LEFT_OVER_MOST else ""
        except AnotherDesk as error:
            log.error("nothing is swept", fault=str(error))
            why = "evidence_of_another_desk"
        if why:
            commands.sweep_refused(why, now=clock.now())
            return []
    before = time.time() - LEFT_OVER.total_seconds()
    for store_name, name in unknown:
        stores.store(store_name).destroy(name)
    for store_name in (stores.WORKING, stores.VAULT):
        stores.store(store_name).sweep_unfinished(before)
    stores.leaving().sweep_unfinished(before)
    marking.mark()
    return [f"{store_name}/{name}" for store_name, name in unknown]
