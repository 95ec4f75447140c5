"""A bucket over real HTTP that strangers can read, and a sealed one that nobody can."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from answerable.platforms.s3.adapter import Adapter
from answerable.settings.config import Bucket, Config, Desk
from answerable.settings.config import Platform as Entry
from tests.fakes.s3 import ACCESS_KEY, NAME, REGION, SEALED, SECRET_KEY, FakeS3
from tests.platforms.conftest import picture

__all__ = ["picture"]
KEY = "media/uri/3kd 9x.png"
REF = "media:uri:3kd!209x.png"
TOKEN = "a token of the tests, long enough"


@pytest.fixture
def s3(picture: bytes) -> Iterator[FakeS3]:
    """A running store with one public picture by Uri."""
    service = FakeS3()
    service.state.public = True
    service.state.objects[KEY] = picture
    service.state.page_size = 1000
    yield service
    service.stop()


@pytest.fixture
def entry(s3: FakeS3) -> Entry:
    """The site as the desk's configuration names it."""
    return Entry(
        name="site",
        adapter="s3",
        base_url=s3.endpoint,
        secret_file="site.token",
        hosts=(s3.host,),
        media_hosts=(s3.host,),
        options={
            "bucket": NAME,
            "sealed_bucket": SEALED,
            "prefix": "media/",
            "public_urls": [f"{s3.endpoint}/{NAME}/{{key}}"],
            "account": r"media/(?P<account>[^/]+)/.*",
            "principal": "the desk",
            "acl": "public-read",
        },
    )


@pytest.fixture
def adapter(entry: Entry, s3: FakeS3, tmp_path: Path, settings: object) -> Adapter:
    """A desk that answers for the site: its adapter."""
    (tmp_path / "site.token").write_text(TOKEN)
    names = f"[default]\naws_access_key_id = {ACCESS_KEY}\naws_secret_access_key = {SECRET_KEY}\n"
    (tmp_path / "s3.ini").write_text(names)
    buckets = tuple(
        Bucket(name=name, endpoint=s3.endpoint, region=REGION, credentials_file="s3.ini")
        for name in (NAME, SEALED)
    )
    settings.DATA = tmp_path  # type: ignore[attr-defined]
    settings.CONFIG = Config(  # type: ignore[attr-defined]
        desk=Desk(regimes=("us", "uk", "eu.fr")), platforms=(entry,), buckets=buckets, environment="test"
    )
    return Adapter(entry)
