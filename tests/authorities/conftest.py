"""A site over real HTTP, for desks that tell authorities of what was posted there."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from answerable.settings.config import Platform as Entry
from tests.fakes.platform import SECRET, Platform


@pytest.fixture
def site() -> Iterator[Platform]:
    """The site where it was posted."""
    platform = Platform()
    platform.start()
    yield platform
    platform.stop()


@pytest.fixture
def entry(site: Platform, tmp_path: Path) -> Entry:
    """The site as the configuration names it."""
    secret = tmp_path / "site.secret"
    secret.write_text(SECRET)
    host = f"127.0.0.1:{site.site.port}"
    return Entry(
        name="sample",
        base_url=f"{site.site.url}/answerable",
        secret_file=str(secret),
        hosts=(host,),
        media_hosts=(host,),
        item_paths=("/p/{ref}",),
    )
