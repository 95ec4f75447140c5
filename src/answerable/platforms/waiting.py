"""What is to be removed waits for its capture, and isn't shown meanwhile (rule 15)."""

from answerable import clock
from answerable.cases import commands
from answerable.cases.models import Item
from answerable.platforms import base
from answerable.platforms.base import Capability
from answerable.policy.words import Visibility


class CaptureFirst(base.PlatformError):
    """The item is hidden, and not removed yet: its evidence has to be captured first."""

    retry_helps = True


def wait_hidden(item: Item, target: base.Platform) -> None:
    """What is to be captured first stays hidden, or is hidden now. Raises CaptureFirst; PlatformError where it can't be
    asked.

    Where it can't be hidden nothing waits: it would stay visible.
    """
    if item.seen not in (Visibility.HIDDEN, Visibility.GONE):
        if Capability.HIDE not in target.capabilities:
            return
        serial = item.wanted_serial - 1  # left free for this (`cases.commands.wanting.want`)
        asked_at = clock.now()
        try:
            target.set_visibility(item.ref, Visibility.HIDDEN, serial)
            acknowledged_at = clock.now()
            seen = target.visibility(item.ref)
        except (base.CannotDo, base.ItemNotFound):
            return
        now = clock.now()
        commands.item_seen(
            item.pk,
            visibility=seen,
            serial=serial,
            asked_at=asked_at,
            acknowledged_at=acknowledged_at,
            seen_at=now,
            now=now,
        )
    raise CaptureFirst
