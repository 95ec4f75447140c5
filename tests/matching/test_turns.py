"""A picture's rotations and flips, from its hash alone."""

import csv
from pathlib import Path

import numpy as np
import pdqhash
from PIL import Image

from answerable.matching.turns import turned


def hash_of(pixels: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    """PDQ by the reference."""
    return np.packbits(pdqhash.compute(np.ascontiguousarray(pixels))[0])


def test_every_turn_of_a_photo_is_within_a_match(vectors: Path) -> None:
    """On the reference's photos; the bits that differ lie between 0 and the median."""
    with (vectors / "pdq" / "expected.csv").open() as table:
        names = [row["file"] for row in csv.DictReader(table) if row["file"].startswith("bridge")]
    assert len(names) == 8
    for name in names[:2]:
        image = Image.open(vectors / "pdq" / name).convert("RGB")
        image.thumbnail((640, 640))
        pixels = np.asarray(image)
        (turns,) = turned([hash_of(pixels).tobytes()])
        assert turns[0].tobytes() == hash_of(pixels).tobytes()
        for flip in range(2):
            for quarter in range(4):
                shown = np.rot90(pixels[:, ::-1] if flip else pixels, quarter)
                bits = [int(np.unpackbits(turn ^ hash_of(shown)).sum()) for turn in turns]
                assert min(bits) <= 20, (name, flip, quarter)


def test_the_turns_of_a_hash_are_eight_that_lie_far_apart() -> None:
    hash_ = np.random.default_rng(3).integers(0, 256, 32, dtype=np.uint8).tobytes()
    (turns,) = turned([hash_])
    assert turns.shape == (8, 32)
    apart = [int(np.unpackbits(a ^ b).sum()) for i, a in enumerate(turns) for b in turns[:i]]
    assert min(apart) > 60
