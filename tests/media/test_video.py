"""Videos: the reference's frames, what players show, and every kind of bad file named."""

import os
import random
import struct
import subprocess
import sys
from collections.abc import Iterator
from itertools import chain, pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from answerable.media import DecoderUnavailable, Fault, Undecodable, fingerprint, limits, preview, video
from answerable.media.fingerprint import Fingerprints, can_read_videos, media_type_of
from answerable.media.frames import Frame, Span, clock_time, spans
from answerable.media.pool import pool
from tests.media.pictures import distance, encoded, landscape
from tests.media.videos import RATE, film, flat, scene, with_bars

FUZZ = int(os.environ.get("ANSWERABLE_FUZZ", "300")) // 3


@pytest.fixture(scope="module")
def clip() -> bytes:
    """Six seconds over three landscapes."""
    return film(scene(1, 6))


def nearest(frames: tuple[Frame, ...], other: Frame) -> int:
    """Bits to the frame that is most alike."""
    return min(distance(one.pdq, other.pdq) for one in frames)


@pytest.mark.parametrize(
    "name",
    ["doorknob-hd-no-bar", "pattern-hd-no-bar", "pattern-sd-grey-bar", "pattern-sd-with-large-logo-bar"],
)
def test_the_frames_of_a_reference_video_are_within_its_tolerance(name: str, vectors: Path) -> None:
    """The reference hashed every frame of thirty a second; here one of six is compared, to save time."""
    lines = (vectors / "vpdq" / f"{name}.txt").read_text().split()
    data = (vectors / "vpdq" / f"{name}.mp4").read_bytes()
    found = video.fingerprint(data, seconds=600, every_seconds=0.2)["frames"]
    assert len(found) == -(-len(lines) // 6)
    for pdq, quality, at in found:
        number, their_quality, theirs, their_time = lines[round(at * 30)].split(",")
        assert abs(at - float(their_time)) < 0.002, number
        assert abs(quality - int(their_quality)) <= 1, number
        if int(their_quality) >= 80:
            assert distance(bytes.fromhex(pdq), bytes.fromhex(theirs)) <= 10, number


def test_a_video_has_frames_a_length_and_its_exact_hashes(clip: bytes) -> None:
    prints = fingerprint(clip)
    assert (prints.media_type, prints.width, prints.height) == ("video/mp4", 192, 144)
    assert (prints.fault, prints.pdq, prints.duration_seconds, prints.unreadable) == (None, None, 6.0, False)
    assert len(prints.sha256) == 64
    times = [frame.at_seconds for frame in prints.frames]
    assert times == sorted(times)
    assert times[0] == 0
    assert max(after - before for before, after in pairwise(times)) <= 1


def test_each_scene_is_among_the_frames(clip: bytes) -> None:
    frames = fingerprint(clip).frames
    for second in (0, 2, 4):
        still = fingerprint(encoded(Image.fromarray(next(scene(1, 1, start=second)))))
        assert still.pdq is not None
        assert min(distance(still.pdq, frame.pdq) for frame in frames) <= 16


def test_a_picture_that_stands_still_is_kept_once() -> None:
    still = [np.asarray(landscape(192, 144, seed=3))] * (10 * RATE)
    prints = fingerprint(film(still))
    assert len({frame.at_seconds for frame in prints.frames}) == 1
    assert spans(prints.frames, prints.duration_seconds)[-1] == Span(0.0, 10.0)


@pytest.mark.parametrize(
    ("format", "codec", "media_type"),
    [
        ("webm", "libvpx", "video/webm"),
        ("matroska", "libx264", "video/x-matroska"),
        ("mov", "libx264", "video/quicktime"),
    ],
)
def test_the_same_video_in_another_container_is_near(
    format: str, codec: str, media_type: str, clip: bytes
) -> None:
    frames = fingerprint(clip).frames
    prints = fingerprint(film(scene(1, 6), format=format, codec=codec))
    assert (prints.media_type, prints.fault) == (media_type, None)
    assert max(nearest(frames, frame) for frame in prints.frames) <= 31


def test_what_stands_between_bars_is_hashed_too(clip: bytes) -> None:
    frames = fingerprint(clip).frames
    barred = fingerprint(film(with_bars(scene(1, 6))))
    near = [min(distance(one.pdq, frame.pdq) for one in barred.frames) for frame in frames]
    assert np.median(near) <= 16


def test_a_phones_video_on_its_side_is_seen_upright(clip: bytes) -> None:
    """The display matrix in the track header says how it is shown: here a quarter turn clockwise."""
    upright = fingerprint(film(np.rot90(picture, -1) for picture in scene(1, 6))).frames
    as_it_is = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30)
    turned = struct.pack(">9i", 0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30)
    track = clip.index(b"tkhd")
    place = clip.index(as_it_is, track)
    prints = fingerprint(clip[:place] + turned + clip[place + len(turned) :])
    assert (prints.width, prints.height) == (144, 192)
    assert np.median([nearest(upright, frame) for frame in prints.frames]) <= 16


def test_flat_frames_say_nothing() -> None:
    prints = fingerprint(film(chain(flat(3), flat(3, grey=200))))
    assert prints.frames
    assert all(frame.quality < limits.SEARCHABLE_QUALITY for frame in prints.frames)


# ---- what was not seen is said ----


def test_of_a_long_video_the_key_frames_are_looked_at(clip: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_WHOLE_PIXELS", 1)
    close = video.fingerprint(film(scene(1, 6), g=RATE), seconds=60)
    assert "fault" not in close
    assert {round(at) for _pdq, _quality, at in close["frames"]} == {0, 1, 2, 3, 4, 5}


def test_a_stretch_between_key_frames_that_nobody_saw_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_WHOLE_PIXELS", 1)
    monkeypatch.setattr(limits, "MAX_UNSEEN_SECONDS", 3.0)
    apart = video.fingerprint(film(scene(1, 6), g=1000, sc_threshold=0), seconds=60)
    assert apart["fault"] == Fault.PARTLY_SEEN


def test_a_video_for_which_the_time_ran_out_keeps_what_was_seen_and_says_so(clip: bytes) -> None:
    with pytest.raises(video.Refused) as refused:
        video.fingerprint(clip, seconds=0.0)
    assert refused.value.fault is Fault.TOO_SLOW
    prints = Fingerprints(media_type="video/mp4", frames=(Frame(bytes(32), 90, 0.0),), fault=Fault.TOO_SLOW)
    assert prints.unreadable


def test_too_little_time_says_nothing_about_a_video(clip: bytes) -> None:
    fingerprint(clip)  # a decoder is up
    with pytest.raises(DecoderUnavailable, match="were left"):
        fingerprint(clip, within_seconds=0.01)


def test_the_time_between_looks_grows_with_the_length(clip: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_VIDEO_FRAMES", 6)
    frames = video.fingerprint(clip, seconds=60)["frames"]
    assert len({at for _pdq, _quality, at in frames}) <= 7


def test_whatever_the_time_stamps_say_pictures_are_looked_at() -> None:
    """A thousand pictures a second, which a player would still draw one after the other."""
    prints = fingerprint(film(scene(1, 12), rate=1000))
    assert prints.duration_seconds is not None
    assert prints.duration_seconds < 1
    assert len(prints.frames) >= 3


def test_a_picture_with_more_pixels_than_may_be_decoded_is_refused(
    clip: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_VIDEO_PIXELS", 1000)
    with pytest.raises(video.Refused) as refused:
        video.fingerprint(clip, seconds=60)
    assert refused.value.fault is Fault.TOO_MANY_PIXELS


def test_a_video_with_more_bytes_than_are_read_is_named(clip: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_VIDEO_BYTES", 1000)
    prints = fingerprint(clip)
    assert (prints.fault, prints.unreadable) == (Fault.TOO_LARGE, True)


def test_a_cut_file_is_read_as_far_as_it_goes() -> None:
    whole = film(scene(1, 6), format="webm", codec="libvpx", g=8)
    prints = fingerprint(whole[: len(whole) * 2 // 3])
    assert prints.frames
    assert not prints.unreadable
    nothing = fingerprint(film(scene(1, 2))[:2000])  # an MP4 without its index
    assert (nothing.frames, nothing.unreadable) == ((), True)


@pytest.mark.parametrize(
    ("head", "media_type", "unreadable"),
    [
        (b"RIFF\x00\x00\x00\x00AVI LIST", "video/x-msvideo", True),
        (b"FLV\x01\x05", "video/x-flv", True),
        (b"\x00\x00\x01\xba", "video/mpeg", True),
        (b"OggS" + bytes(24) + b"\x80theora", "video/ogg", True),
        (b"OggS" + bytes(24) + b"\x01vorbis", "audio/ogg", False),
        (b"\x00\x00\x00\x18ftypqt  ", "video/quicktime", True),
        (b"\x00\x00\x00\x08free", "video/quicktime", True),
        (b"\x1aE\xdf\xa3\x93B\x82\x88matroska", "video/x-matroska", True),
    ],
)
def test_a_video_that_is_not_read_is_held_and_sound_is_not(
    head: bytes, media_type: str, unreadable: bool
) -> None:
    prints = fingerprint(head + bytes(200))
    assert prints.fault is not None
    assert (prints.media_type, prints.unreadable) == (media_type, unreadable)


def test_a_sound_file_shows_nothing() -> None:
    import io

    import av

    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=8000)
        for _ in range(4):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
            frame.sample_rate = 8000
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    prints = fingerprint(out.getvalue())
    assert (prints.media_type, prints.fault, prints.unreadable) == ("audio/mp4", Fault.NOT_AN_IMAGE, False)


def test_a_codec_that_is_not_on_the_list_is_never_opened() -> None:
    prints = fingerprint(film(scene(1, 1), format="matroska", codec="mpeg2video"))
    assert (prints.fault, prints.unreadable) == (Fault.UNSUPPORTED, True)


def test_without_the_extra_a_video_has_its_exact_hashes_and_a_named_fault(
    clip: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["answerable.media.fingerprint"], "can_read_videos", lambda: False)
    prints = fingerprint(clip)
    assert (prints.fault, prints.frames, prints.unreadable) == (Fault.NO_VIDEO_DECODER, (), True)
    assert len(prints.sha256) == 64


def test_the_extra_is_found_where_it_is_installed() -> None:
    assert can_read_videos()


def test_no_video_library_is_loaded_outside_of_the_decoder() -> None:
    code = "import sys, answerable.media; sys.exit('av' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# ---- what reviewers see ----


@pytest.mark.parametrize("blurred", [True, False])
def test_reviewers_see_a_sheet_of_pictures_from_beginning_to_end(clip: bytes, blurred: bool) -> None:
    import io

    sheet = Image.open(io.BytesIO(preview(clip, blurred, grayscale=True)))
    assert (sheet.format, sheet.mode) == ("JPEG", "L")
    assert max(sheet.size) <= limits.PREVIEW_SIDE_PIXELS
    assert sheet.width / sheet.height == pytest.approx(4 * 192 / (3 * 144), rel=0.02)
    assert not sheet.getexif()


def test_the_sheet_of_what_cannot_be_read_is_refused_by_name() -> None:
    with pytest.raises(Undecodable, match="can't be decoded"):
        preview(b"\x00\x00\x00\x08free" + bytes(100), True)


def test_a_frame_is_shown_until_the_next_and_the_last_until_the_end() -> None:
    frames = [Frame(bytes(32), 90, at) for at in (0.0, 1.0, 1.0, 3.5)]
    assert spans(frames, 5.0) == [Span(0, 1), Span(1, 3.5), Span(1, 3.5), Span(3.5, 5)]
    assert spans(frames)[-1] == Span(3.5, 4.5)
    assert spans([]) == []
    assert [clock_time(seconds) for seconds in (0.4, 12, 61.9, 3723)] == ["0:00", "0:12", "1:01", "1:02:03"]


# ---- whatever a file holds ----


def mutants(seed: int) -> Iterator[bytes]:
    """Files with a few bytes changed, cut, or doubled; most of them where the parsers read."""
    chance = random.Random(seed)
    files = [
        film(scene(2, 1, size=(64, 48))),
        film(scene(2, 1, size=(64, 48)), format="webm", codec="libvpx"),
        film(scene(2, 1, size=(64, 48)), format="mov", movflags="frag_keyframe"),
    ]
    for _ in range(FUZZ):
        data = bytearray(chance.choice(files))
        for _ in range(chance.randrange(1, 12)):
            place = chance.randrange(12, len(data))
            if chance.random() < 0.7:
                data[place] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
            elif chance.random() < 0.5:
                del data[place : place + chance.randrange(1, 64)]
            else:
                data[place:place] = data[place : place + chance.randrange(1, 64)]
            if len(data) < 64:
                break
        yield bytes(data)


def test_whatever_a_video_holds_the_answer_is_frames_or_a_named_fault() -> None:
    fingerprint(next(mutants(0)))
    first = pool("video")._idle[0].pid
    for number, data in enumerate(mutants(1)):
        prints = fingerprint(data)
        assert prints.frames or prints.fault is not None, number
        assert prints.fault not in (Fault.CRASHED, Fault.OUT_OF_MEMORY), (
            f"the decoder itself must hold ({number})"
        )
        assert media_type_of(data).startswith(("video/", "audio/"))
    assert pool("video")._idle[0].pid == first or FUZZ >= limits.VIDEOS_PER_DECODER
