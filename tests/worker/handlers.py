"""Handlers of the worker's tests. Each ends in one command that keeps what it was called for.

What a handler did outside is a line in `calls` in the desk's folder: the platform's memory, so to speak.
"""

import os
import threading
from pathlib import Path

from django.conf import settings
from django.db import transaction

from answerable import audit, clock
from answerable.db import crash
from answerable.obligations import keep, registry
from answerable.obligations.models import Obligation
from answerable.policy.words import By

HANG = threading.Event()
"""Set by a test to let hanging handlers go on."""


class PlatformIsAway(Exception):
    """The platform answered 500."""


def _call(obligation: Obligation) -> None:
    with (Path(settings.DATA) / "calls").open("a") as file:
        file.write(f"{obligation.kind} {obligation.subject} {obligation.attempt}\n")
        file.flush()
        os.fsync(file.fileno())


def _keep(obligation: Obligation) -> None:
    now = clock.now()
    with transaction.atomic():
        entry = audit.append("obligation_kept", actor="worker", now=now, event={"obligation": obligation.pk})
        keep(obligation, now=now, proof_entry_id=entry.pk)


def make_it_so(obligation: Obligation) -> None:
    """Ask outside, then keep it."""
    _call(obligation)
    crash.point("outside")
    _keep(obligation)


def fail_twice(obligation: Obligation) -> None:
    """Fail on the first two attempts."""
    _call(obligation)
    if obligation.attempt < 3:
        raise PlatformIsAway(PlatformIsAway.__doc__)
    _keep(obligation)


def hang_once(obligation: Obligation) -> None:
    """Hang on the first attempt, until the test says otherwise; then try to change the database."""
    _call(obligation)
    if obligation.attempt == 1:
        HANG.wait(60)
    _keep(obligation)


def keep_nothing(obligation: Obligation) -> None:
    """End well, and keep nothing on the first attempt."""
    _call(obligation)
    if obligation.attempt > 1:
        _keep(obligation)


def quote_a_person(obligation: Obligation) -> None:
    """Fail with words that a person wrote."""
    raise ValueError("dana@example.org")


def register() -> None:
    """Register them, in a registry that holds nobody else's, and let nothing hang on from before."""
    HANG.clear()
    registry.kind("hide", by=By.WORKER, handler=make_it_so)
    registry.kind("restore", by=By.WORKER, handler=make_it_so)
    registry.kind("fail_twice", by=By.WORKER, handler=fail_twice)
    registry.kind("hang_once", by=By.WORKER, handler=hang_once, deadline_seconds=0.3)
    registry.kind("keep_nothing", by=By.WORKER, handler=keep_nothing)
    registry.kind("quote_a_person", by=By.WORKER, handler=quote_a_person)
