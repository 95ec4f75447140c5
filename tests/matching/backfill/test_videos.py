"""Videos in a library: searched by their frames, as uploaded ones are."""

from collections.abc import Callable
from itertools import chain
from pathlib import Path

import pytest

from answerable.cases.models import ContentFrame, Item
from answerable.matching import asked
from answerable.matching.backfill import run as runs
from answerable.matching.backfill.session import Outcome
from answerable.matching.copies import search_copies
from tests.media.videos import film, scene

pytestmark = pytest.mark.django_db


def test_a_clip_finds_the_compilation_in_the_library_that_holds_it(
    backfill: Callable[..., Outcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = tmp_path / "uploads"
    library.mkdir()
    (library / "long.mp4").write_bytes(film(chain(scene(2, 4), scene(1, 4), scene(3, 4)), crf=30))
    (library / "other.mp4").write_bytes(film(scene(5, 4)))
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(film(scene(1, 4)))
    monkeypatch.setattr(runs, "BATCH", 2)  # a video fills it by its frames
    outcome = backfill(library)
    assert "2 registered" in outcome.summary
    assert "exact hashes only" not in outcome.summary
    assert set(Item.objects.values_list("ref", "kind")) == {("long.mp4", "video"), ("other.mp4", "video")}
    assert ContentFrame.objects.filter(content__item__ref="long.mp4").count() > 5
    found = search_copies(asked.read(str(clip)).prints, actor="operator", by="file")
    assert [(copy.ref, copy.kind) for copy in found.copies] == [("long.mp4", "near")]
    (library / "clip.mp4").write_bytes(clip.read_bytes())
    backfill(library)
    question = asked.read("site:clip.mp4")
    again = search_copies(question.prints, actor="operator", by="item", except_item_id=question.item_id)
    assert [copy.ref for copy in again.copies] == ["long.mp4"]
