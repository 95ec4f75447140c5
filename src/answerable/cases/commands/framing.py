"""Writing down the frames of a content, once: with its row, or when its bytes were seen later."""

from typing import Final

from answerable.cases.inputs import Prints
from answerable.cases.models import ContentFrame, ItemContent
from answerable.db.rows import insert
from answerable.media.frames import spans

LATEST_MS: Final = (1 << 31) - 1


def write_frames(content: ItemContent, prints: Prints) -> bool:
    """Write the frames of a content, unless they are there. Whether it did."""
    if not prints.frames or content.frames.exists():
        return False
    insert(*frames_of(content, prints))
    return True


def frames_of(content: ItemContent, prints: Prints) -> list[ContentFrame]:
    """The rows of a content's frames, each until the next one is shown."""
    shown = spans(prints.frames, prints.duration_seconds)
    return [
        ContentFrame(
            content=content,
            number=number,
            at_ms=_milliseconds(span.start),
            until_ms=_milliseconds(span.end),
            pdq=frame.pdq,
            quality=frame.quality,
        )
        for number, (frame, span) in enumerate(zip(prints.frames, shown, strict=True))
    ]


def _milliseconds(seconds: float) -> int:
    """As the database can hold it: a hostile file may say that it lasts for centuries."""
    return min(round(seconds * 1000), LATEST_MS)
