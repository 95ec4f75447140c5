"""Synthetic videos: a picture that the camera pans over, nothing else, and the files that they make."""

import io
from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import cache
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.media.pictures import landscape

RATE = 8
"""Pictures a second: enough for what moves slowly, and cheap."""
SIZE = (192, 144)
Picture = NDArray[np.uint8]


def scene(seed: int, seconds: float, start: float = 0.0, size: tuple[int, int] = SIZE) -> Iterator[Picture]:
    """A slow pan over another landscape for each seed, with a new one every two seconds; a part of it from `start`."""
    wide, high = size
    for number in range(round(start * RATE), round((start + seconds) * RATE)):
        shot, within = divmod(number, 2 * RATE)
        hills = _hills(wide * 5 // 4, high * 5 // 4, 1000 * seed + shot)
        x, y = within * wide // (8 * 2 * RATE), within * high // (8 * 2 * RATE)
        yield hills[y : y + high, x : x + wide]


@cache
def _hills(width: int, height: int, seed: int) -> Picture:
    return np.asarray(landscape(width, height, seed=seed))


def flat(seconds: float, grey: int = 0, size: tuple[int, int] = SIZE) -> Iterator[Picture]:
    """Nothing to be seen."""
    for _ in range(round(seconds * RATE)):
        yield np.full((size[1], size[0], 3), grey, np.uint8)


def with_bars(pictures: Iterable[Picture], share: float = 0.2, grey: int = 0) -> Iterator[Picture]:
    """The same with a bar above and below."""
    for picture in pictures:
        bar = np.full((round(picture.shape[0] * share), picture.shape[1], 3), grey, np.uint8)
        yield np.concatenate([bar, picture, bar])


def mirrored(pictures: Iterable[Picture]) -> Iterator[Picture]:
    """The same, left to right."""
    return (picture[:, ::-1] for picture in pictures)


def smaller(pictures: Iterable[Picture], size: tuple[int, int]) -> Iterator[Picture]:
    """The same, resized."""
    return (np.asarray(Image.fromarray(picture).resize(size)) for picture in pictures)


def film(
    pictures: Iterable[Picture], format: str = "mp4", codec: str = "libx264", rate: int = RATE, **options: Any
) -> bytes:
    """The file that these pictures make. `options` are the encoder's."""
    out = io.BytesIO()
    speed = {"preset": "ultrafast"} if codec == "libx264" else {"deadline": "realtime", "cpu-used": "8"}
    with av.open(out, "w", format=format) as container:
        stream = container.add_stream(codec, rate=rate)
        stream.pix_fmt = "yuv420p"
        stream.options = {**speed, **{name: str(value) for name, value in options.items()}}
        stream.time_base = Fraction(1, rate)
        for number, picture in enumerate(pictures):
            if number == 0:
                stream.height, stream.width = (side // 2 * 2 for side in picture.shape[:2])
            frame = av.VideoFrame.from_ndarray(
                np.ascontiguousarray(picture[: stream.height, : stream.width]), "rgb24"
            )
            frame.pts, frame.time_base = number, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return out.getvalue()
