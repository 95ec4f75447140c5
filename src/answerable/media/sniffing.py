"""What a file is, by its first bytes: names and declared types are not believed."""

from typing import Final, NamedTuple

MOV: Final = "mov"
MATROSKA: Final = "matroska"
_ATOMS: Final = frozenset(
    {b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"uuid", b"moof", b"styp", b"sidx"}
)
"""Browsers play an MP4 that begins with any of these, without a file type."""
_MAGIC: Final = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"%PDF-", "application/pdf"),
)


class Container(NamedTuple):
    """A file of streams: its media type, and which of our demuxers reads it (empty: none does)."""

    media_type: str
    demuxer: str


def media_type_of(data: bytes) -> str:
    """The media type by the first bytes, for files that no decoder named."""
    plain = _plain_type_of(data)
    if plain:
        return plain
    container = container_of(data)
    if container is not None:
        return container.media_type
    if data[4:8] == b"ftyp":
        return "image/avif" if data[8:12] in (b"avif", b"avis") else "image/heif"
    return "application/octet-stream"


def _plain_type_of(data: bytes) -> str:
    """The type of what needs no look into its parts."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((media_type for magic, media_type in _MAGIC if data.startswith(magic)), "")


def container_of(data: bytes) -> Container | None:
    """Whether it is a video (or sound in the same wrapping), and of which kind; None for everything else."""
    if _plain_type_of(data):
        return None
    kind, brand = data[4:8], data[8:12]
    if kind == b"ftyp":
        return None if brand in _IMAGE_BRANDS else Container(_MP4_TYPES.get(brand, "video/mp4"), MOV)
    if kind in _ATOMS:
        return Container("video/quicktime", MOV)
    if data[:4] == b"\x1aE\xdf\xa3":
        return Container("video/x-matroska" if b"matroska" in data[:64] else "video/webm", MATROSKA)
    if data[:4] == b"OggS":
        moving = b"\x80theora" in data[:4096]
        return Container("video/ogg" if moving else "audio/ogg", "")
    for media_type, offset, magic in _UNREAD:
        if data[offset : offset + len(magic)] == magic:
            return Container(media_type, "")
    if data[:1] == b"\x47" and data[188:189] == b"\x47" and data[376:377] == b"\x47":
        return Container("video/mp2t", "")
    return None


_IMAGE_BRANDS: Final = frozenset(
    {b"avif", b"avis", b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"}
)
_MP4_TYPES: Final = {b"qt  ": "video/quicktime", b"M4A ": "audio/mp4", b"M4B ": "audio/mp4"}
_UNREAD: Final = (
    ("video/x-msvideo", 8, b"AVI "),
    ("video/x-flv", 0, b"FLV\x01"),
    ("video/x-ms-asf", 0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),
    ("video/mpeg", 0, b"\x00\x00\x01\xba"),
    ("video/mpeg", 0, b"\x00\x00\x01\xb3"),
)
"""Videos that are recognised and not read: every further format is a further parser to attack."""
