"""Previews: what a reviewer sees is drawn by us, without metadata, and blurred for good."""

import io

import numpy as np
import pytest
from PIL import Image

from answerable.media import Fault, Undecodable, preview
from tests.media.pictures import encoded, landscape


def opened(jpeg: bytes) -> Image.Image:
    """The preview as a browser would read it."""
    return Image.open(io.BytesIO(jpeg))


def test_it_is_a_fresh_jpeg_of_at_most_1200_pixels_a_side() -> None:
    image = opened(preview(encoded(landscape(2000, 900)), False))
    assert (image.format, image.size) == ("JPEG", (1200, 540))


def test_a_small_picture_keeps_its_size() -> None:
    assert opened(preview(encoded(landscape(90, 60)), False)).size == (90, 60)


def test_metadata_stay_behind() -> None:
    exif = Image.Exif()
    exif[0x010E] = "where it was taken"
    data = encoded(landscape(), "JPEG", exif=exif.tobytes(), comment=b"a name", icc_profile=b"profile")
    jpeg = preview(data, False)
    image = opened(jpeg)
    assert not image.getexif()
    assert not {"comment", "icc_profile", "exif"} & set(image.info)
    assert b"where it was taken" not in jpeg
    assert b"a name" not in jpeg


def test_a_turned_picture_is_shown_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(landscape(320, 200), "JPEG", exif=exif.tobytes())
    assert opened(preview(data, False)).size == (200, 320)


def test_blurred_it_holds_no_more_than_a_dozen_pixels_a_side() -> None:
    """Two pictures that agree in their 12 x 8 means look the same blurred: nothing else is left."""
    generator = np.random.default_rng(4)
    coarse = generator.integers(40, 200, (8, 12, 3)).astype(np.int16)
    flat = np.kron(coarse, np.ones((80, 80, 1), np.int16))
    detail = generator.integers(0, 40, (40, 80 * 12 // 2, 1))
    checks = np.tile([[[1], [-1]], [[-1], [1]]], (320, 480, 1)) * np.repeat(
        np.repeat(np.resize(detail, (320, 480, 1)), 2, 0), 2, 1
    )
    plain = preview(encoded(Image.fromarray(flat.astype(np.uint8))), True)
    busy = preview(encoded(Image.fromarray((flat + checks).astype(np.uint8))), True)
    gap = np.abs(np.asarray(opened(plain)).astype(int) - np.asarray(opened(busy)).astype(int))
    assert gap.max() <= 6


def test_grayscale_has_no_colour() -> None:
    assert opened(preview(encoded(landscape()), False, grayscale=True)).mode == "L"


@pytest.mark.parametrize("blurred", [True, False])
def test_what_is_no_image_has_no_preview(blurred: bool) -> None:
    with pytest.raises(Undecodable) as caught:
        preview(b"not a picture", blurred)
    assert caught.value.fault is Fault.NOT_AN_IMAGE
    assert "not an image" in str(caught.value)


def test_an_empty_file_has_no_preview() -> None:
    with pytest.raises(Undecodable, match="no bytes"):
        preview(b"", True)


def test_a_picture_of_one_pixel_line_can_be_blurred() -> None:
    assert opened(preview(encoded(landscape(1000, 1)), True)).size == (1000, 1)
