"""A desk that answers for a site, and a library of small pictures."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import transaction

from answerable.matching.backfill import session
from answerable.matching.backfill.naming import Naming
from answerable.matching.backfill.session import Asked, Outcome
from answerable.policy import baseline, store
from tests.matching.rows import AT
from tests.media.pictures import encoded, landscape
from tests.platforms.conftest import configured, entry, picture, site

__all__ = ["configured", "entry", "picture", "site"]


@pytest.fixture(scope="session")
def draw() -> Callable[[int], bytes]:
    """A small picture as a file, by number."""
    made: dict[int, bytes] = {}
    return lambda number: made.setdefault(number, encoded(landscape(160, 120, seed=number), "JPEG"))


@pytest.fixture
def library(tmp_path: Path, draw: Callable[[int], bytes]) -> Path:
    """Six pictures in folders."""
    root = tmp_path / "uploads"
    for number in range(6):
        file = root / f"uri{number % 2}" / f"p{number}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(draw(number))
    return root


@pytest.fixture
def desk(database: None, configured: object) -> None:
    """A desk with a policy, that answers for `site`."""
    with transaction.atomic():
        store.activate(baseline(), AT)


@pytest.fixture
def backfill(desk: None, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Outcome]:
    """Backfill a library as the command does, with the decoders that the tests have already."""
    monkeypatch.setattr(session.decoders, "use", lambda _size: None)

    def run(
        source: object,
        *,
        naming: Naming | None = None,
        stop: threading.Event | None = None,
        **options: object,
    ) -> Outcome:
        asked = Asked(source=str(source), naming=naming or Naming("site"), **options)  # type: ignore[arg-type]
        return session.run(asked, stop or threading.Event())

    return run
