"""What the worker does by itself for authorities: drafts of what is owed, and files too large for one step."""

from datetime import datetime
from typing import Final

import structlog
from django.conf import settings

from answerable import clock
from answerable.authorities.base import AuthorityError
from answerable.authorities.ncmec import client_of
from answerable.authorities.ncmec.drafting import draft_due as draft_for_ncmec
from answerable.authorities.ncmec.steps import take
from answerable.cases import commands
from answerable.cases.models import Filing
from answerable.media import MediaError
from answerable.platforms.base import PlatformError

LONGEST_UPLOAD_SECONDS: Final = 3600.0
LONGEST_FETCH_SECONDS: Final = 600.0

log = structlog.get_logger(__name__)


def draft_due(now: datetime) -> int:
    """Draft what is owed to the configured authorities. How many drafts were made."""
    return draft_for_ncmec(settings.CONFIG, now)


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
        except (AuthorityError, PlatformError, MediaError) as error:
            log.warning("a large file was not sent", filing=number, why=type(error).__name__)
            commands.take_from_uploader(number, now=clock.now())
    return done
