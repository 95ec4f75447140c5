"""What two videos have in common: shares in both directions, and the stretches."""

from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answerable.cases.overlaps import Overlap, Part
from answerable.matching.index import Index
from answerable.matching.turns import TURNS, turned
from answerable.matching.videos import MOST_PARTS, Pair, Thresholds, in_common, shown_in
from answerable.media import Fingerprints, fingerprint
from answerable.media.frames import Span, searchable_spans
from tests.media.videos import film, flat, mirrored, scene, smaller, with_bars


def searchable(prints: Fingerprints) -> list[bytes]:
    """The hashes of the frames that say enough."""
    return [frame.pdq for frame in prints.frames if frame.quality >= 50]


def common(mine: bytes, theirs: bytes) -> Overlap | None:
    """What two files have in common, as the index and the measure find it."""
    one, other = fingerprint(mine), fingerprint(theirs)
    assert (one.fault, other.fault) == (None, None)
    index = Index()
    hashes = searchable(other)
    if hashes:
        index.add(
            np.arange(len(hashes), dtype=np.uint64), np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, 32)
        )
    queries = searchable(one)
    if not queries:
        return None
    found = index.search(turned(queries).reshape(-1, 32))
    pairs = [
        Pair(query // TURNS, place, bits)
        for query in range(len(queries) * TURNS)
        for place, bits in found.of(query)
    ]
    return in_common(
        searchable_spans(one.frames, one.duration_seconds),
        searchable_spans(other.frames, other.duration_seconds),
        pairs,
    )


@pytest.fixture(scope="module")
def clip() -> bytes:
    """The known one: six seconds."""
    return film(scene(1, 6))


def test_a_known_clip_inside_a_longer_one_is_found_with_its_place(clip: bytes) -> None:
    longer = film(chain(scene(2, 9), scene(1, 6), scene(3, 8)), crf=30)
    found = common(longer, clip)
    assert found is not None
    assert found.of_theirs > 0.9
    assert 0.2 < found.of_mine < 0.35
    (part,) = found.parts
    assert part.mine is not None
    assert part.theirs is not None
    assert part.mine.start == pytest.approx(9, abs=0.5)
    assert part.mine.end == pytest.approx(15, abs=0.5)
    assert (round(part.theirs.start), round(part.theirs.end)) == (0, 6)
    assert found.sentences("item 7") == ["0:09–0:15 of this video is in item 7 (0:00–0:06)."]


def test_a_piece_of_a_known_video_is_found_in_the_other_direction(clip: bytes) -> None:
    found = common(film(scene(1, 3, start=2.1)), clip)
    assert found is not None
    assert found.of_mine > 0.9
    assert 0.3 < found.of_theirs < 0.7


def test_pieces_of_each_are_found_when_they_are_some_seconds_long() -> None:
    mine = film(chain(scene(4, 20), scene(1, 6)))
    theirs = film(chain(scene(1, 6), scene(5, 20)))
    found = common(mine, theirs)
    assert found is not None
    assert max(found.of_mine, found.of_theirs) < 0.5
    assert common(mine, film(chain(scene(1, 3), scene(5, 20)))) is None, "a title of three seconds is nothing"


@pytest.mark.parametrize(
    ("how", "made"),
    [
        ("re-encoded", lambda: film(scene(1, 6), format="webm", codec="libvpx", b=120_000)),
        ("smaller", lambda: film(smaller(scene(1, 6), (128, 96)), crf=32)),
        ("another pace of pictures", lambda: film(scene(1, 6, start=0.3))),
        ("with bars", lambda: film(with_bars(scene(1, 6), share=0.25))),
        (
            "with grey bars beside",
            lambda: film(np.rot90(p) for p in with_bars((np.rot90(q) for q in scene(1, 6)), grey=120)),
        ),
        ("mirrored", lambda: film(mirrored(scene(1, 6)))),
        ("turned", lambda: film(np.rot90(picture) for picture in scene(1, 6))),
        ("among black", lambda: film(chain(flat(5), scene(1, 6), flat(5)))),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_copy_is_found_although_it_was_changed(how: str, made: object, clip: bytes) -> None:
    found = common(made(), clip)  # type: ignore[operator]
    assert found is not None, how
    assert found.of_mine > 0.6, how
    assert found.of_theirs > 0.6, how


def test_unrelated_videos_have_nothing_in_common(clip: bytes) -> None:
    for seed in (6, 7, 8):
        assert common(film(scene(seed, 6)), clip) is None
    assert common(film(flat(6)), film(flat(6))) is None, "black says nothing"
    assert common(film(chain(flat(6), scene(9, 2))), film(chain(flat(6), scene(10, 2)))) is None


def test_the_reference_videos_match_where_they_show_the_same(vectors: Path) -> None:
    """One scene without a bar and with a grey one, which the reference does not match; the doorknob is another."""
    names = ("pattern-hd-no-bar", "pattern-sd-grey-bar", "doorknob-hd-no-bar")
    plain, bar, other = ((vectors / "vpdq" / f"{name}.mp4").read_bytes() for name in names)
    same = common(plain, bar)
    assert same is not None
    assert same.of_mine > 0.8
    assert same.of_theirs > 0.8
    assert common(other, bar) is None


# ---- the measure alone ----


def seconds(*starts: float, long: float = 1.0) -> list[Span]:
    """Frames shown for a second each."""
    return [Span(start, start + long) for start in starts]


def test_shares_are_of_time_and_what_two_frames_cover_counts_once() -> None:
    mine = [*seconds(0, 1), Span(2, 10), Span(2, 10)]
    found = in_common(mine, seconds(0, 1, 2, 3), [Pair(2, 0, 4), Pair(3, 0, 6)])
    assert found is not None
    assert (found.of_mine, found.of_theirs, found.seconds) == (0.8, 0.25, 8)


def test_the_thresholds_are_stored_with_what_was_found() -> None:
    strict = Thresholds(bits=20, quality=70, seconds=1.0, share=0.9)
    found = in_common(seconds(0, 1), seconds(0, 1), [Pair(0, 0, 3)], strict)
    assert found is not None
    assert (found.bits, found.quality, found.least_seconds, found.least_share) == (20, 70, 1.0, 0.9)
    assert Overlap.read(found.stored()) == found


def test_one_clip_that_stands_twice_is_told_twice() -> None:
    mine, theirs = seconds(*range(20)), seconds(*range(3))
    pairs = [Pair(start + place, place, 0) for start in (2, 12) for place in range(3)]
    found = in_common(mine, theirs, pairs)
    assert found is not None
    assert found.parts == (Part(Span(2, 5), Span(0, 3)), Part(Span(12, 15), Span(0, 3)))
    assert found.turned().sentences("item 3")[0] == "0:00–0:03 of this video is in item 3 (0:02–0:05)."


def test_a_still_and_a_video_that_shows_it() -> None:
    found = shown_in([Span(4, 5), Span(5, 6.2)])
    assert found.sentences("item 2") == ["This picture is shown in item 2 at 0:04–0:07."]
    assert found.turned().sentences("item 2") == ["0:04–0:07 of this video is in item 2."]


SPANS = st.lists(st.tuples(st.floats(0, 100), st.floats(0, 5)), min_size=1, max_size=12).map(
    lambda raw: [Span(start, start + long) for start, long in sorted(raw)]
)


@settings(max_examples=150, deadline=None)
@given(mine=SPANS, theirs=SPANS, data=st.data())
def test_shares_are_shares_and_both_directions_agree(
    mine: list[Span], theirs: list[Span], data: st.DataObject
) -> None:
    places = st.builds(
        Pair, st.integers(0, len(mine) - 1), st.integers(0, len(theirs) - 1), st.integers(0, 31)
    )
    pairs = data.draw(st.lists(places, max_size=30))
    always = Thresholds(seconds=0.0, share=0.0)
    found = in_common(mine, theirs, pairs, always)
    assert (found is None) == (not pairs)
    if found is None:
        return
    assert 0 <= found.of_mine <= 1
    assert 0 <= found.of_theirs <= 1
    assert 1 <= len(found.parts) <= MOST_PARTS
    back = in_common(theirs, mine, [Pair(p.theirs, p.mine, p.distance) for p in pairs], always)
    assert back is not None
    assert (back.of_mine, back.of_theirs) == (found.of_theirs, found.of_mine)
    for part in found.parts:
        assert part.mine is not None
        assert min(span.start for span in mine) <= part.mine.start <= part.mine.end
