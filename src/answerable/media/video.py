"""What the decoder's process does with one video: vPDQ fingerprints of its frames, or a sheet of them to look at.

vPDQ (ThreatExchange) is the PDQ of one frame a second. Here a frame that differs from the last one kept is kept
after a quarter of a second already, and one that shows the same is not kept again: of each, what counts is how long
it is shown (`frames.spans`).
"""

import io
import pkgutil
import time
from importlib import import_module
from typing import Any

import av
import numpy as np
from PIL import Image, ImageDraw

from answerable._native import pdq_of_rgb
from answerable.media import bars, limits
from answerable.media.containers import Refused
from answerable.media.drawing import blur, jpeg
from answerable.media.frames import Frame, clock_time
from answerable.media.looks import Looks, Pixels

__all__ = ["Refused", "fingerprint", "prepare", "preview"]

SAME_FRAME_BITS = 8
"""Frames that close stand for one another: what is within 23 bits of either is still found within 31."""


def prepare() -> None:
    """Load everything once, before the limits close the file system."""
    for module in pkgutil.walk_packages(av.__path__, "av."):
        if module.name != "av.__main__":
            import_module(module.name)
    own = io.BytesIO()
    with av.open(own, mode="w", format="mov") as container:
        stream = container.add_stream("mpeg4", rate=5)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        container.mux([*stream.encode(av.VideoFrame(64, 48, "yuv420p")), *stream.encode(None)])
    preview(own.getvalue(), seconds=limits.START_SECONDS, blurred=True, grayscale=True)
    fingerprint(own.getvalue(), seconds=limits.START_SECONDS)


def hash_of(pixels: Pixels) -> tuple[bytes, int]:
    """PDQ (32 bytes) of a picture (rows, columns, red green blue), and its quality."""
    (pdq,), quality, _margin = pdq_of_rgb(np.ascontiguousarray(pixels), turns=False)
    return pdq, quality


def fingerprint(data: bytes, *, seconds: float, every_seconds: float | None = None) -> dict[str, Any]:
    """Media type, size in pixels as shown, length, frames; `fault` where something was not seen.

    `every_seconds`: keep every frame that stands so far apart, changed or not (0: all of them), as vPDQ does.
    """
    looks = _looks(data, seconds)
    frames: list[Frame] = []
    if every_seconds is None:
        for at, pixels in looks:
            _keep(frames, at, pixels)
    else:
        looks.every_seconds = every_seconds
        frames += [Frame(*hash_of(pixels), at) for at, pixels in looks]
    facts = {
        "media_type": looks.media_type,
        "width": looks.width,
        "height": looks.height,
        "duration_seconds": round(looks.seconds, 3),
        "frames": [[one.pdq.hex(), one.quality, round(one.at_seconds, 3)] for one in frames],
    }
    return facts | ({"fault": looks.fault} if looks.fault else {})


def _keep(frames: list[Frame], at: float, pixels: Pixels) -> None:
    """Keep a frame unless it shows what the last one does; of one with bars beside it what stands between, too."""
    for part in (pixels, bars.without(pixels)):
        if part is None:
            continue
        new = Frame(*hash_of(part), at)
        if not any(_same(new, old) for old in frames[-2:]):
            frames.append(new)


def _same(one: Frame, other: Frame) -> bool:
    apart = int.from_bytes(one.pdq, "big") ^ int.from_bytes(other.pdq, "big")
    either = {one.quality >= limits.SEARCHABLE_QUALITY, other.quality >= limits.SEARCHABLE_QUALITY}
    return len(either) == 1 and (apart.bit_count() <= SAME_FRAME_BITS or either == {False})


def preview(data: bytes, *, seconds: float, blurred: bool, grayscale: bool) -> bytes:
    """A sheet of pictures, from the first to the last, each with its time. Raises Refused."""
    looks = _looks(data, seconds)
    most = limits.SHEET_COLUMNS * limits.SHEET_ROWS
    looks.enough_keys = 2 * most
    chosen: list[tuple[float, Image.Image]] = []
    for at, pixels in looks:
        if at >= len(chosen) * looks.seconds / most and len(chosen) < most:
            chosen.append((at, _tile(pixels, blurred=blurred)))
    sheet = _sheet(chosen)
    return jpeg(sheet.convert("L") if grayscale else sheet)


def _looks(data: bytes, seconds: float) -> Looks:
    return Looks(data, until=time.monotonic() + seconds * limits.STOP_SHARE)


def _tile(pixels: Pixels, *, blurred: bool) -> Image.Image:
    side = limits.PREVIEW_SIDE_PIXELS // limits.SHEET_COLUMNS
    image = Image.fromarray(pixels)
    image.thumbnail((side, side))
    return blur(image) if blurred else image


def _sheet(chosen: list[tuple[float, Image.Image]]) -> Image.Image:
    columns = min(len(chosen), limits.SHEET_COLUMNS)
    rows = -(-len(chosen) // columns)
    wide, high = (max(tile.size[axis] for _at, tile in chosen) for axis in (0, 1))
    sheet = Image.new("RGB", (columns * wide, rows * high))
    draw = ImageDraw.Draw(sheet)
    for place, (at, tile) in enumerate(chosen):
        corner = (place % columns * wide, place // columns * high)
        sheet.paste(tile, corner)
        text = clock_time(at)
        box = draw.textbbox((corner[0] + 3, corner[1] + 2), text)
        draw.rectangle((box[0] - 2, box[1] - 2, box[2] + 2, box[3] + 2), fill=(0, 0, 0))
        draw.text((corner[0] + 3, corner[1] + 2), text, fill=(255, 255, 255))
    return sheet
