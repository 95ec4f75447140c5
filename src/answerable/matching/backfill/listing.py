"""A platform's own list of all its items, a page at a time (`items.list`), and their media from where it says."""

import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final, TypeVar

from answerable import media
from answerable.matching.backfill.naming import is_ref
from answerable.matching.backfill.pieces import (
    CantRead,
    Opened,
    Piece,
    Place,
    Rate,
    SourceFailed,
    printable,
)
from answerable.platforms import base, registry
from answerable.platforms.base import FetchedItem, ItemKind, Media

T = TypeVar("T")
OF_MEDIA: Final = frozenset({ItemKind.IMAGE, ItemKind.VIDEO, ItemKind.PROFILE})
CALL_SECONDS: Final = 30.0
MEDIA_SECONDS: Final = 60.0
WAITS_SECONDS: Final = (1.0, 4.0, 15.0)
"""Between the tries of one call, when the platform is busy or does not answer."""


class Listing:
    """The library of a platform, as it lists it: oldest first."""

    def __init__(self, name: str, rate: Rate, pause: Callable[[float], object] = time.sleep) -> None:
        self._name = name
        self._adapter = registry.platform(name)
        if base.Capability.LIST not in self._adapter.capabilities:
            raise SourceFailed(f"The platform {name} can't list its items.")
        self._hosts = registry.media_hosts(name)
        self._rate = rate
        self._pause = pause

    def pieces(self, after: str) -> Iterator[Piece]:
        """Every item after that position: the cursor of its page, and its ref."""
        cursor, last = json.loads(after) if after else ("", "")
        while True:
            page = self._page(cursor)
            refs = [item.ref for item in page.items]
            # Without the last one, which was deleted meanwhile, the page is gone through again: all of it is known.
            for item in page.items[refs.index(last) + 1 if last in refs else 0 :]:
                yield self._piece(item, json.dumps([cursor, item.ref]))
            if not page.cursor:
                return
            if page.cursor == cursor:
                raise SourceFailed("The platform's cursor does not move: its list never ends.")
            cursor, last = page.cursor, ""

    def count(self, stop: threading.Event) -> int | None:
        """None: nobody can say without reading it all."""
        _ = stop
        return None

    def close(self) -> None:
        """Nothing is open."""

    def _page(self, cursor: str) -> base.Page:
        try:
            return self._asked(lambda: self._adapter.list_items(cursor))
        except base.PlatformError as error:
            raise SourceFailed(f"The platform {self._name} can't be listed: {error}") from error

    def _piece(self, item: FetchedItem, position: str) -> Piece:
        place = Place(
            item.ref,
            url=item.url,
            account=item.account,
            kind=item.kind.value,
            posted_at=item.posted_at,
            views=item.views or 0,
        )
        named = is_ref(item.ref)
        return Piece(
            position=position,
            name=printable(item.ref),
            place=place if named else None,
            open=partial(self._opened, item),
            is_item=True,
            passed_over="" if named and item.kind in OF_MEDIA else "no_media" if named else "no_ref",
        )

    @contextmanager
    def _opened(self, item: FetchedItem) -> Iterator[Opened]:
        try:
            data = self._data(item.media or self._asked(lambda: self._adapter.fetch(item.ref)).media)
        except (base.ItemNotFound, media.MediaGone) as error:
            raise CantRead("it is gone") from error
        except media.TooLarge as error:
            raise CantRead("it is too large") from error
        except (base.PlatformError, media.FetchError) as error:
            raise CantRead(" ".join((type(error).__doc__ or "").split()), passing=True) from error
        yield Opened(io.BytesIO(data), len(data))

    def _data(self, found: Media | None) -> bytes:
        if found is None or (found.data is None and not found.url):
            raise CantRead("the platform gives no media of it")
        if found.data is not None:
            return found.data
        return self._asked(lambda: media.fetch(found.url, self._hosts, timeout_seconds=MEDIA_SECONDS).data)

    def _asked(self, ask: Callable[[], T]) -> T:
        """The answer, at this platform's pace, and after some waiting when it is busy."""
        for wait in WAITS_SECONDS:
            try:
                return self._once(ask)
            except (base.PlatformError, media.MediaUnreachable, media.TooSlow) as error:
                if isinstance(error, base.PlatformError) and not error.retry_helps:
                    raise
                self._pause(wait)
        return self._once(ask)

    def _once(self, ask: Callable[[], T]) -> T:
        self._rate.wait()
        with base.asking("backfill", CALL_SECONDS):
            return ask()
