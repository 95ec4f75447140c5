"""Copies of videos among all items: by their frames, in both directions."""

import pytest
from django.db import transaction

from answerable.cases.inputs import MatchIn
from answerable.cases.models import ContentFrame, ItemContent
from answerable.cases.overlaps import Part
from answerable.matching.items import ItemIndex
from answerable.media.frames import Span
from answerable.policy.words import CopyKind
from tests.matching.rows import content
from tests.matching.test_index import flipped
from tests.matching.test_known_videos import picture

pytestmark = pytest.mark.django_db


def video(ref: str, *numbers: int, noise: int = 0) -> ItemContent:
    """An item that shows these pictures for a second each."""
    made = content(ref, picture(hash(ref) % 10**9 + 10**6))
    frames = [
        ContentFrame(
            content=made,
            number=place,
            at_ms=place * 1000,
            until_ms=place * 1000 + 1000,
            pdq=flipped(picture(number), set(range(noise))),
            quality=90,
        )
        for place, number in enumerate(numbers)
    ]
    with transaction.atomic():
        ContentFrame.objects.bulk_create(frames)
    return made


def by_ref(found: list[MatchIn]) -> dict[str, MatchIn]:
    """The matches, by the item's name."""
    names = {one.pk: one.item.ref for one in ItemContent.objects.select_related("item")}
    return {names[match.content_id]: match for match in found}


def test_a_compilation_and_its_clip_find_each_other() -> None:
    clip = video("clip", 1, 2, 3)
    compilation = video("compilation", *range(100, 110), 1, 2, 3, *range(200, 210), noise=6)
    video("other", *range(300, 320))
    found = by_ref(ItemIndex().copies_of(clip))
    assert set(found) == {"compilation"}
    match = found["compilation"]
    assert (match.kind, match.distance) == (CopyKind.NEAR, 6)
    assert match.overlap is not None
    assert (match.overlap.of_mine, match.overlap.of_theirs) == (1.0, round(3 / 23, 3))
    assert match.overlap.parts == (Part(Span(0, 3), Span(10, 13)),)
    back = by_ref(ItemIndex().copies_of(compilation))["clip"]
    assert back.overlap is not None
    assert back.overlap.parts == (Part(Span(10, 13), Span(0, 3)),)


def test_stills_and_videos_find_each_other() -> None:
    still = content("still", picture(10**7), flipped(picture(2), {5}))
    shows_it = video("video", 1, 2, 3)
    found = by_ref(ItemIndex().copies_of(still))["video"]
    assert (found.distance, found.overlap and found.overlap.parts) == (1, (Part(None, Span(1, 2)),))
    back = by_ref(ItemIndex().copies_of(shows_it))["still"]
    assert (back.distance, back.overlap and back.overlap.parts) == (1, (Part(Span(1, 2), None),))


def test_a_mere_title_in_common_makes_no_copy() -> None:
    one = video("one", 1, *range(100, 120))
    video("two", 1, *range(200, 220))
    assert ItemIndex().copies_of(one) == []


def test_frames_that_were_seen_after_the_row_are_found_by_the_next_search() -> None:
    one = video("one", 1, 2, 3)
    here = ItemIndex()
    late = content("late", picture(10**8))
    assert here.copies_of(one) == []
    with transaction.atomic():
        ContentFrame.objects.create(content=late, number=0, at_ms=0, until_ms=900, pdq=picture(2), quality=90)
    assert set(by_ref(here.copies_of(one))) == {"late"}


def test_the_identical_file_is_exact_whatever_its_frames() -> None:
    one = video("one", 1, 2, 3)
    with transaction.atomic():
        twin = content("twin", bytes.fromhex(one.sha256))
    assert ItemIndex().copies_of(one) == [MatchIn(twin.pk, CopyKind.EXACT)]
