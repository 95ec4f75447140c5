"""A whole network of the platform's own programs, the people in it, and an adapter that is connected to them."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from answerable.demo.atproto import network as networks
from answerable.demo.atproto.cache import TOKEN, Cache
from answerable.demo.atproto.network import Network
from answerable.demo.atproto.person import Account, Stranger
from answerable.platforms.atproto.adapter import Adapter
from answerable.settings.config import Config, Desk
from answerable.settings.config import Platform as Entry
from tests.platforms.atproto.people import Moderators

REPOSITORY = Path(__file__).resolve().parents[3]
MARKER = "atproto"


def pytest_configure(config: pytest.Config) -> None:
    """The tests that start the network are chosen by `-m atproto`."""
    config.addinivalue_line("markers", f"{MARKER}: installs and starts the AT Protocol's own programs")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what installs half a gigabyte, unless it was asked for."""
    if MARKER in config.getoption("markexpr", ""):
        return
    left_out = [item for item in items if item.get_closest_marker(MARKER)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """A fresh network, the same for all tests."""
    subprocess.run([REPOSITORY / "scripts" / "atproto"], check=True)
    with Network(tmp_path_factory.mktemp("network")) as running:
        yield running


@pytest.fixture
def uri(network: Network) -> Account:
    """Who uploads."""
    return Account(network, "uri")


@pytest.fixture
def dana(network: Network) -> Account:
    """Who is depicted, and has an account, too."""
    return Account(network, "dana")


@pytest.fixture
def max_(network: Network) -> Stranger:
    """A stranger."""
    return Stranger(network)


@pytest.fixture
def moderators(network: Network) -> Moderators:
    """The platform's own moderators."""
    return Moderators(network)


@pytest.fixture
def cache(network: Network) -> Iterator[Cache]:
    """A cache that can be told to forget."""
    running = Cache(network.images)
    yield running
    running.close()


@pytest.fixture
def make_entry(network: Network, tmp_path: Path) -> Callable[..., Entry]:
    """The network as a desk's configuration names it, with other options where a test says so."""

    def make(pds: str = "", **options: Any) -> Entry:
        secrets = {
            "pds.secret": networks.ADMIN_PASSWORD,
            "moderator.secret": networks.MODERATOR[1],
            "purge.secret": TOKEN,
        }
        for name, secret in secrets.items():
            (tmp_path / name).write_text(secret + "\n")
        return Entry(
            name="sky",
            adapter="atproto",
            base_url=pds or network.pds,
            secret_file=str(tmp_path / "pds.secret"),
            hosts=("sky.example",),
            options={
                "appview": network.appview,
                "ozone": network.ozone_did,
                "ozone_page": "https://ozone.example",
                "moderator": networks.MODERATOR[0],
                "moderator_secret_file": str(tmp_path / "moderator.secret"),
                "purge_secret_file": str(tmp_path / "purge.secret"),
                **options,
            },
        )

    return make


@pytest.fixture
def entry(make_entry: Callable[..., Entry], cache: Cache) -> Entry:
    """The usual one, which can tell the cache."""
    return make_entry(purge=cache.url)


@pytest.fixture
def configured(entry: Entry, settings: Any) -> Entry:
    """A desk that answers for the network."""
    settings.CONFIG = Config(desk=Desk(regimes=("us", "uk", "eu.fr")), platforms=(entry,), environment="test")
    return entry


@pytest.fixture
def adapter(entry: Entry, settings: Any, tmp_path: Path) -> Adapter:
    """The adapter, with a data directory of its own."""
    settings.DATA = tmp_path
    return Adapter(entry)
