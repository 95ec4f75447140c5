"""A desk with a site over real HTTP, custodians with real keys, and a worker by turns."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from answerable.cases.models import Capture, ItemContent
from answerable.evidence import bucket_requests, stores
from answerable.evidence.sealing import new_identity, recipient_of
from answerable.settings.config import Bucket, Config
from answerable.settings.config import Desk as DeskConfig
from answerable.settings.config import Platform as Entry
from answerable.settings.evidence import Custodian, Evidence
from tests.cases.desk import TestDesk
from tests.fakes.platform import SECRET, Platform
from tests.fakes.s3 import ACCESS_KEY, REGION, SECRET_KEY
from tests.fakes.s3_server import Gate, Moto
from tests.support.desks import Desk
from tests.support.turns import Turns, turning

ANYWHERE = pytest.mark.parametrize("place", ["folder", "bucket"], indirect=True)
"""Of a test: it holds wherever objects lie."""
_buckets = itertools.count(1)


@dataclass(frozen=True)
class Keys:
    """The custodians' secret keys, which no server has."""

    ravi: str
    lena: str

    def configured(self) -> tuple[Custodian, ...]:
        """Their public ones, as the configuration names them."""
        return (
            Custodian(name="Ravi", key=recipient_of(self.ravi)),
            Custodian(name="Lena", key=recipient_of(self.lena)),
        )


class EvidenceDesk(TestDesk):
    """A desk that keeps evidence."""

    def __init__(self, now: datetime, turns: Turns, site: Platform, folder: Path) -> None:
        super().__init__(now)
        self.turns, self.site, self.folder = turns, site, folder

    def post(self, ref: str, data: bytes = b"", *, account: str = "uri", **facts: Any) -> None:
        """Uri posts on the site, which registers it with the desk."""
        self.site.add(ref, data or ref.encode(), account=account)
        if data:
            facts["prints"] = prints_of(data)
        self.upload(ref, account=account, **facts)
        with transaction.atomic():
            ItemContent.objects.filter(item__ref=ref).update(size=len(data or ref))

    def work(self, **time: float) -> None:
        """The worker lives through so much time."""
        self.turns.now = self.clock.now
        self.turns.live(**(time or {"seconds": 5}))
        self.clock.now = self.turns.now

    def capture_of(self, ref: str) -> Capture:
        """What was captured of an item."""
        return Capture.objects.select_related("case").get(content__item__ref=ref)

    def files(self, store: str) -> list[Path]:
        """What lies in a store that is a folder."""
        return [stores.folder() / store / name for name in stores.store(store).names()]


class Things:
    """What lies in the stores, past the desk: as whoever has the disk, or the account of the bucket, sees it."""

    def __init__(self, moto: Moto | None, bucket: str) -> None:
        self._moto, self._bucket = moto, bucket

    def read(self, store: str, name: str) -> bytes:
        """The encrypted bytes of an object."""
        if self._moto is None:
            return (stores.folder() / store / name).read_bytes()
        found = self._moto.client.get_object(Bucket=self._bucket, Key=f"{store}/{name}")
        return bytes(found["Body"].read())

    def write(self, store: str, name: str, data: bytes) -> None:
        """Put other bytes there."""
        if self._moto is None:
            path = stores.folder() / store / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)
        else:
            self._moto.client.put_object(Bucket=self._bucket, Key=f"{store}/{name}", Body=data)

    def take_away(self, store: str, name: str) -> None:
        """Delete it."""
        if self._moto is None:
            (stores.folder() / store / name).unlink()
        else:
            self._moto.client.delete_object(Bucket=self._bucket, Key=f"{store}/{name}")


def prints_of(data: bytes) -> Any:
    """The fingerprints of these bytes, as far as evidence asks for them."""
    import hashlib

    from answerable.cases.inputs import Prints

    return Prints(sha256=hashlib.sha256(data).hexdigest(), md5=hashlib.md5(data).hexdigest())


@pytest.fixture
def keys() -> Keys:
    """Two custodians' keys."""
    return Keys(new_identity(), new_identity())


@pytest.fixture
def site() -> Iterator[Platform]:
    """The site where it was posted."""
    platform = Platform()
    platform.start()
    yield platform
    platform.stop()


@pytest.fixture(scope="session")
def moto() -> Iterator[Moto]:
    """A real S3 server."""
    server = Moto()
    yield server
    server.stop()


@pytest.fixture
def bucket(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bucket]:
    """A bucket of its own on it, reached through a gate, as the configuration names it."""
    moto, gate = request.getfixturevalue("moto"), request.getfixturevalue("gate")
    name = f"evidence-{next(_buckets)}"
    moto.client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    data = tmp_path / "data"
    data.mkdir(exist_ok=True)
    keys = f"[default]\naws_access_key_id = {ACCESS_KEY}\naws_secret_access_key = {SECRET_KEY}\n"
    (data / "s3.ini").write_text(keys)
    yield Bucket(name=name, endpoint=gate.endpoint, region=REGION, credentials_file="s3.ini")
    bucket_requests.forget_troubles()


@pytest.fixture
def gate(moto: Moto) -> Iterator[Gate]:
    """What the desk reaches of the server, with faults."""
    service = Gate(moto)
    yield service
    service.stop()


@pytest.fixture
def place(request: pytest.FixtureRequest) -> str:
    """Where objects lie: `folder`, or for tests that ask for it, `bucket`."""
    return str(getattr(request, "param", "folder"))


@pytest.fixture
def things(request: pytest.FixtureRequest, place: str) -> Things:
    """What lies in the stores, past the desk."""
    if place == "folder":
        return Things(None, "")
    return Things(request.getfixturevalue("moto"), request.getfixturevalue("bucket").name)


@pytest.fixture
def configure(
    site: Platform,
    keys: Keys,
    tmp_path: Path,
    settings: Any,
    monkeypatch: Any,
    place: str,
    request: pytest.FixtureRequest,
) -> Any:
    """Configure the desk."""
    buckets = (request.getfixturevalue("bucket"),) if place == "bucket" else ()
    secret = tmp_path / "site.secret"
    secret.write_text(SECRET)
    host = f"127.0.0.1:{site.site.port}"
    data = tmp_path / "data"
    data.mkdir(exist_ok=True)
    settings.DATA = data

    def configured(
        *,
        custodians: tuple[Custodian, ...] | None = None,
        regimes: tuple[str, ...] = ("us",),
        scrub_days: int = 90,
    ) -> Config:
        settings.CONFIG = Config(
            desk=DeskConfig(name="Photos", regimes=regimes),
            platforms=(
                Entry(
                    name="sample",
                    base_url=f"{site.site.url}/answerable",
                    secret_file=str(secret),
                    hosts=(host,),
                    media_hosts=(host,),
                    item_paths=("/p/{ref}",),
                ),
            ),
            buckets=buckets,
            evidence=Evidence(
                custodians=keys.configured() if custodians is None else custodians,
                scrub_days=scrub_days,
                bucket=buckets[0].name if buckets else "",
            ),
            environment="test",
        )
        from answerable.cases.commands import writing

        monkeypatch.setattr(writing, "config", lambda: settings.CONFIG)
        return settings.CONFIG

    configured()
    return configured


@pytest.fixture
def desk(
    db: None, now: datetime, configure: Any, site: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[EvidenceDesk]:
    """A desk that keeps evidence, on a database that is rolled back."""
    with turning(now, monkeypatch) as turns:
        yield EvidenceDesk(now, turns, site, tmp_path / "data" / "evidence")


@pytest.fixture
def committed(
    fresh_database: Desk, now: Any, configure: Any, site: Platform, tmp_path: Path, monkeypatch: Any
) -> Iterator[EvidenceDesk]:
    """A desk whose commits are real."""
    with turning(now, monkeypatch) as turns:
        yield EvidenceDesk(now, turns, site, tmp_path / "data" / "evidence")
