"""One distinct frame of an animation or a video."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Frame:
    """The PDQ (32 bytes) of a frame, its quality (0 to 100), and when it is shown, in seconds from the start."""

    pdq: bytes
    quality: int
    at_seconds: float
