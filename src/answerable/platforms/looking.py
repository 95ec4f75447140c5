"""Looking again at what isn't shown: caches run out, backups are put back, and then it is there again (rule 3)."""

from datetime import datetime
from typing import Final

import structlog

from answerable import clock
from answerable.cases import commands
from answerable.cases.models import Item
from answerable.platforms import registry
from answerable.platforms.base import ItemNotFound, Platform, PlatformError, asking
from answerable.policy.words import Visibility

AT_ONCE: Final = 20

log = structlog.get_logger(__name__)


def seen_now(target: Platform, ref: str) -> Visibility:
    """What strangers see of an item now; one that the platform doesn't have is gone. Raises PlatformError."""
    try:
        return target.visibility(ref)
    except ItemNotFound:
        return Visibility.GONE


def look_again(now: datetime) -> int:
    """Look at the items whose time has come, a few; how many were not as wanted. What can't be asked waits its turn."""
    due = Item.objects.filter(look_again_at__lte=now).order_by("look_again_at")
    wrong = 0
    failing: set[str] = set()
    for item in due.only("platform", "ref", "wanted_serial")[:AT_ONCE]:
        if item.platform in failing:
            commands.look_put_off(item.pk, now=clock.now())
            continue
        try:
            with asking(f"again-{item.pk}"):
                seen = seen_now(registry.platform(item.platform), item.ref)
        except PlatformError as error:
            if error.retry_helps:  # it is the platform, not this item: the others needn't be tried now
                failing.add(item.platform)
            log.warning(
                "could not look again", item=item.pk, platform=item.platform, why=type(error).__name__
            )
            commands.look_put_off(item.pk, now=clock.now())
            continue
        at = clock.now()
        if not commands.seen_again(item.pk, visibility=seen, serial=item.wanted_serial, seen_at=at, now=at):
            wrong += 1
            log.warning("an item is not as it was wanted", item=item.pk, seen=seen.value)
    return wrong
