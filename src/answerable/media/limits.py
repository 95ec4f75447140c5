"""What one file may cost. Every number is a ceiling that a hostile file can reach and not pass."""

MAX_IMAGE_BYTES = 64 * 1024 * 1024
MAX_IMAGE_PIXELS = 64_000_000
MEMORY_BYTES = 2_560 * 1024 * 1024
"""Address space of a decoder. The reference PDQ of 64 megapixels takes 1.7 GB of it at its peak."""
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
