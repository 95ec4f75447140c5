"""The PDQ kernel: the reference's bits on the same pixels, whatever the size, the turn and the instruction set."""

import numpy as np
import pdqhash
import pytest
from numpy.typing import NDArray

from answerable import _native
from answerable.media import limits
from tests.media.pictures import distance, landscape

Pixels = NDArray[np.uint8]


def reference(pixels: Pixels) -> tuple[bytes, int]:
    """Hash and quality by pdqhash, which binds Meta's own code."""
    bits, quality = pdqhash.compute(np.ascontiguousarray(pixels))
    return np.packbits(bits).tobytes(), int(quality)


def drawn(chance: np.random.Generator, height: int, width: int) -> Pixels:
    """Noise, blots, stripes, hills or hard edges, of any contrast."""
    kind = int(chance.integers(5))
    if kind == 0:
        return chance.integers(0, 256, (height, width, 3), dtype=np.uint8)
    if kind == 1:
        return np.asarray(landscape(width, height, int(chance.integers(1 << 30))))
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    rows, columns = rows / height, columns / width
    canvas = np.zeros((height, width, 3), np.float32)
    for _ in range(int(chance.integers(2, 9))):
        colour = chance.uniform(-120, 120, 3).astype(np.float32)
        y, x = chance.uniform(0, 1, 2)
        if kind == 2:
            shape = np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / chance.uniform(0.001, 0.1))
        elif kind == 3:
            shape = np.sin(chance.uniform(5, 60) * rows + chance.uniform(5, 60) * columns)
        else:
            shape = (rows * chance.uniform(-1, 1) + columns * chance.uniform(-1, 1) > x - y).astype(
                np.float32
            )
        canvas += shape[..., None] * colour
    return np.clip(canvas + 128 + chance.normal(0, 6, canvas.shape), 0, 255).astype(np.uint8)


def sizes(chance: np.random.Generator, count: int) -> list[tuple[int, int]]:
    """Every size from 5 to 130 once in each direction, then thin ones, then any."""
    made = [(side, int(chance.integers(5, 131))) for side in range(5, 131)]
    made += [(width, height) for height, width in made]
    made += [(5, 2000), (2000, 5), (7, 4097), (3001, 9), (64, 64), (128, 128), (129, 257), (1003, 1601)]
    made += [(int(chance.integers(5, 300)), int(chance.integers(5, 300))) for _ in range(count - len(made))]
    return made


def test_thousands_of_generated_pictures_have_the_references_bits() -> None:
    chance = np.random.default_rng(30)
    apart, qualities = [], []
    for height, width in sizes(chance, 2500):
        if {8, 16} & {height, width}:
            continue  # below
        pixels = drawn(chance, height, width)
        expected, expected_quality = reference(pixels)
        hashes, quality, _ = _native.pdq_of_rgb(pixels)
        qualities.append(abs(quality - expected_quality))
        if expected_quality >= limits.SEARCHABLE_QUALITY:
            apart.append(distance(hashes[0], expected))
    assert len(apart) > 2000
    assert max(apart) <= 2
    assert sum(bits > 0 for bits in apart) <= len(apart) // 100, "almost all are the same to the bit"
    assert max(qualities) <= 1


def test_with_a_side_of_8_or_16_pixels_one_frequency_is_rounding_noise() -> None:
    """Each pixel is read 8 (4) times, and the 16th cosine cancels over them: its 16 bits hold nothing."""
    chance = np.random.default_rng(31)
    for side in (8, 16):
        for other in (20, 90, 300):
            pixels = drawn(chance, side, other)
            assert distance(_native.pdq_of_rgb(pixels)[0][0], reference(pixels)[0]) <= 24


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (4, 4), (4, 900), (900, 4)])
def test_what_the_reference_hashes_not_has_no_quality(shape: tuple[int, int]) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    hashes, quality, _ = _native.pdq_of_rgb(pixels)
    assert reference(pixels) == (hashes[0], quality) == (bytes(32), 0)


def test_a_very_long_picture_has_the_references_bits() -> None:
    """Its weights are too many to be kept."""
    pixels = drawn(np.random.default_rng(4), 6, 40_000)
    assert distance(_native.pdq_of_rgb(pixels)[0][0], reference(pixels)[0]) <= 2


def test_every_instruction_set_gives_the_same_bits() -> None:
    chance = np.random.default_rng(5)
    assert _native.pdq_variants()[-1] == "portable"
    for height, width in [*sizes(chance, 0)[::9], (1003, 1601), (37, 20_011)]:
        pixels = drawn(chance, height, width)
        for plane in (pixels[..., 1].copy(), pixels[..., 1].astype(np.float32)):
            answers = {str(_native.pdq_of_luma(plane, variant=name)) for name in _native.pdq_variants()}
            assert len(answers) == 1
        assert len({str(_native.pdq_of_rgb(pixels, variant=name)) for name in _native.pdq_variants()}) == 1
    with pytest.raises(ValueError, match="no such variant"):
        _native.pdq_of_rgb(pixels, variant="abacus")


def turned(pixels: Pixels) -> list[Pixels]:
    """The eight turns, in the reference's order."""
    flipped = pixels.transpose(1, 0, 2)
    return [
        pixels,
        np.rot90(pixels, 1),
        np.rot90(pixels, 2),
        np.rot90(pixels, 3),
        pixels[::-1],
        pixels[:, ::-1],
        flipped,
        np.rot90(flipped, 2),
    ]


def test_the_eight_hashes_are_those_of_the_turned_pictures() -> None:
    chance = np.random.default_rng(6)
    for _ in range(60):
        pixels = drawn(chance, *(int(side) for side in chance.integers(20, 400, 2)))
        hashes, *_ = _native.pdq_of_rgb(pixels)
        for hashed, picture in zip(hashes, turned(pixels), strict=True):
            assert distance(hashed, reference(picture)[0]) <= 2
        assert _native.pdq_of_rgb(pixels, turns=False)[0] == hashes[:1]


def test_their_order_is_the_references() -> None:
    """Whose shortcut is near only: it takes samples to lie symmetrically."""
    pixels = np.asarray(landscape(640, 512))
    hashes, *_ = _native.pdq_of_rgb(pixels)
    expected = [np.packbits(bits).tobytes() for bits in pdqhash.compute_dihedral(pixels)[0]]
    assert all(distance(*pair) <= 31 for pair in zip(hashes, expected, strict=True))


def test_an_orientation_hashes_what_is_shown_to_the_bit() -> None:
    chance = np.random.default_rng(7)
    shown = {1: 0, 2: 5, 3: 2, 4: 4, 5: 6, 6: 3, 7: 7, 8: 1}
    for orientation, turn in shown.items():
        pixels = drawn(chance, int(chance.integers(70, 400)), int(chance.integers(70, 400)))
        hashes, quality, _ = _native.pdq_of_rgb(pixels, orientation=orientation)
        expected, expected_quality = reference(turned(pixels)[turn])
        assert distance(hashes[0], expected) <= 2, orientation
        straight, *_ = _native.pdq_of_rgb(np.ascontiguousarray(turned(pixels)[turn]))
        assert [distance(*pair) <= 2 for pair in zip(hashes, straight, strict=True)] == [True] * 8
        assert abs(quality - expected_quality) <= 1
    with pytest.raises(ValueError, match="one of 1 to 8"):
        _native.pdq_of_rgb(pixels, orientation=9)


def test_a_plane_of_means_hashes_like_the_picture() -> None:
    """The weights are summed over each block; the last may be cut by the edge."""
    chance = np.random.default_rng(8)
    for scale, times in ((2, 5), (4, 1)):
        for _ in range(times):
            height, width = (int(side) for side in chance.integers(500 * scale, 512 * scale, 2))
            drawing = landscape(width, height, int(chance.integers(1 << 30)))
            plane = np.asarray(drawing)[..., 0].astype(np.float32)
            rows, columns = np.arange(0, height, scale), np.arange(0, width, scale)
            sums = np.add.reduceat(np.add.reduceat(plane, rows, axis=0), columns, axis=1)
            counts = np.minimum(scale, height - rows)[:, None] * np.minimum(scale, width - columns)[None, :]
            small = (sums / counts).astype(np.float32)
            hashes, *_ = _native.pdq_of_luma(small, height, width, scale)
            assert distance(hashes[0], _native.pdq_of_luma(plane)[0][0]) <= 2


def test_planes_are_taken_as_they_lie_in_memory() -> None:
    wide = np.ascontiguousarray(landscape(400, 300).convert("L"))
    part = wide[10:200, 30:330]
    assert _native.pdq_of_luma(part) == _native.pdq_of_luma(part.copy())
    assert _native.pdq_of_luma(wide[::-1]) == _native.pdq_of_luma(wide[::-1].copy())
    assert _native.pdq_of_luma(wide[::2]) == _native.pdq_of_luma(wide[::2].copy())
    wide.setflags(write=False)
    assert _native.pdq_of_luma(wide)[1] > 0


def test_what_does_not_fit_together_is_refused() -> None:
    plane = np.zeros((100, 80), np.uint8)
    with pytest.raises(ValueError, match="side by side"):
        _native.pdq_of_luma(plane[:, ::2])
    with pytest.raises(ValueError, match="height and width"):
        _native.pdq_of_luma(plane, 800, 641, 8)
    with pytest.raises(ValueError, match="height and width"):
        _native.pdq_of_luma(plane, 100, 0)
    with pytest.raises(ValueError, match="1, 2, 4 or 8"):
        _native.pdq_of_luma(plane, 300, 240, 3)
    with pytest.raises(ValueError, match="red, green, blue"):
        _native.pdq_of_rgb(np.zeros((9, 9, 4), np.uint8))
    with pytest.raises(ValueError, match="height and width"):
        _native.pdq_of_rgb(np.zeros((9, 9, 3), np.uint8), 19, 18, 2)
    for wrong in (np.zeros((9, 9), np.int16), np.zeros((9, 9, 3), np.uint8), np.zeros(9, np.uint8)):
        with pytest.raises(TypeError):
            _native.pdq_of_luma(wrong)
    assert _native.pdq_of_luma(np.zeros((0, 0), np.uint8))[1] == 0


def test_numbers_that_are_none_end_in_a_hash() -> None:
    plane = np.full((90, 90), np.nan, np.float32)
    plane[:40] = np.inf
    plane[3] = -np.inf
    assert _native.pdq_of_luma(plane)[1] == 0
    assert 0 <= _native.pdq_of_luma(np.full((90, 90), 3e38, np.float32))[1] <= 100


def test_brightness_and_contrast_move_no_bit() -> None:
    """So a video's luma serves as it is, whatever its range."""
    plane = np.asarray(landscape(333, 222).convert("L")).astype(np.float32)
    assert distance(_native.pdq_of_luma(plane * 0.5 + 16)[0][0], _native.pdq_of_luma(plane)[0][0]) <= 2


def test_noise_within_the_margin_moves_two_bits_at_most() -> None:
    chance = np.random.default_rng(9)
    for _ in range(200):
        plane = drawn(chance, 64, 64)[..., 0].astype(np.float32)
        hashes, _quality, margin = _native.pdq_of_luma(plane)
        noise = chance.normal(0, 1, (64, 64)).astype(np.float32)
        noise *= (
            margin / 2 / np.linalg.norm(noise)
        )  # no coefficient moves by more than the whole noise's norm
        assert distance(_native.pdq_of_luma(plane + noise)[0][0], hashes[0]) <= 2
