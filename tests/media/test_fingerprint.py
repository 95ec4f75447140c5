"""Fingerprints: the reference's bits, what people see, and every kind of bad file named."""

import csv
import hashlib
import random
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from answerable.media import Fault, fingerprint
from answerable.media.fingerprint import Fingerprints, media_type_of
from tests.media.pictures import distance, encoded, landscape


@pytest.fixture(scope="module")
def plain() -> Fingerprints:
    """The fingerprints of the landscape as it is."""
    return fingerprint(encoded(landscape()))


def test_the_reference_vectors_are_reproduced(vectors: Path) -> None:
    """Decoded as coarsely as is safe, against the reference's hash of every pixel."""
    with (vectors / "pdq" / "expected.csv").open() as table:
        rows = list(csv.DictReader(table))
    assert len(rows) == 15
    for row in rows:
        prints = fingerprint((vectors / "pdq" / row["file"]).read_bytes())
        assert distance(prints.pdq, bytes.fromhex(row["pdq"])) <= 2, row["file"]
        assert prints.pdq_quality == int(row["quality"])
        assert prints.frames == ()


def test_the_exact_hashes_are_of_the_whole_file() -> None:
    data = encoded(landscape())
    prints = fingerprint(data)
    assert prints.sha256 == hashlib.sha256(data).hexdigest()
    assert prints.md5 == hashlib.md5(data).hexdigest()
    assert (prints.media_type, prints.width, prints.height, prints.size) == ("image/png", 320, 200, len(data))
    assert prints.fault is None


@pytest.mark.parametrize(
    ("format", "media_type"),
    [
        ("JPEG", "image/jpeg"),
        ("GIF", "image/gif"),
        ("WEBP", "image/webp"),
        ("BMP", "image/bmp"),
        ("TIFF", "image/tiff"),
        ("AVIF", "image/avif"),
    ],
)
def test_the_same_picture_in_another_format_is_near(
    format: str, media_type: str, plain: Fingerprints
) -> None:
    prints = fingerprint(encoded(landscape(), format))
    assert prints.media_type == media_type
    assert prints.fault is None
    assert distance(prints.pdq, plain.pdq) <= 10


def test_a_phones_heic_is_read(plain: Fingerprints) -> None:
    prints = fingerprint(Path(__file__).with_name("landscape.heic").read_bytes())
    assert (prints.media_type, prints.width, prints.height) == ("image/heif", 320, 200)
    assert prints.fault is None
    assert distance(prints.pdq, plain.pdq) <= 10


def test_a_picture_turned_by_its_exif_is_seen_upright(plain: Fingerprints) -> None:
    for orientation in range(1, 9):
        stored = landscape()
        back = {
            2: Image.Transpose.FLIP_LEFT_RIGHT,
            3: Image.Transpose.ROTATE_180,
            4: Image.Transpose.FLIP_TOP_BOTTOM,
            5: Image.Transpose.TRANSPOSE,
            6: Image.Transpose.ROTATE_90,
            7: Image.Transpose.TRANSVERSE,
            8: Image.Transpose.ROTATE_270,
        }.get(orientation)
        stored = stored if back is None else stored.transpose(back)
        exif = Image.Exif()
        exif[0x0112] = orientation
        prints = fingerprint(encoded(stored, "JPEG", quality=95, exif=exif.tobytes()))
        assert distance(prints.pdq, plain.pdq) <= 10, orientation
        assert (prints.width, prints.height) == (320, 200)


def test_a_cmyk_jpeg_is_near_the_original(plain: Fingerprints) -> None:
    prints = fingerprint(encoded(landscape().convert("CMYK"), "JPEG", quality=95))
    assert distance(prints.pdq, plain.pdq) <= 10


def test_a_palette_picture_is_near_the_original(plain: Fingerprints) -> None:
    prints = fingerprint(encoded(landscape().quantize(64)))
    assert distance(prints.pdq, plain.pdq) <= 16


def test_a_16_bit_png_is_near_the_original() -> None:
    grey = landscape().convert("L")
    deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    prints = fingerprint(encoded(deep))
    assert distance(prints.pdq, fingerprint(encoded(grey)).pdq) <= 2


def test_what_is_transparent_stands_on_white(plain: Fingerprints) -> None:
    hidden = Image.fromarray(np.random.default_rng(5).integers(0, 255, (200, 320, 3)).astype(np.uint8))
    mask = Image.new("L", (320, 200), 0)
    drawn = Image.composite(landscape(), hidden, Image.new("L", (320, 200), 255))
    drawn.putalpha(255)
    assert distance(fingerprint(encoded(drawn)).pdq, plain.pdq) <= 2
    hidden.putalpha(mask)
    assert fingerprint(encoded(hidden)).pdq_quality == 0


def test_a_flat_picture_is_not_searched() -> None:
    prints = fingerprint(encoded(Image.new("RGB", (100, 100), (9, 9, 9))))
    assert prints.pdq_quality == 0
    assert prints.searchable_pdq is None


def test_a_mislabelled_file_is_known_by_its_bytes(plain: Fingerprints) -> None:
    """Names and declared types are no argument at all: a PNG called .jpg is read as the PNG that it is."""
    assert fingerprint(encoded(landscape())) == plain


def test_no_bytes_are_refused_by_name() -> None:
    prints = fingerprint(b"")
    assert (prints.fault, prints.pdq, prints.size) == (Fault.EMPTY, None, 0)
    assert prints.sha256 == hashlib.sha256(b"").hexdigest()


def test_text_named_jpg_is_refused_by_name() -> None:
    prints = fingerprint(b"This is not a picture at all.\n" * 20)
    assert (prints.fault, prints.pdq) == (Fault.NOT_AN_IMAGE, None)
    assert not prints.unreadable_image


def test_random_bytes_are_refused_by_name() -> None:
    prints = fingerprint(random.Random(3).randbytes(10_000))
    assert (prints.fault, prints.pdq) == (Fault.NOT_AN_IMAGE, None)


def test_a_jpeg_head_and_then_nothing_is_an_unreadable_image() -> None:
    prints = fingerprint(b"\xff\xd8\xff\xe0" + b"\x00" * 400)
    assert prints.pdq is None
    assert prints.fault is not None
    assert prints.unreadable_image


def test_a_truncated_jpeg_is_named_and_still_found(plain: Fingerprints) -> None:
    whole = encoded(landscape(800, 600), "JPEG", quality=90)
    prints = fingerprint(whole[:-200])
    assert prints.fault is Fault.TRUNCATED
    assert distance(prints.pdq, fingerprint(whole).pdq) <= 31, "a few bytes cut must not hide a known image"


def test_a_jpeg_cut_in_its_head_has_no_pdq() -> None:
    prints = fingerprint(encoded(landscape(), "JPEG")[:120])
    assert prints.pdq is None
    assert prints.fault in (Fault.TRUNCATED, Fault.MALFORMED, Fault.NOT_AN_IMAGE)


def test_a_100_megapixel_bomb_is_refused_by_its_header() -> None:
    bomb = _png(10_000, 10_000)
    assert len(bomb) < 200_000
    prints = fingerprint(bomb)
    assert prints.fault is Fault.TOO_MANY_PIXELS
    assert (prints.width, prints.height) == (10_000, 10_000)
    assert prints.unreadable_image


def test_too_many_bytes_are_not_given_to_the_decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded(landscape())
    monkeypatch.setattr("answerable.media.limits.MAX_IMAGE_BYTES", len(data) - 1)
    prints = fingerprint(data)
    assert (prints.fault, prints.media_type) == (Fault.TOO_LARGE, "image/png")


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (b"\x00\x00\x00\x18ftypmp42", "video/mp4"),
        (b"\x00\x00\x00\x14ftypqt  ", "video/quicktime"),
        (b"\x1aE\xdf\xa3\x01", "video/webm"),
        (b"\x00\x00\x00\x18ftypheic", "image/heif"),
        (b"\x00\x00\x00\x18ftypavif", "image/avif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"hello", "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
)
def test_the_media_type_is_read_from_the_first_bytes(head: bytes, media_type: str) -> None:
    assert media_type_of(head) == media_type


def test_hashes_of_the_wrong_length_are_refused() -> None:
    with pytest.raises(ValueError, match="64 lower-case"):
        Fingerprints(sha256="abc")
    with pytest.raises(ValueError, match="32 bytes"):
        Fingerprints(pdq=b"short")


def _png(width: int, height: int) -> bytes:
    """A one-bit PNG of that size, without ever holding its pixels."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    packer = zlib.compressobj(9)
    row = b"\x00" * (1 + width // 8)
    pixels = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
