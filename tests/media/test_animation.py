"""Animations: every distinct frame, as composited, within limits that follow from the file alone."""

import pytest
from PIL import Image

from answerable.media import Fault, Fingerprints, fingerprint, limits, opening
from answerable.media.images import fingerprint as in_this_process
from tests.media.pictures import distance, encoded, landscape

FORMATS = ("GIF", "WEBP", "PNG", "AVIF")


@pytest.fixture(scope="module", autouse=True)
def parsers() -> None:
    """The decoder's parsers, in this process: these files are our own."""
    opening.prepare()


def animation(format: str, pictures: list[Image.Image], **options: object) -> bytes:
    return encoded(pictures[0], format, save_all=True, append_images=pictures[1:], **options)


@pytest.mark.parametrize("format", FORMATS)
def test_every_distinct_frame_is_hashed_once_with_its_time(format: str) -> None:
    seeds = (1, 2, 2, 3, 1)
    durations = [200, 300, 100, 400, 250]
    prints = fingerprint(animation(format, [landscape(seed=seed) for seed in seeds], duration=durations))
    assert prints.fault is None
    assert [frame.at_seconds for frame in prints.frames] == [0.0, 0.2, 0.6]
    assert prints.frames[0].pdq == prints.pdq
    for frame, seed in zip(prints.frames, (1, 2, 3), strict=True):
        assert distance(frame.pdq, fingerprint(encoded(landscape(seed=seed))).pdq) <= 16
        assert frame.quality >= limits.SEARCHABLE_QUALITY


@pytest.mark.parametrize("format", FORMATS)
def test_a_still_has_no_frames(format: str) -> None:
    assert fingerprint(encoded(landscape(), format)).frames == ()


def test_frames_are_hashed_as_composited() -> None:
    """A frame that changes only a part is shown over what was before."""
    under = landscape()
    patch = under.copy()
    patch.paste((255, 255, 255), (0, 0, 160, 200))
    data = animation("GIF", [under, patch], duration=100, optimize=True)
    second = fingerprint(data).frames[1]
    assert distance(second.pdq, fingerprint(encoded(patch)).pdq) <= 16


def test_a_flat_first_frame_hides_nothing() -> None:
    flat = Image.new("RGB", (320, 200), (40, 90, 40))
    prints = fingerprint(animation("GIF", [flat, landscape()], duration=100))
    assert prints.searchable_pdq is None
    assert distance(prints.frames[1].pdq, fingerprint(encoded(landscape())).pdq) <= 16


def test_the_pages_of_a_tiff_are_hashed_whatever_their_size() -> None:
    pages = [landscape(), landscape(400, 300, 2), landscape(90, 80, 3)]
    prints = fingerprint(animation("TIFF", pages))
    assert [
        distance(f.pdq, fingerprint(encoded(p)).pdq) for f, p in zip(prints.frames, pages, strict=True)
    ] == [
        0,
        0,
        0,
    ]


def test_an_animation_with_too_many_frames_is_named_and_held(monkeypatch: pytest.MonkeyPatch) -> None:
    data = animation("GIF", [landscape(60, 40, seed) for seed in range(6)], duration=50)
    for limit, value, frames in (
        ("MAX_FRAMES", 4, 4),
        ("MAX_ANIMATION_PIXELS", 60 * 40 * 3, 3),
        ("MAX_DISTINCT_FRAMES", 2, 2),
        ("ANIMATION_CPU_SECONDS", -1.0, 1),
    ):
        with monkeypatch.context() as patched:
            patched.setattr(limits, limit, value)
            facts = in_this_process(data)
        assert facts["fault"] is Fault.TOO_MANY_FRAMES, limit
        assert len(facts["frames"]) == frames, limit
    held = Fingerprints(pdq=bytes(32), fault=Fault.TOO_MANY_FRAMES, media_type="image/gif")
    assert held.unreadable_image, "what was not looked at is not cleared"


def test_limits_stop_a_real_animation_in_its_process() -> None:
    frame = Image.new("L", (16, 16))
    others = [Image.new("L", (16, 16), number % 255) for number in range(1, limits.MAX_FRAMES + 2)]
    prints = fingerprint(animation("GIF", [frame, *others], duration=20))
    assert prints.fault is Fault.TOO_MANY_FRAMES
    assert prints.pdq is not None


@pytest.mark.parametrize("format", ["GIF", "PNG"])
def test_a_truncated_animation_gives_the_frames_before_the_cut(format: str) -> None:
    pictures = [landscape(seed=seed) for seed in (1, 2, 3, 4)]
    whole = animation(format, pictures, duration=100)
    prints = fingerprint(whole[: len(whole) * 5 // 8])
    assert 2 <= len(prints.frames) <= 3
    assert distance(prints.frames[1].pdq, fingerprint(encoded(pictures[1])).pdq) <= 16
