"""The sample site as a real process, with a desk that it can talk to."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from answerable.demo.sample.pictures import jpeg, landscape
from answerable.demo.sample.visitor import Visitor
from answerable.platforms.http.adapter import Adapter
from answerable.settings.config import Platform as Entry
from tests.fakes.desk import API_KEY, Desk
from tests.fakes.platform import SECRET


@dataclass
class Running:
    """A running sample site."""

    url: str
    data: Path
    secret: Path
    desk: Desk
    process: subprocess.Popen[bytes]

    def visitor(self, name: str = "") -> Visitor:
        return Visitor(self.url, name)

    @property
    def adapter(self) -> Adapter:
        host = self.url.removeprefix("http://")
        return Adapter(
            Entry(
                name="sample",
                base_url=f"{self.url}/answerable",
                secret_file=str(self.secret),
                hosts=(host,),
                media_hosts=(host,),
                item_paths=("/p/{ref}", "/m/{ref}", "/u/{ref} profile"),
            )
        )


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def start(data: Path, desk: Desk, *arguments: str) -> Running:
    """Start the site and wait until it serves."""
    port = _free_port()
    data.mkdir(exist_ok=True)
    secret = data / "sample.secret"
    secret.write_text(SECRET)
    (data / "sample.key").write_text(API_KEY)
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "answerable.demo.sample", "--port", str(port), "--data", str(data)]
    command += ["--desk", desk.url, "--public-url", url, *arguments]
    with (data / "log").open("wb") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, start_new_session=True, env=dict(os.environ)
        )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, (data / "log").read_text()
        try:
            if httpx.get(f"{url}/ready", timeout=1, trust_env=False).status_code == 200:
                return Running(url, data, secret, desk, process)
        except httpx.TransportError:
            process_waits(process)
    raise AssertionError((data / "log").read_text())


def process_waits(process: subprocess.Popen[bytes]) -> None:
    """Give the process a moment; ends early when it does."""
    try:
        process.wait(0.1)
    except subprocess.TimeoutExpired:
        return


def stop(site: Running) -> None:
    """End the site and its worker: they are a process group of their own."""
    os.killpg(site.process.pid, signal.SIGTERM)
    try:
        site.process.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(site.process.pid, signal.SIGKILL)
        site.process.wait(10)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The site without demo data, one for a module's tests."""
    desk = Desk()
    desk.start()
    site = start(tmp_path_factory.mktemp("lumen"), desk, "--no-demo-data")
    yield site
    stop(site)
    desk.stop()


@pytest.fixture(autouse=True)
def _friendly_desk(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "sample" in request.fixturenames:
        desk = request.getfixturevalue("sample").desk
        desk.verdict, desk.status = "clear", 202


@pytest.fixture(scope="session")
def draw() -> Callable[[int], bytes]:
    """A small landscape as a file, by number."""
    return lambda number: jpeg(landscape(number, 320, 240))
