"""Opening a video so that only few parsers ever see it. Runs in the decoder's process: what it reads is hostile.

The demuxer is chosen here, by the first bytes, and never probed; the codecs are a short list. Bytes come from
memory: no protocol, no file and no address that the video names is ever opened.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import av
import av.error

from answerable.media import limits
from answerable.media.errors import Fault
from answerable.media.sniffing import MATROSKA, MOV, container_of

CODECS: Final = frozenset({"h264", "hevc", "vp8", "vp9", "av1", "libdav1d", "mpeg4", "h263", "mjpeg"})
"""What phones record and browsers show. Every further codec is a further parser to attack."""
DEMUXERS: Final = {MOV: "mov", MATROSKA: "matroska"}
ERRORS: Final = (av.error.FFmpegError, ValueError, OverflowError)
"""What libav's parsers raise for what a file holds."""


class Refused(Exception):
    """The file can't be decoded, for this reason."""

    def __init__(self, fault: Fault, **facts: Any) -> None:
        self.fault = fault
        self.facts = facts
        super().__init__(fault)


@dataclass(frozen=True, slots=True)
class Opened:
    """A container and the one stream of pictures in it that a player shows. `more`: it holds others, too."""

    container: Any
    stream: Any
    media_type: str
    more: bool


@contextmanager
def opened(data: bytes) -> Iterator[Opened]:
    """Open a video for reading, ready to decode. Raises Refused."""
    kind = container_of(data)
    if kind is None or kind.demuxer not in DEMUXERS:
        raise Refused(Fault.UNSUPPORTED, media_type=kind.media_type if kind else "application/octet-stream")
    try:
        container = av.open(
            io.BytesIO(data),
            mode="r",
            format=DEMUXERS[kind.demuxer],
            metadata_errors="replace",
            container_options={
                "codec_whitelist": ",".join(sorted(CODECS)),  # for what libav decodes to learn of the streams
                "protocol_whitelist": "",
                "probesize": str(limits.PROBE_BYTES),
                "analyzeduration": str(limits.PROBE_SECONDS * 1_000_000),
            },
        )
    except MemoryError as error:
        raise Refused(Fault.OUT_OF_MEMORY, media_type=kind.media_type) from error
    except ERRORS as error:
        raise Refused(Fault.MALFORMED, media_type=kind.media_type) from error
    with container:
        yield _shown(container, kind.media_type)


def _shown(container: Any, media_type: str) -> Opened:
    """The stream that a player chooses. A cover is shown where there is nothing else."""
    streams = list(container.streams.video)
    if not streams:
        raise Refused(Fault.NOT_AN_IMAGE, media_type=media_type.replace("video/", "audio/"))
    stream = container.streams.best("video") or streams[0]
    codec = stream.codec_context
    if codec is None or codec.codec.name not in CODECS:
        raise Refused(Fault.UNSUPPORTED, media_type=media_type)
    if codec.width * codec.height > limits.MAX_VIDEO_PIXELS:
        raise Refused(Fault.TOO_MANY_PIXELS, media_type=media_type, width=codec.width, height=codec.height)
    codec.thread_count = limits.VIDEO_THREADS
    codec.thread_type = "AUTO"
    codec.options = {"max_pixels": str(limits.MAX_VIDEO_PIXELS)}  # the size may change on the way
    pictures = av.stream.Disposition.attached_pic
    moving = [one for one in streams if not one.disposition & pictures]
    return Opened(container, stream, media_type, more=len(moving) > 1)


@dataclass(frozen=True, slots=True)
class Survey:
    """What the packets say, which can't lie as headers can: when pictures are shown, and how many there are.

    `start`: when the first picture is shown, on the stream's own clock. `times` in seconds from there, ascending;
    `keys`: how many are key frames; `end`: when the last one ends; `broken`: the file ends before it is whole.
    """

    start: float
    times: list[float]
    keys: int
    end: float
    broken: bool


def survey(data: bytes) -> Survey:
    """Read every packet of the shown stream and decode none. Raises Refused."""
    with opened(data) as video:
        base = video.stream.time_base or Fraction(1, 1000)
        shown: list[int] = []
        last = keys = 0
        broken = False
        try:
            for packet in video.container.demux(video.stream):
                if packet.size == 0:
                    continue
                stamp = packet.pts if packet.pts is not None else packet.dts
                shown.append(stamp if stamp is not None else last)
                keys += packet.is_keyframe
                last = max(last, shown[-1] + (packet.duration or 0))
                if len(shown) > limits.MAX_PACKETS:
                    raise Refused(Fault.PARTLY_SEEN, media_type=video.media_type)
        except ERRORS:
            broken = True
        if not shown:
            raise Refused(Fault.TRUNCATED if broken else Fault.MALFORMED, media_type=video.media_type)
        shown.sort()
        first = shown[0]
        times = [float((stamp - first) * base) for stamp in shown]
        return Survey(float(first * base), times, keys, max(times[-1], float((last - first) * base)), broken)
