"""Known videos, as rows put them on a list: what of them an upload shows, and what is withdrawn with them."""

import hashlib

import pytest
from django.db import IntegrityError, transaction

from answerable.cases.models import KnownChange
from answerable.matching.known import Known
from answerable.matching.verdicts import KnownMatch
from answerable.media import Fingerprints
from answerable.media.frames import Frame
from tests.matching.rows import AT, change
from tests.matching.test_index import flipped

pytestmark = pytest.mark.django_db


def picture(number: int) -> bytes:
    """The PDQ of a picture like no other."""
    return hashlib.sha256(f"picture {number}".encode()).digest()


def know(*numbers: int, hash_list: str = "own.confirmed", cause: str = "content:1", op: str = "add") -> None:
    """Put a video on a list, or take it off: pictures shown for a second each."""
    with transaction.atomic():
        for place, number in enumerate(numbers):
            KnownChange.objects.create(
                op=op,
                kind="frame",
                value=picture(number),
                hash_list=hash_list,
                cause=cause,
                at=AT,
                at_ms=place * 1000,
                until_ms=place * 1000 + 1000,
            )


def video(*numbers: int, quality: int = 90, noise: int = 0) -> Fingerprints:
    """An upload that shows these pictures for a second each."""
    frames = [
        Frame(flipped(picture(number), set(range(noise))), quality, float(place))
        for place, number in enumerate(numbers)
    ]
    return Fingerprints(media_type="video/mp4", frames=tuple(frames), duration_seconds=float(len(numbers)))


def matches(prints: Fingerprints) -> list[tuple[str, str, int]]:
    """What a process that has just started finds."""
    return sorted({(one.kind, one.hash_list, one.distance) for one in Known().look_up([prints])[0]})


def test_a_known_clip_in_a_long_compilation_is_found() -> None:
    know(1, 2, 3)
    assert matches(video(*range(100, 160), 1, 2, 3, *range(200, 260), noise=12)) == [
        ("frame", "own.confirmed", 12)
    ]


def test_a_piece_of_a_long_known_video_is_found() -> None:
    know(*range(300))
    assert matches(video(*range(100, 104))) == [("frame", "own.confirmed", 0)]
    assert matches(video(*range(100, 106), *range(900, 990))) == [("frame", "own.confirmed", 0)]


def test_a_title_that_two_long_videos_share_is_no_match() -> None:
    know(1, 2, *range(100, 120))
    assert matches(video(1, 2, *range(200, 220))) == []


def test_a_still_of_a_known_video_is_found_and_a_known_picture_in_a_video() -> None:
    know(1, 2, 3, cause="content:1")
    change("add", "pdq", picture(50), "own.reported", cause="content:2")
    assert matches(Fingerprints(pdq=flipped(picture(2), {1, 2}), pdq_quality=80)) == [
        ("frame", "own.confirmed", 2)
    ]
    assert matches(video(*range(100, 130), 50)) == [("pdq", "own.reported", 0)]


def test_frames_that_say_too_little_are_not_searched() -> None:
    know(1, 2, 3)
    assert matches(video(1, 2, 3, quality=49)) == []


def test_a_mirrored_video_is_found() -> None:
    from answerable.matching.turns import turned

    know(1, 2, 3)
    for turn in range(8):
        frames = [
            Frame(turned([picture(number)])[0][turn].tobytes(), 90, float(number)) for number in (1, 2, 3)
        ]
        prints = Fingerprints(frames=tuple(frames), duration_seconds=4.0)
        assert matches(prints) == [("frame", "own.confirmed", 0)], turn


def test_a_video_leaves_a_list_whole_and_stays_on_the_others() -> None:
    known = Known()
    know(1, 2, 3, 1, 2)
    know(1, 2, 3, 1, 2, hash_list="own.reported")
    both = {"own.confirmed", "own.reported"}
    assert {one.hash_list for one in known.look_up([video(1, 2, 3)])[0]} == both
    know(1, 2, 3, 1, 2, op="remove")
    assert {one.hash_list for one in known.look_up([video(1, 2, 3)])[0]} == {"own.reported"}
    know(1, 2, 3, 1, 2, hash_list="own.reported", op="remove")
    assert known.look_up([video(1, 2, 3)]) == [[]]
    assert len(known) == 0


def test_a_picture_that_a_still_and_a_video_share_stays_known_for_the_other() -> None:
    known = Known()
    change("add", "pdq", picture(2), cause="content:9")
    know(1, 2, 3)
    know(1, 2, 3, op="remove")
    still = Fingerprints(pdq=picture(2), pdq_quality=80)
    assert [one.kind for one in known.look_up([still])[0]] == ["pdq"]


def test_two_causes_are_two_videos() -> None:
    know(1, 2, *range(100, 110), cause="content:1")
    know(1, 2, 3, cause="content:2")
    found = Known().look_up([video(1, 2, 3, *range(300, 400))])[0]
    assert len(found) == 1
    row = KnownChange.objects.get(seq=found[0].seq)
    assert row.cause == "content:2"
    assert not found[0].blocks, "nothing but an identical file blocks"


def test_a_frame_without_its_times_is_refused_by_the_database() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        KnownChange.objects.create(
            op="add", kind="frame", value=picture(1), hash_list="own.confirmed", cause="content:1", at=AT
        )


def test_a_frame_never_blocks() -> None:
    assert not KnownMatch("frame", "own.confirmed_by_two", 0, 1).blocks
