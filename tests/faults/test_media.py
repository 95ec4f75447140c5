"""Files that are no pictures, bombs, or cut off: hidden, fetched and searched like any other; nothing breaks."""

import io

import numpy as np
import pytest
from PIL import Image

from answerable.cases.models import Item
from answerable.console import pictures
from answerable.obligations.models import Obligation
from tests.fakes.platform import Platform
from tests.faults.conftest import Reporter, assert_log_whole, owed_kinds
from tests.support.turns import Turns


def bomb() -> bytes:
    """A hundred megapixels in a few kilobytes."""
    file = io.BytesIO()
    Image.new("1", (10_000, 10_001)).save(file, "PNG")
    return file.getvalue()


def truncated() -> bytes:
    """Half of a JPEG of noise."""
    noise = np.random.default_rng(7).integers(0, 255, (240, 320, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, "JPEG")
    return file.getvalue()[: len(file.getvalue()) // 2]


FILES = {
    "not an image": b"%PDF-1.7 these bytes are no picture",
    "nothing": b"",
    "a bomb": bomb(),
    "a truncated jpeg": truncated(),
}


@pytest.mark.parametrize("file", FILES)
def test_whatever_stands_there_is_hidden_known_and_looked_for(
    dana: Reporter, worker: Turns, site: Platform, file: str
) -> None:
    site.site.things["3pic"].data = FILES[file]
    dana.report()
    worker.settle()
    item = Item.objects.get()
    assert (item.seen, site.site.things["3pic"].wanted) == ("hidden", "hidden")
    assert item.content is not None
    assert len(item.content.sha256) == 64
    assert Obligation.objects.get(kind="find_copies").state == "kept"
    assert owed_kinds() == set(), "nothing is tried for ever"
    assert {"look", "decide"} <= owed_kinds("people"), "people judge it all the same"
    assert_log_whole()


@pytest.mark.parametrize("file", FILES)
def test_a_reviewer_is_told_what_is_wrong_with_a_file(
    dana: Reporter, worker: Turns, site: Platform, file: str
) -> None:
    site.site.things["3pic"].data = FILES[file]
    dana.report()
    worker.settle()
    picture = pictures.revealed(Item.objects.get(), colour=False)
    if file == "a truncated jpeg":
        assert picture.seen, "what is there of it is shown"
    else:
        assert not picture.seen
        assert picture.problem.startswith("The media can't be shown.")
