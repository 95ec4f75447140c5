"""What one file may cost. Every number is a ceiling that a hostile file can reach and not pass."""

from typing import NamedTuple

MAX_IMAGE_BYTES = 64 * 1024 * 1024
MAX_IMAGE_PIXELS = 64_000_000
MEMORY_BYTES = 2_048 * 1024 * 1024
"""Address space of a decoder. The most of what was measured: 64 megapixels with transparency, 1.4 GB at their peak."""
CPU_SECONDS = 12
"""Processor time of one file, kept by the kernel even if the parent died."""
DEADLINE_SECONDS = 9.0
"""Time of one file by the clock, kept by the parent: less than a worker's handler has (10 s)."""
START_SECONDS = 60.0
FAIR_SECONDS = 5.0
"""A file that had less time than this is not called slow: the caller was late, or the machine was busy."""
FILES_PER_DECODER = 5000
"""A decoder is replaced after that many files, so that nothing grows for good: its start costs as much as 50 photos."""
MAX_DECODERS = 4

SEARCHABLE_QUALITY = 50
"""PDQ below this quality says too little to be searched (hash sharing practice: discard 49 and less)."""

MAX_FRAMES = 1000
"""Frames of an animation (or pages) that are read. One that has more is named, and held like what can't be read."""
MAX_ANIMATION_PIXELS = 256_000_000
"""Pixels of all those frames together: 1,000 frames of 500 x 500, or 120 of full HD."""
MAX_DISTINCT_FRAMES = 250
ANIMATION_CPU_SECONDS = 5.0
"""Processor time for the frames after the first. The limits above come first in all that was measured."""
SAME_FRAME_BITS = 4
"""Frames whose PDQ are within that many bits stand for one another: a known picture within 27 bits is still found."""

PREVIEW_SIDE_PIXELS = 1200
BLUR_SIDE_PIXELS = 12
"""A blurred preview holds no more than this many pixels a side of the original: nothing to recover."""

MAX_VIDEO_BYTES = 256 * 1024 * 1024
MAX_VIDEO_PIXELS = 36_000_000
"""Pixels of one picture of a video: 8K, and what it takes to hold a dozen of them stays under the memory limit."""
MAX_PACKETS = 1_500_000
MAX_WHOLE_PIXELS = 1_500_000_000
"""Pixels of all pictures of a video that is decoded whole: 54 s of 720p at 30 a second. Of a longer one the key
frames are looked at, which encoders make wherever the scene changes. What is known follows from the file alone."""
FRAME_EVERY_SECONDS = 1.0
LOOK_EVERY_SECONDS = 0.25
"""A picture that changed meanwhile is kept sooner than each second: a copy is cut anywhere, not on whole seconds."""
LOOK_EVERY_PICTURES = 30
"""Whatever the time stamps say, one picture of so many is looked at."""
MAX_VIDEO_FRAMES = 1800
"""Frames kept of a video. For a longer one the time between looks grows, so that they still reach its end."""
MAX_UNSEEN_SECONDS = 10.0
"""Where more than that was not looked at, the video is held: key frames stand closer than that in honest files."""
VIDEO_THREADS = 2
VIDEO_CPU_SECONDS = 40
VIDEO_MEMORY_BYTES = 3_072 * 1024 * 1024
VIDEOS_PER_DECODER = 100
MAX_VIDEO_DECODERS = 2
VIDEO_DEADLINE_SECONDS = 20.0
"""Time of one video by the clock where the caller doesn't say: a worker's handler has less (10 s) and says so."""
THIN_SHARE, STOP_SHARE = 0.6, 0.85
"""Of the time that a video has: after so much of it only key frames are decoded; after so much, no more."""
PROBE_BYTES = 1 << 20
PROBE_SECONDS = 5
SHEET_COLUMNS, SHEET_ROWS = 4, 3
"""Pictures of a video on the sheet that reviewers see."""


class Limits(NamedTuple):
    """What a decoder's process of one kind may take, how many files one reads, and how many there are."""

    memory_bytes: int
    cpu_seconds: int
    files: int
    decoders: int


def of(kind: str) -> Limits:
    """The limits of decoders of that kind, `images` or `video`."""
    if kind == "video":
        return Limits(VIDEO_MEMORY_BYTES, VIDEO_CPU_SECONDS, VIDEOS_PER_DECODER, MAX_VIDEO_DECODERS)
    return Limits(MEMORY_BYTES, CPU_SECONDS, FILES_PER_DECODER, MAX_DECODERS)
