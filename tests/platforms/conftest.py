"""A real site on this machine, that follows the contract until it is told not to."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from answerable.platforms.http.adapter import Adapter
from answerable.settings.config import Config, Desk
from answerable.settings.config import Platform as Entry
from tests.fakes.platform import SECRET, Platform


@pytest.fixture
def picture() -> bytes:
    """A synthetic gradient."""
    ramp = np.linspace(0, 255, 96).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(
        np.stack(
            [np.tile(ramp, (64, 1)), np.tile(ramp[::-1], (64, 1)), np.full((64, 96), 90, np.uint8)], axis=2
        )
    ).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def site(picture: bytes) -> Iterator[Platform]:
    """A running site with one picture by Uri, `3pic`."""
    platform = Platform()
    platform.start()
    platform.add("3pic", picture)
    yield platform
    platform.stop()


@pytest.fixture
def entry(site: Platform, tmp_path: Path) -> Entry:
    """The site as the desk's configuration names it."""
    secret = tmp_path / "site.secret"
    secret.write_text(SECRET)
    host = f"127.0.0.1:{site.site.port}"
    return Entry(
        name="site",
        base_url=f"{site.site.url}/answerable",
        secret_file=str(secret),
        hosts=(host,),
        media_hosts=(host,),
        item_paths=("/p/{ref}", "/u/{ref} profile"),
    )


@pytest.fixture
def adapter(entry: Entry) -> Adapter:
    """The adapter for the site."""
    return Adapter(entry)


@pytest.fixture
def configured(entry: Entry, settings: object) -> Entry:
    """A desk that answers for the site."""
    settings.CONFIG = Config(  # type: ignore[attr-defined]
        desk=Desk(regimes=("us", "uk", "eu.fr")), platforms=(entry,), environment="test"
    )
    return entry
