"""A whole network of the platform's own programs, the people in it, and an adapter that is connected to them."""

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from answerable.platforms.atproto.adapter import Adapter
from answerable.settings.config import Config, Desk
from answerable.settings.config import Platform as Entry
from tests.platforms.atproto import network as networks
from tests.platforms.atproto.network import Network
from tests.platforms.atproto.people import Account, Moderators, Stranger

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
def network() -> Iterator[Network]:
    """A fresh network, the same for all tests."""
    with networks.running() as running:
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


class Cache:
    """What tells a cache to forget: the AppView's folder of pictures stands for a CDN."""

    def __init__(self, images: Path) -> None:
        self.images = images
        self.asked: list[str] = []
        cache = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_POST(self) -> None:
                import json

                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                good = self.headers["authorization"] == "Bearer a token of the cache"
                if good:
                    cache.asked += body["files"]
                    for url in body["files"]:
                        cache.forget(url)
                self.send_response(200 if good else 403)
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/purge"
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()

    def forget(self, url: str) -> None:
        """As its operator would."""
        parts = urlsplit(url).path.split("/")
        if parts[1] == "img":
            (self.images / "::".join([parts[4], parts[5], parts[2]])).unlink(missing_ok=True)


@pytest.fixture
def cache(network: Network) -> Iterator[Cache]:
    """A cache that can be told to forget."""
    running = Cache(network.images)
    yield running
    running.server.shutdown()
    running.server.server_close()


@pytest.fixture
def make_entry(network: Network, tmp_path: Path) -> Callable[..., Entry]:
    """The network as a desk's configuration names it, with other options where a test says so."""

    def make(pds: str = "", **options: Any) -> Entry:
        secrets = {
            "pds.secret": networks.ADMIN_PASSWORD,
            "moderator.secret": networks.MODERATOR[1],
            "purge.secret": "a token of the cache",
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


def until(true: Callable[[], bool], seconds: float = 15.0, what: str = "it") -> float:
    """Seconds until something is so: the network works by itself, and has no other sign."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds, f"{what} did not become so in {seconds:.0f} s"
        time.sleep(0.02)
    return time.monotonic() - began
