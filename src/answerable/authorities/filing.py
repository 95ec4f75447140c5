"""What the worker does by itself for authorities: drafts of what is owed, files too large for one step, a look."""

from datetime import datetime
from typing import Final

import structlog
from django.conf import settings

from answerable import clock
from answerable.authorities.base import AuthorityError
from answerable.authorities.email.drafting import draft_due as draft_letters
from answerable.authorities.ncmec import client_of
from answerable.authorities.ncmec.check import check
from answerable.authorities.ncmec.drafting import draft_due as draft_for_ncmec
from answerable.authorities.ncmec.steps import take
from answerable.cases import commands
from answerable.cases.models import Filing
from answerable.evidence.errors import EvidenceError
from answerable.matching.lists.base import SourceError
from answerable.media import MediaError
from answerable.obligations import paging
from answerable.platforms.base import PlatformError

LONGEST_UPLOAD_SECONDS: Final = 3600.0
LONGEST_FETCH_SECONDS: Final = 600.0

log = structlog.get_logger(__name__)


def draft_due(now: datetime) -> int:
    """Draft what is owed to the configured authorities, and owe what waits for them. How many drafts were made."""
    commands.owe_deliveries(now)
    return draft_for_ncmec(settings.CONFIG, now) + draft_letters(settings.CONFIG, now)


class Doors:
    """The doors of the configured authorities, looked at now and then; what is wrong is paged once."""

    def __init__(self) -> None:
        self._said = ""

    def look(self) -> str:
        """Ask NCMEC whom it takes this desk for, and for its schema. Gives what is wrong. Raises PagingFailed."""
        ncmec = settings.CONFIG.authorities.ncmec
        if ncmec is None or ncmec.environment != "production":
            return ""
        wrong = ""
        try:
            if check(client_of(ncmec)).lacking:
                wrong = "NCMEC's schema no longer has what this desk writes: filings may be refused."
        except (AuthorityError, SourceError) as error:
            if isinstance(error, AuthorityError) and not error.alarm:
                log.warning("NCMEC could not be looked at", why=type(error).__name__)
                return self._said  # that it doesn't answer for a while shows in what is late
            wrong = " ".join((type(error).__doc__ or "").split())
        if wrong and wrong != self._said:
            log.error("NCMEC would refuse filings", why=wrong)
            try:
                paging.page(
                    f"{settings.CONFIG.desk.name}: filing with NCMEC",
                    f"{wrong}\n`answerable authority ncmec`",
                )
            except paging.NobodyToPage:
                log.error("nobody is paged about NCMEC")
        self._said = wrong
        return wrong


def send_large() -> int:
    """Send each large file that waits. One that was interrupted is found out about first. How many were sent."""
    ncmec = settings.CONFIG.authorities.ncmec
    waiting = Filing.objects.filter(uploading=True, state="sending").order_by("pk")
    done = 0
    for number, step in waiting.values_list("pk", "step"):
        if step or ncmec is None:
            commands.take_from_uploader(number, now=clock.now())
            continue
        asking = commands.begin_step(number, obligation_id=None, now=clock.now())
        if asking is None:
            continue
        try:
            client = client_of(ncmec, LONGEST_UPLOAD_SECONDS)
            take(asking, client, obligation_id=None, seconds_for_bytes=LONGEST_FETCH_SECONDS)
            done += 1
        except (AuthorityError, PlatformError, MediaError, EvidenceError) as error:
            log.warning("a large file was not sent", filing=number, why=type(error).__name__)
            commands.take_from_uploader(number, now=clock.now())
    return done
