"""Asking Arachnid Shield: a chore that takes up hashes and owes asking, and the handler that asks.

Nothing of it happens where a request waits. Only hashes leave, to the one configured address.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from answerable import clock
from answerable.cases import commands
from answerable.cases.commands.questions import KIND, LIST, SaidIn, hashes_in
from answerable.cases.models import HashList
from answerable.db import crash
from answerable.db.alone import alone
from answerable.matching.lists import shield
from answerable.matching.lists.base import SourceError
from answerable.matching.lists.shield import Finding, Found
from answerable.obligations import registry
from answerable.obligations.models import Obligation
from answerable.policy.words import By
from answerable.settings.config import Shield, config

SECONDS: Final = 8.0
"""For a whole question: a handler has ten."""
LOCK: Final = 0x736869
"""PostgreSQL advisory lock: of several workers, one takes up hashes at a time."""
NOT_CONFIGURED: Final = "Shield is not configured"
OFF: Final = "the list `shield` is off"


def turn(now: Callable[[], datetime] = clock.now) -> int:
    """Take up new hashes, and owe asking about as many as the pace allows; how many these are."""
    entry = config().shield
    if entry is None or _is_off():
        return 0
    with alone(LOCK) as mine:
        if not mine:
            return 0
        commands.take_up_hashes(library=entry.library, now=now())
        owed = 0
        while more := commands.owe_questions(per_minute=entry.hashes_per_minute, now=now()):
            owed += more
        return owed


def ask_shield(obligation: Obligation) -> None:
    """Ask about the hashes of one obligation. Raises SourceError: then it is asked again, later each time."""
    entry = config().shield
    if entry is None or _is_off():
        reason = NOT_CONFIGURED if entry is None else OFF
        commands.shield_not_asked(obligation.pk, reason=reason, now=clock.now())
        return
    commands.make_list(LIST, source=LIST, terms=entry.terms, now=clock.now())
    try:
        door = shield.source(_config(entry), seconds=SECONDS)
        hashes = hashes_in(obligation.pk)
        crash.point("shield")
        answers = door.look_up(hashes)
    except SourceError as error:
        commands.list_tried(LIST, now=clock.now(), error=str(error))
        raise
    commands.shield_answered(
        obligation.pk,
        {pdq: _said(finding) for pdq, finding in answers.items()},
        terms=entry.terms,
        ask_again=timedelta(days=entry.ask_again_days) if entry.ask_again_days else None,
        now=clock.now(),
    )


def check() -> str:
    """Ask whether the credentials are good; a sentence for the operator. Raises SourceError."""
    entry = config().shield
    if entry is None:
        return f"{NOT_CONFIGURED}: nothing is asked."
    return shield.source(_config(entry), seconds=SECONDS).check()


def _config(entry: Shield) -> shield.Config:
    return shield.Config(base_url=entry.base_url, login_file=entry.login_file)


def _said(finding: Finding) -> SaidIn:
    found = "" if finding.found is Found.NOT_COMPLETED else str(finding.found)
    return SaidIn(found, finding.said, finding.match, finding.near)


def _is_off() -> bool:
    return HashList.objects.filter(name=LIST, off_at__isnull=False).exists()


registry.kind(KIND, by=By.WORKER, handler=ask_shield)
