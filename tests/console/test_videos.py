"""Videos as reviewers meet them: a sheet of pictures, and words for what two have in common."""

import base64
import io
from datetime import datetime
from itertools import chain

import pytest
from PIL import Image

from answerable.cases import commands
from answerable.cases.models import Item, Person
from answerable.matching.items import ItemIndex
from answerable.obligations.models import Obligation
from tests.console.conftest import Photos, judge, post, report, signed_in
from tests.console.test_judgement import look
from tests.media.videos import film, scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def clip(policy: None, photos: Photos, now: datetime) -> Item:
    """A video that Dana reported, and a longer one in which it is; the search has found that."""
    post(photos, "clip", film(scene(1, 6)), now, kind="video")
    post(photos, "longer", film(chain(scene(2, 8), scene(1, 6))), now, kind="video")
    report(["clip"], now)
    item = Item.objects.get(ref="clip")
    assert item.content is not None
    obligation = Obligation.objects.get(kind="find_copies", subject=f"item:{item.pk}", state="owed")
    matches = tuple(ItemIndex().copies_of(item.content))
    commands.copies_found(item.pk, matches=matches, obligation_id=obligation.pk, now=now)
    return item


def test_a_look_at_a_video_shows_a_sheet_of_its_pictures(clip: Item, ravi: Person) -> None:
    page = look(signed_in(ravi), clip)
    sheet = Image.open(io.BytesIO(base64.b64decode(page.split("data:image/jpeg;base64,")[1].split('"')[0])))
    assert sheet.size == (4 * 192, 3 * 144)


def test_before_a_look_the_sheet_is_blurred(clip: Item, ravi: Person) -> None:
    answer = signed_in(ravi).get(f"/items/{clip.pk}/blurred")
    assert answer["Content-Type"] == "image/jpeg"


def test_the_page_says_in_words_which_part_is_where(clip: Item, ravi: Person) -> None:
    longer = Item.objects.get(ref="longer")
    assert longer.case == clip.case
    page = signed_in(ravi).get(f"/items/{longer.pk}/").content.decode()
    assert f"0:08–0:14 of this video is in item {clip.pk} (0:00–0:06)." in page
    page = signed_in(ravi).get(f"/items/{clip.pk}/").content.decode()
    assert f"0:00–0:06 of this video is in item {longer.pk} (0:08–0:14)." in page


def test_who_judges_second_reads_the_same(clip: Item, ravi: Person, rosa: Person, now: datetime) -> None:
    longer = Item.objects.get(ref="longer")
    before = signed_in(rosa).get(f"/items/{longer.pk}/").content.decode()
    judge(ravi, longer, "violating", now)
    after = signed_in(rosa).get(f"/items/{longer.pk}/").content.decode()
    part = "of this video is in item"
    assert [line for line in before.splitlines() if part in line] == [
        line for line in after.splitlines() if part in line
    ]
