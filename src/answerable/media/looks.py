"""Which pictures of a video are looked at: one in time for each quarter of a second, as a player would show it.

Runs in the decoder's process. A short video is decoded whole; of a longer one the key frames are (see `limits`).
"""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import av.error
import numpy as np
from av.sidedata.sidedata import Type
from numpy.typing import NDArray

from answerable.media import limits
from answerable.media.containers import ERRORS, Opened, Refused, Survey, opened, survey
from answerable.media.errors import Fault

Pixels = NDArray[np.uint8]
_UPRIGHT: Final = ((1, 0), (0, 1))


@dataclass
class Looks:
    """One pass over a video's pictures. After it: its size, and `fault` for what was not seen.

    `every_seconds`: the time between looks. `enough_keys`: with so many key frames, no others are needed. `until`: on
    the monotonic clock, when decoding has to end.
    """

    data: bytes
    until: float
    every_seconds: float = limits.LOOK_EVERY_SECONDS
    enough_keys: int | None = None
    media_type: str = ""
    width: int = 0
    height: int = 0
    seconds: float = 0.0
    fault: Fault | None = None
    _decoded: list[float] = field(default_factory=list)
    _began: float = field(default_factory=time.monotonic)
    _damaged: bool = False
    _is_late: bool = False

    def __iter__(self) -> Iterator[tuple[float, Pixels]]:
        """Seconds from the start, and the picture as shown (rows, columns, red green blue). Raises Refused."""
        found = survey(self.data)
        self.seconds = found.end
        self.every_seconds = max(self.every_seconds, found.end / limits.MAX_VIDEO_FRAMES)
        next_at, passed = 0.0, 0
        with opened(self.data) as video:
            self.media_type = video.media_type
            for picture in self._pictures(video, found):
                at = self._at(picture, found)
                passed += 1
                if at < next_at and passed < limits.LOOK_EVERY_PICTURES:
                    continue
                next_at, passed = self._after(at), 0
                pixels = _as_shown(picture)
                self.height, self.width = pixels.shape[:2]
                yield at, pixels
            self._judge(found, more=video.more)

    def _pictures(self, video: Opened, found: Survey) -> Iterator[Any]:
        """The decoded pictures in their order. What can't be decoded is passed over, as players do."""
        codec = video.stream.codec_context
        too_many = len(found.times) * codec.width * codec.height > limits.MAX_WHOLE_PIXELS
        key_frames_only = too_many or (self.enough_keys is not None and found.keys >= self.enough_keys)
        thin_at = self._began + (self.until - self._began) * limits.THIN_SHARE
        packets = video.container.demux(video.stream)
        while True:
            try:
                packet = next(packets, None)
            except ERRORS:
                self._damaged = True
                packet = None
            now = time.monotonic()
            self._is_late |= now > thin_at
            if now > self.until:
                return
            if key_frames_only or self._is_late:
                codec.skip_frame = "NONKEY"
                if packet is not None and packet.size and not packet.is_keyframe:
                    continue
            try:
                yield from video.stream.decode(packet)
            except av.error.EOFError:
                return
            except ERRORS as error:
                if isinstance(error, ValueError) and "max_pixels" in str(error):
                    raise Refused(Fault.TOO_MANY_PIXELS, media_type=video.media_type) from error
                self._damaged = True
            if packet is None or packet.size == 0:
                return

    def _at(self, picture: Any, found: Survey) -> float:
        last = self._decoded[-1] if self._decoded else 0.0
        at = picture.time - found.start if picture.time is not None else last
        at = min(max(at, last, 0.0), found.end)
        self._decoded.append(at)
        return at

    def _after(self, at: float) -> float:
        """When the next look is due: on a grid, so that two passes at the same file look at the same pictures."""
        if not self.every_seconds:
            return 0.0
        return (math.floor(at / self.every_seconds + 1e-6) + 1) * self.every_seconds - 1e-6

    def _judge(self, found: Survey, *, more: bool) -> None:
        """Name what was not seen. Time that passes with no packet in it is a picture that stands still."""
        if not self._decoded:
            fault = Fault.TOO_SLOW if self._is_late else Fault.MALFORMED
            raise Refused(fault, media_type=self.media_type)
        seen = np.asarray(self._decoded)
        due = np.asarray(found.times)
        before = seen[np.maximum(np.searchsorted(seen, due, side="right") - 1, 0)]
        unseen = float((due - before).max()) > limits.MAX_UNSEEN_SECONDS
        if self._is_late:
            self.fault = Fault.TOO_SLOW
        elif more or unseen or self.every_seconds > limits.MAX_UNSEEN_SECONDS:
            self.fault = Fault.PARTLY_SEEN
        elif found.broken or self._damaged:
            self.fault = Fault.TRUNCATED if found.broken else Fault.MALFORMED


def _as_shown(picture: Any) -> Pixels:
    """Red, green and blue of the picture, turned as its display matrix says."""
    pixels: Pixels = picture.to_ndarray(format="rgb24")
    matrix = next((one for one in list(picture.side_data) if one.type is Type.DISPLAYMATRIX), None)
    if matrix is None:
        return pixels
    a, b, _u, c, d = (int(np.sign(n)) for n in np.frombuffer(bytes(matrix), np.int32)[:5])
    return np.ascontiguousarray(_turned(pixels, a, b, c, d))


def _turned(pixels: Pixels, a: int, b: int, c: int, d: int) -> Pixels:
    """The point (x, y) is shown at (a x + c y, b x + d y), each of them 1, 0 or -1 (ISO 14496-12, 6.2.2)."""
    if a and d and not (b or c):
        return pixels[::d, ::a]
    if b and c and not (a or d):
        return pixels.transpose(1, 0, 2)[::b, ::c]
    return pixels  # a slant: no player turns by it
