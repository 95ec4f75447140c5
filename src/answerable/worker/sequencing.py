"""The sequencer's thread: gives audit entries their place soon after they are written."""

import threading
from typing import Final

import structlog
from django.db import Error as DatabaseFault
from django.db import connection

from answerable.audit.errors import LogBroken
from answerable.audit.sequencer import sequence
from answerable.obligations import paging

AT_ONCE: Final = 1000
PAUSE_SECONDS: Final = 0.1
PAUSE_AFTER_FAULT_SECONDS: Final = 1.0

log = structlog.get_logger(__name__)


def run(stop: threading.Event) -> None:
    """Place pending entries until `stop`. A damaged log is paged about, once."""
    paged = False
    try:
        while not stop.is_set():
            pause = PAUSE_SECONDS
            try:
                if sequence(AT_ONCE) >= AT_ONCE:
                    pause = 0.0
            except LogBroken as error:
                pause = PAUSE_AFTER_FAULT_SECONDS
                log.critical("the audit log is damaged", exc_info=error)
                paged = paged or _page(str(error))
            except DatabaseFault as error:
                pause = PAUSE_AFTER_FAULT_SECONDS
                log.error("the audit log could not be written", exc_info=error)
                connection.close()
            stop.wait(pause)
    finally:
        connection.close()


def _page(text: str) -> bool:
    try:
        paging.page("The audit log is damaged", text)
    except (paging.PagingFailed, paging.NobodyToPage) as error:
        log.error("nobody was paged", why=str(error))
        return False
    return True
