"""Hashing from a file: the reference's bits from less than all pixels, and what the reference is blind to."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from answerable.media import Fingerprints, fingerprint, limits, opening
from answerable.media.hashing import hashed, safe_scales
from tests.media.pictures import distance, encoded, landscape
from tests.media.test_pdq import drawn, reference

MATCH_BITS = 31
SIDEWAYS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@pytest.fixture(scope="module", autouse=True)
def parsers() -> None:
    """The decoder's parsers, in this process: these files are our own."""
    opening.prepare()


@pytest.fixture(scope="module")
def plain() -> Fingerprints:
    """The fingerprints of the landscape as it is."""
    return fingerprint(encoded(landscape()))


def again(data: bytes) -> Image.Image:
    """The file opened."""
    return Image.open(io.BytesIO(data))


def apart(data: bytes) -> tuple[int, int]:
    """Bits between our hash of a JPEG and the reference's of all its pixels, and the reference's quality."""
    pixels = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    expected, quality = reference(pixels)
    return distance(hashed(again(data), lambda: again(data)).turns[0], expected), quality


def photo(chance: np.random.Generator, width: int, height: int) -> Image.Image:
    """As a camera or an app would leave it: enlarged or not, with grain, sharpened or blurred."""
    small = int(chance.integers(2, 5))
    picture = landscape(max(8, width // small), max(8, height // small), int(chance.integers(1 << 30)))
    picture = picture.resize((width, height), Image.Resampling.BICUBIC)
    match int(chance.integers(3)):
        case 0:
            grain = chance.normal(0, chance.uniform(2, 15), (height, width, 1))
            picture = Image.fromarray(np.clip(np.asarray(picture) + grain, 0, 255).astype(np.uint8))
        case 1:
            picture = picture.filter(ImageFilter.UnsharpMask(3, int(chance.integers(50, 250)), 0))
        case _:
            picture = picture.filter(ImageFilter.GaussianBlur(float(chance.uniform(0, 3))))
    return picture


def jpeg(chance: np.random.Generator, picture: Image.Image) -> bytes:
    """With any quality, any sampling of colour, baseline or progressive."""
    return encoded(
        picture,
        "JPEG",
        quality=int(chance.integers(40, 97)),
        subsampling=int(chance.integers(3)),
        progressive=bool(chance.integers(2)),
    )


def test_a_jpeg_decoded_no_finer_than_needed_has_the_references_bits() -> None:
    chance = np.random.default_rng(40)
    scales = set()
    shapes = [(int(w), int(h)) for w, h in chance.integers(64, 900, (50, 2))]
    shapes += [
        (1024, 1100),
        (1025, 1031),
        (1600, 1004),
        (1501, 1200),
        (2048, 1900),
        (1999, 2177),
        (4096, 3972),
    ]
    for width, height in shapes:
        scales.add(max(safe_scales(width, height), default=1))
        bits, quality = apart(jpeg(chance, photo(chance, width, height)))
        if quality >= limits.SEARCHABLE_QUALITY:
            assert bits <= 2, (width, height)
    assert scales == {1, 2, 4, 8}


def test_where_bits_are_in_doubt_all_pixels_are_read() -> None:
    """Pure noise and drawings: their bits hang on single pixels."""
    chance = np.random.default_rng(41)
    for _ in range(12):
        pixels = drawn(chance, *(int(side) for side in chance.integers(700, 1300, 2)))
        bits, quality = apart(encoded(Image.fromarray(pixels), "JPEG", quality=int(chance.integers(50, 95))))
        if quality >= limits.SEARCHABLE_QUALITY:
            assert bits <= 2, pixels.shape


def test_the_vectors_enlarged_have_the_references_bits(vectors: Path) -> None:
    for name in ("aaa-orig.jpg", "bridge-5-flipx.jpg", "sharpen-a-lot.jpg", "high-contrast.jpg"):
        whole = Image.open(vectors / "pdq" / name).convert("RGB")
        for size in ((1600, 1004), (1024, 1024)):
            data = encoded(whole.resize(size, Image.Resampling.BICUBIC), "JPEG", quality=85)
            assert apart(data)[0] <= 2, (name, size)


@pytest.mark.parametrize(
    ("width", "height", "scales"),
    [
        (5, 5, ()),
        (512, 512, ()),
        (896, 4000, ()),
        (897, 900, (2,)),
        (1600, 1004, (2,)),
        (4000, 3000, (4, 2)),
        (8000, 5000, (8, 4, 2)),
    ],
)
def test_the_scales_follow_from_the_shorter_side(width: int, height: int, scales: tuple[int, ...]) -> None:
    assert safe_scales(width, height) == safe_scales(height, width) == scales


def test_a_jpeg_stored_in_red_green_and_blue_has_the_references_bits() -> None:
    for size in ((640, 480), (1200, 1000)):
        data = encoded(landscape(*size), "JPEG", quality=90, keep_rgb=True)
        assert apart(data)[0] <= 2


def test_a_grey_jpeg_has_the_references_bits() -> None:
    assert apart(encoded(landscape(1200, 1000).convert("L"), "JPEG", quality=80))[0] <= 2


@pytest.mark.parametrize("size", [(320, 200), (1210, 931)])
def test_orientation_is_applied_to_what_was_decoded_coarsely(size: tuple[int, int]) -> None:
    shown = landscape(*size)
    upright = fingerprint(encoded(shown, "JPEG", quality=92))
    back = {6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
    for orientation, turn in SIDEWAYS.items():
        exif = Image.Exif()
        exif[0x0112] = orientation
        stored = shown.transpose(back.get(orientation, turn))
        prints = fingerprint(encoded(stored, "JPEG", quality=92, exif=exif.tobytes()))
        assert (prints.width, prints.height) == size
        assert distance(prints.pdq, upright.pdq) <= 10, orientation


@pytest.mark.parametrize("turn", SIDEWAYS.values(), ids=lambda turn: turn.name.lower())
def test_a_rotated_or_mirrored_copy_is_found_by_one_of_the_eight(
    turn: Image.Transpose, plain: Fingerprints
) -> None:
    copy = fingerprint(encoded(landscape().transpose(turn), "JPEG", quality=85))
    assert len(copy.pdq_dihedral) == 8
    assert copy.pdq_dihedral[0] == copy.pdq
    assert distance(copy.pdq, plain.pdq) > MATCH_BITS
    assert min(distance(hash_, plain.pdq) for hash_ in copy.pdq_dihedral) <= 10


def translucent() -> Image.Image:
    """The landscape, a little see-through, on white."""
    picture = landscape().convert("RGBA")
    picture.putalpha(Image.linear_gradient("L").resize(picture.size).point(lambda value: 128 + value // 2))
    return picture


BLIND_SPOTS = {
    "cmyk": lambda: encoded(landscape().convert("CMYK"), "JPEG", quality=90),
    "cmyk tiff": lambda: encoded(landscape().convert("CMYK"), "TIFF"),
    "palette": lambda: encoded(landscape().quantize(32)),
    "palette with transparency": lambda: encoded(landscape().quantize(32), transparency=3),
    "one bit": lambda: encoded(landscape().convert("1")),
    "one bit tiff": lambda: encoded(landscape().convert("1"), "TIFF", compression="group4"),
    "16 bit": lambda: encoded(Image.fromarray(np.asarray(landscape().convert("L")).astype(np.uint16) * 257)),
    "16 bit tiff": lambda: encoded(
        Image.fromarray(np.asarray(landscape().convert("L")).astype(np.uint16) * 257), "TIFF"
    ),
    "32 bit float": lambda: encoded(
        Image.fromarray(np.asarray(landscape().convert("L"), np.float32)), "TIFF"
    ),
    "grey": lambda: encoded(landscape().convert("L")),
    "grey with alpha": lambda: encoded(landscape().convert("LA")),
    "alpha": lambda: encoded(translucent()),
    "alpha webp": lambda: encoded(translucent(), "WEBP"),
    "animated gif": lambda: moving("GIF"),
    "animated webp": lambda: moving("WEBP"),
    "animated png": lambda: moving("PNG"),
    "animated avif": lambda: moving("AVIF"),
    "an icc profile that is none": lambda: encoded(landscape(), "JPEG", icc_profile=b"not a profile" * 20),
    "a multi-picture jpeg": lambda: encoded(
        landscape(), "MPO", save_all=True, append_images=[landscape(seed=7)]
    ),
    "a truncated jpeg": lambda: encoded(landscape(), "JPEG")[:-300],
}


def moving(format: str) -> bytes:
    """An animation that begins with two others and shows the landscape third."""
    others = [landscape(seed=seed) for seed in (11, 12, 1, 13)]
    return encoded(others[0], format, save_all=True, append_images=others[1:], duration=500, loop=0)


@pytest.mark.parametrize("how", BLIND_SPOTS)
def test_what_the_reference_is_blind_to_is_matched(how: str, plain: Fingerprints) -> None:
    prints = fingerprint(BLIND_SPOTS[how]())
    hashes = [*prints.pdq_dihedral, *(frame.pdq for frame in prints.frames)]
    assert min(distance(hash_, plain.pdq) for hash_ in hashes) <= MATCH_BITS
    assert prints.pdq_quality is not None
    assert prints.pdq_quality >= limits.SEARCHABLE_QUALITY


def test_every_kind_of_drawing_has_the_references_bits_as_png() -> None:
    chance = np.random.default_rng(42)
    for _ in range(60):
        pixels = drawn(chance, *(int(side) for side in chance.integers(20, 400, 2)))
        expected, quality = reference(pixels)
        found = hashed(Image.open(io.BytesIO(encoded(Image.fromarray(pixels)))))
        if quality >= limits.SEARCHABLE_QUALITY:
            assert distance(found.turns[0], expected) <= 2
