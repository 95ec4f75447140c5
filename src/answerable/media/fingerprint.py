"""Fingerprints of media: exact hashes of the file, and the PDQ hash of the picture that people see."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.util import find_spec
from typing import Any

from answerable.media import limits
from answerable.media.errors import DecoderUnavailable, Fault, Undecodable
from answerable.media.frames import Frame
from answerable.media.pool import pool
from answerable.media.sniffing import container_of, media_type_of

__all__ = ["Fingerprints", "fingerprint", "media_type_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprints:
    """What is known of one file. Who has hashes only fills what they have.

    sha256, md5: lower-case hex of the whole file, or empty where not known.
    pdq: 32 bytes, the first frame as shown; None where no picture could be read, and of a video.
    pdq_quality: 0 to 100; below 50 the hash says too little to be searched.
    pdq_dihedral: the PDQ of all eight rotations and flips of that picture, `pdq` first; empty where not known.
    frames: the distinct frames of an animation or a video, the first included; empty for a still.
    duration_seconds: how long a video is.
    width, height: pixels, as shown. size: bytes.
    fault: why there is no PDQ, or what is damaged though there is one.
    """

    sha256: str = ""
    md5: str = ""
    pdq: bytes | None = None
    pdq_quality: int | None = None
    pdq_dihedral: tuple[bytes, ...] = ()
    frames: tuple[Frame, ...] = ()
    duration_seconds: float | None = None
    media_type: str = ""
    width: int | None = None
    height: int | None = None
    size: int | None = None
    fault: Fault | None = None

    def __post_init__(self) -> None:
        _check_hex("sha256", self.sha256, 64)
        _check_hex("md5", self.md5, 32)
        if self.pdq is not None and len(self.pdq) != 32:
            raise ValueError(f"a PDQ has 32 bytes, this one {len(self.pdq)}")
        if self.pdq_dihedral and (len(self.pdq_dihedral) != 8 or self.pdq_dihedral[0] != self.pdq):
            raise ValueError("a picture has eight rotations and flips, and the first is the picture itself")

    @property
    def searchable_pdq(self) -> bytes | None:
        """The PDQ when its quality is enough for a search, or not known."""
        if self.pdq_quality is not None and self.pdq_quality < limits.SEARCHABLE_QUALITY:
            return None
        return self.pdq

    @property
    def unreadable_image(self) -> bool:
        """An image of which no picture, or not every frame, could be read: it may show what is not known here."""
        unseen = self.pdq is None or self.fault is Fault.TOO_MANY_FRAMES
        return self.fault is not None and unseen and self.media_type.startswith("image/")

    @property
    def unreadable(self) -> bool:
        """An image or a video of which nothing, or not all, could be looked at: it may show what is known."""
        unseen = not self.frames or self.fault in (Fault.PARTLY_SEEN, Fault.TOO_SLOW)
        unreadable_video = self.fault is not None and unseen and self.media_type.startswith("video/")
        return self.unreadable_image or unreadable_video


def fingerprint(data: bytes, *, within_seconds: float | None = None) -> Fingerprints:
    """All fingerprints of one file, by its bytes alone (names and declared types are not believed).

    A file that can't be read has its exact hashes, no PDQ, and a `fault` that says why. Raises
    DecoderUnavailable when no decoder answered, or `within_seconds` (waiting included) was too short to blame
    the file: that says nothing about it, so try again.
    """
    exact = _Exact(data)
    facts = _read(data, within_seconds, meanwhile=exact.compute)
    turns = tuple(bytes.fromhex(turn) for turn in facts.get("pdq", ()))
    return Fingerprints(
        sha256=exact.sha256,
        md5=exact.md5,
        pdq=turns[0] if turns else None,
        pdq_quality=facts.get("pdq_quality"),
        pdq_dihedral=turns,
        frames=tuple(
            Frame(bytes.fromhex(pdq), quality, seconds) for pdq, quality, seconds in facts.get("frames", ())
        ),
        duration_seconds=facts.get("duration_seconds"),
        media_type=facts.get("media_type") or media_type_of(data),
        width=facts.get("width"),
        height=facts.get("height"),
        size=len(data),
        fault=Fault(facts["fault"]) if facts.get("fault") else None,
    )


class _Exact:
    """The exact hashes of a file, computed once, when there is time for it."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def compute(self) -> None:
        """Have both ready."""
        _ready = (self.sha256, self.md5)

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self._data).hexdigest()

    @cached_property
    def md5(self) -> str:
        return hashlib.md5(self._data, usedforsecurity=False).hexdigest()


def _read(data: bytes, within_seconds: float | None, meanwhile: Callable[[], None]) -> dict[str, Any]:
    if not data:
        return {"fault": Fault.EMPTY}
    if container_of(data) is not None:
        return _read_video(data, within_seconds, meanwhile)
    if len(data) > limits.MAX_IMAGE_BYTES:
        return {"fault": Fault.TOO_LARGE}
    try:
        facts, _payload = pool().ask({"do": "fingerprint"}, data, within_seconds, meanwhile)
    except Undecodable as error:
        return {"fault": error.fault}
    return facts


def _read_video(data: bytes, within_seconds: float | None, meanwhile: Callable[[], None]) -> dict[str, Any]:
    if len(data) > limits.MAX_VIDEO_BYTES:
        return {"fault": Fault.TOO_LARGE}
    if not can_read_videos():
        return {"fault": Fault.NO_VIDEO_DECODER}
    seconds = limits.VIDEO_DEADLINE_SECONDS if within_seconds is None else within_seconds
    try:
        facts, _payload = pool("video").ask({"do": "fingerprint"}, data, seconds, meanwhile)
    except Undecodable as error:
        return {"fault": error.fault}
    if facts.get("fault") == Fault.TOO_SLOW and seconds < limits.FAIR_SECONDS:
        raise DecoderUnavailable(f"only {seconds:.1f} s were left for this file")
    return facts


@cache
def can_read_videos() -> bool:
    """Whether the extra `video` is installed."""
    return find_spec("av") is not None


def _check_hex(name: str, value: str, length: int) -> None:
    if value and (len(value) != length or set(value) - set("0123456789abcdef")):
        raise ValueError(f"{name} is written in {length} lower-case hexadecimal digits")
