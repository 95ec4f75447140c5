"""The sample site, a real process, lists itself."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings

from answerable.cases.models import Item
from answerable.matching.backfill.session import Outcome
from answerable.platforms.base import ItemKind
from tests.demo.sample.conftest import Running, start, stop
from tests.fakes.desk import Desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def sample(tmp_path: Path, desk: None, settings: Any) -> Iterator[Running]:
    """The site with its demo data, as the desk's only platform."""
    beside = Desk()
    beside.start()
    site = start(tmp_path / "lumen", beside)
    settings.CONFIG = django_settings.CONFIG.model_copy(update={"platforms": (site.adapter.entry,)})
    yield site
    stop(site)
    beside.stop()


def test_all_its_pictures_are_registered_private_ones_too(
    sample: Running, backfill: Callable[..., Outcome]
) -> None:
    listed = []
    cursor = ""
    while True:
        page = sample.adapter.list_items(cursor)
        listed += page.items
        if not (cursor := page.cursor):
            break
    pictures = {item.ref for item in listed if item.kind in (ItemKind.IMAGE, ItemKind.PROFILE)}
    unlisted = {item.ref for item in listed if item.ref in pictures and item.media is None}
    outcome = backfill("platform:sample")
    assert outcome.is_end
    assert outcome.problems == 0
    assert len(pictures) > 10
    assert set(Item.objects.filter(content__pdq__isnull=False).values_list("ref", flat=True)) == pictures
    assert unlisted <= pictures
