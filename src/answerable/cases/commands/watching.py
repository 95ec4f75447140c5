"""How far a platform's own news was taken, and that it can't be reached."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from answerable import audit
from answerable.cases.models import PlatformWatch

ANSWERED_EVERY: Final = timedelta(seconds=10)
"""Platforms are asked every second: that one answered, and had nothing to say, is written down no more often."""


def news_taken(platform: str, *, cursor: str, now: datetime, whole: bool = True) -> None:
    """Everything up to `cursor` was taken: it is asked for no more. Unless it was `whole`, it goes on failing."""
    known = PlatformWatch.objects.filter(
        platform=platform,
        cursor=cursor,
        failed_since=None,
        told_at__gt=now - ANSWERED_EVERY,
        told_at__lte=now,
    )
    if known.exists():
        return
    well = {"failed_since": None, "last_error": "", "alarmed_at": None} if whole else {}
    with transaction.atomic():
        PlatformWatch.objects.update_or_create(
            platform=platform, defaults={"cursor": cursor, "told_at": now, **well}
        )


def news_heard(platform: str, *, now: datetime) -> None:
    """A message that the platform sent by itself was taken."""
    with transaction.atomic():
        PlatformWatch.objects.update_or_create(platform=platform, defaults={"heard_at": now})


def news_unheard(platform: str, *, why: str, now: datetime) -> None:
    """A message with the platform's signature could not be taken: `answerable platform list` says why."""
    with transaction.atomic():
        PlatformWatch.objects.update_or_create(
            platform=platform, defaults={"unheard_at": now, "unheard_why": why[:300]}
        )


def watch_failed(platform: str, *, why: str, now: datetime) -> PlatformWatch:
    """A platform could not be asked for its news, or something in it could not be taken. Nothing is skipped."""
    with transaction.atomic():
        watch, _ = PlatformWatch.objects.get_or_create(platform=platform)
        watch.failed_since = watch.failed_since or now
        watch.last_error = why[:300]
        watch.save(update_fields=["failed_since", "last_error"])
        return watch


def watch_alarmed(platform: str, *, paged: bool, now: datetime) -> None:
    """People were paged that a platform's reports don't arrive."""
    with transaction.atomic():
        PlatformWatch.objects.filter(platform=platform).update(alarmed_at=now)
        audit.append("watch_alarmed", actor="worker", now=now, event={"platform": platform, "paged": paged})
