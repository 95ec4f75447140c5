"""One attempt at one obligation, in a thread of the crew."""

from typing import Final

import structlog
from django.db import Error as DatabaseFault
from django.db import connection, transaction

from answerable import clock
from answerable.db import crash, deadline
from answerable.obligations import attempts, registry
from answerable.obligations.models import Obligation

# By hand, because it is asked after every single attempt.
STILL_OWED: Final = """
SELECT 1 FROM obligations_obligation WHERE id = %s AND state || '' = 'owed' AND attempt = %s AND lease_until IS NOT NULL
"""

log = structlog.get_logger(__name__)


class NothingKept(Exception):
    """A handler ended well, and what it was called for is still owed: that is a failed attempt."""


def deadline_seconds(obligation: Obligation) -> float:
    """How long an attempt may take."""
    info = registry.kinds().get(obligation.kind)
    return info.deadline_seconds if info else registry.LONGEST_DEADLINE_SECONDS


def attempt(obligation: Obligation) -> None:
    """Call the handler. Whatever it raises is a failed attempt: noted, and tried again later."""
    about = {"obligation": obligation.pk, "kind": obligation.kind, "attempt": obligation.attempt}
    try:
        handler = registry.find(obligation.kind).resolve()
        crash.point("attempt")
        with deadline.within(deadline_seconds(obligation)):
            handler(obligation)
        crash.point("attempted")
        if _still_owed(obligation):
            raise NothingKept(NothingKept.__doc__)
    except Exception as error:  # noqa: BLE001  any fault of a party is a failed attempt, never a lost one
        give_back(obligation, error)
        connection.close_if_unusable_or_obsolete()
    else:
        log.debug("attempt succeeded", **about)


def give_back(obligation: Obligation, error: BaseException) -> None:
    """Note a failed attempt. When even that fails, the lease runs out and it is tried again."""
    log.warning(
        "attempt failed",
        obligation=obligation.pk,
        kind=obligation.kind,
        attempt=obligation.attempt,
        exc_info=error,
    )
    try:
        with transaction.atomic():
            wait = getattr(error, "retry_after_seconds", None)
            attempts.failed(
                obligation.pk, obligation.attempt, said(error), clock.now(), not_within_seconds=wait
            )
    except DatabaseFault as fault:
        log.error("a failed attempt could not be noted", obligation=obligation.pk, exc_info=fault)


def said(error: BaseException) -> str:
    """The error in few words. Others' messages may quote what a person wrote, so only ours are kept."""
    kind = type(error)
    ours = kind.__module__.startswith("answerable.")
    return f"{kind.__name__}: {error}" if ours and str(error) else kind.__name__


def _still_owed(obligation: Obligation) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(STILL_OWED, [obligation.pk, obligation.attempt])
        return cursor.fetchone() is not None
