"""Fingerprints of media: exact hashes of the file, and the PDQ hash of the picture that people see."""

import hashlib
from dataclasses import dataclass
from typing import Any

from answerable.media import limits
from answerable.media.errors import Fault, Undecodable
from answerable.media.frames import Frame
from answerable.media.pool import pool

_CONTAINERS = (
    (4, b"ftypqt", "video/quicktime"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (0, b"OggS", "video/ogg"),
    (0, b"%PDF-", "application/pdf"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprints:
    """What is known of one file. Who has hashes only fills what they have.

    sha256, md5: lower-case hex of the whole file, or empty where not known.
    pdq: 32 bytes, the first frame as shown; None where no picture could be read.
    pdq_quality: 0 to 100; below 50 the hash says too little to be searched.
    pdq_dihedral: the PDQ of all eight rotations and flips of that picture, `pdq` first; empty where not known.
    frames: the distinct frames of an animation or a video, the first included; empty for a still.
    width, height: pixels, as shown. size: bytes.
    fault: why there is no PDQ, or what is damaged though there is one.
    """

    sha256: str = ""
    md5: str = ""
    pdq: bytes | None = None
    pdq_quality: int | None = None
    pdq_dihedral: tuple[bytes, ...] = ()
    frames: tuple[Frame, ...] = ()
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
        """An image of which no picture could be read, so that nothing is known of what it shows."""
        return self.fault is not None and self.pdq is None and self.media_type.startswith("image/")


def fingerprint(data: bytes, *, within_seconds: float | None = None) -> Fingerprints:
    """All fingerprints of one file, by its bytes alone (names and declared types are not believed).

    A file that can't be read has its exact hashes, no PDQ, and a `fault` that says why. Raises
    DecoderUnavailable when no decoder answered, or `within_seconds` (waiting included) was too short to blame
    the file: that says nothing about it, so try again.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    facts = _read(data, within_seconds)
    pdq = facts.get("pdq")
    return Fingerprints(
        sha256=sha256,
        md5=md5,
        pdq=bytes.fromhex(pdq) if pdq else None,
        pdq_quality=facts.get("pdq_quality"),
        media_type=facts.get("media_type") or media_type_of(data),
        width=facts.get("width"),
        height=facts.get("height"),
        size=len(data),
        fault=Fault(facts["fault"]) if facts.get("fault") else None,
    )


def media_type_of(data: bytes) -> str:
    """The media type by the first bytes, for files that the decoder did not name."""
    image = _image_type_of(data)
    if image:
        return image
    for offset, magic, media_type in _CONTAINERS:
        if data[offset : offset + len(magic)] == magic:
            return media_type
    return "application/octet-stream"


def _image_type_of(data: bytes) -> str:
    head = data[:16]
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        if brand in (b"avif", b"avis"):
            return "image/avif"
        return (
            "image/heif" if brand in (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1") else ""
        )
    if head[:4] == b"RIFF":
        return "image/webp" if head[8:12] == b"WEBP" else ""
    for magic, media_type in (
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"II*\x00", "image/tiff"),
        (b"MM\x00*", "image/tiff"),
    ):
        if head.startswith(magic):
            return media_type
    return ""


def _read(data: bytes, within_seconds: float | None) -> dict[str, Any]:
    if not data:
        return {"fault": Fault.EMPTY}
    if len(data) > limits.MAX_IMAGE_BYTES:
        return {"fault": Fault.TOO_LARGE}
    try:
        facts, _payload = pool().ask({"do": "fingerprint"}, data, within_seconds)
    except Undecodable as error:
        return {"fault": error.fault}
    return facts


def _check_hex(name: str, value: str, length: int) -> None:
    if value and (len(value) != length or set(value) - set("0123456789abcdef")):
        raise ValueError(f"{name} is written in {length} lower-case hexadecimal digits")
