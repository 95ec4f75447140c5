"""A real desk, and both worked examples as real sites beside it: each started once for all tests."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from answerable.demo.sample.pictures import jpeg, landscape
from answerable.demo.stack import free_ports
from answerable.settings.create import create, webhook_secret, write_private

EXAMPLES = Path(__file__).parents[2] / "examples"
START_WITHIN_SECONDS = 60.0
PLATFORM = """
[[platforms]]
name = "{name}"
adapter = "http"
base_url = "{url}/answerable"
secret_file = "{name}.secret"
hosts = ["localhost:{port}"]
media_hosts = ["localhost:{port}"]
item_paths = ["/p/{{ref}}"]
"""
PROGRAMS = {
    "asgi": [["granian", "--interface", "asgi", "app:app"]],
    "django": [["granian", "--interface", "wsgi", "wsgi:application"], ["manage.py", "tell_desk"]],
}
FOLDERS = {"asgi": EXAMPLES / "asgi_site", "django": EXAMPLES / "django_site"}


def until(true: Callable[[], object], what: str, seconds: float = 20.0) -> float:
    """Wait for something; how long it took."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds, what
        time.sleep(0.02)
    return time.monotonic() - began


@dataclass
class Site:
    """An example as it runs: a site with a database of its own, and a desk that it knows by its address."""

    name: str
    folder: Path
    data: Path
    port: int
    desk_url: str
    settings: dict[str, str] = field(default_factory=dict)
    processes: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def start(self) -> None:
        mine = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
        environment = {
            **mine,
            "SITE_DATA": str(self.data),
            "SITE_URL": self.url,
            "DESK_URL": self.desk_url,
            "GRANIAN_PORT": str(self.port),
            "PYTHONPATH": str(self.folder),  # and nothing of the desk's
            **self.settings,
        }
        self.data.mkdir(exist_ok=True)
        with (self.data / "log").open("ab") as log:
            if self.name == "django":
                migrate = [sys.executable, "manage.py", "migrate", "--run-syncdb", "-v0"]
                subprocess.run(migrate, cwd=self.folder, env=environment, check=True, stdout=log, stderr=log)
            for program in PROGRAMS[self.name]:
                start = ["-m"] if program[0] == "granian" else []
                self.processes.append(
                    subprocess.Popen(
                        [sys.executable, *start, *program],
                        cwd=self.folder,
                        env=environment,
                        stdout=log,
                        stderr=log,
                        start_new_session=True,
                    )
                )

    def wait(self) -> None:
        def answers() -> bool:
            assert all(one.poll() is None for one in self.processes), (self.data / "log").read_text()
            with suppress(httpx.HTTPError):
                return httpx.get(self.url).status_code == 200
            return False

        until(answers, "the site does not start", START_WITHIN_SECONDS)

    def stop(self, how: int = signal.SIGTERM) -> None:
        for process in self.processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, how)
        for process in self.processes:
            process.wait(20)
        self.processes.clear()

    def upload(self, picture: bytes, account: str = "uri") -> httpx.Response:
        """What a browser sends from the form on the first page."""
        with httpx.Client(base_url=self.url) as browser:
            token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', browser.get("/").text)
            fields = {"account": account, **({"csrfmiddlewaretoken": token[1]} if token else {})}
            return browser.post("/upload", data=fields, files={"picture": ("a.jpg", picture)})

    def posted(self, picture: bytes, account: str = "uri") -> str:
        """The ref of a new upload."""
        answer = self.upload(picture, account)
        assert answer.status_code in (302, 303), answer.text
        return answer.headers["location"].removeprefix("/p/")

    def shown(self, picture: bytes) -> str:
        """The ref of an upload that is visible though no desk ever cleared it: only for what needs none."""
        ref = self.posted(picture)
        table = {"asgi": "item", "django": "pictures_picture"}[self.name]
        with sqlite3.connect(self.data / "site.sqlite3") as database:
            database.execute(f"UPDATE {table} SET held = 0, to_screen = 0")
        return ref

    def sees(self, ref: str) -> tuple[int, int]:
        """What a stranger gets: the status of the page, and of the bytes."""
        return httpx.get(f"{self.url}/p/{ref}").status_code, httpx.get(f"{self.url}/media/{ref}").status_code


@contextmanager
def running(site: Site) -> Iterator[Site]:
    try:
        site.start()
        site.wait()
        yield site
    finally:
        site.stop()


@pytest.fixture(scope="session")
def draw() -> Callable[[int], bytes]:
    """A small landscape as a file, by number."""
    return lambda number: jpeg(landscape(number, 320, 240))


@dataclass
class Desk:
    """The desk's process tree, started as an operator starts it."""

    data: Path
    url: str
    process: "subprocess.Popen[bytes]"
    environment: dict[str, str]

    def run(self, *arguments: str) -> str:
        """What a command prints that is run on this desk's data."""
        return subprocess.run(
            [sys.executable, *arguments], env=self.environment, check=True, capture_output=True, text=True
        ).stdout.strip()

    def command(self, *arguments: str) -> str:
        return self.run("-m", "answerable.cli", *arguments)

    def report(self, link: str) -> None:
        """What the form sends when somebody presses its button."""
        with httpx.Client(base_url=self.url, headers={"accept-language": "en"}) as browser:
            page = browser.get("/en/report", params={"link": link}).text
            nonce = re.search(r'name="nonce" value="([^"]+)"', page)
            assert nonce, page
            answers = {"nonce": nonce[1], "what": "me_child", "links": link, "danger": "none"}
            assert browser.post("/en/report", data=answers).status_code == 200


@dataclass
class World:
    """The desk, and the sites that it answers for."""

    desk: Desk
    sites: dict[str, Site]


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A desk that answers for both examples."""
    folder = tmp_path_factory.mktemp("examples")
    data, (public, staff, *ports) = folder / "desk", free_ports(4)
    path = create(data, sample=False, environment="demo", public_port=public, staff_port=staff)
    sites = {
        name: Site(name, FOLDERS[name], folder / name, port, f"http://localhost:{public}")
        for name, port in zip(FOLDERS, ports, strict=True)
    }
    with path.open("a") as configuration:
        for site in sites.values():
            configuration.write(PLATFORM.format(name=site.name, url=site.url, port=site.port))
            write_private(data / f"{site.name}.secret", webhook_secret())
    mine = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    environment = {**mine, "ANSWERABLE_DATA": str(data)}
    with ExitStack() as ends:
        log = ends.enter_context((folder / "desk.log").open("wb"))
        serve = [sys.executable, "-m", "answerable.cli", "serve", "--demo-data"]
        process = subprocess.Popen(serve, env=environment, stdout=log, stderr=log, start_new_session=True)
        ends.callback(process.wait, 30)
        ends.callback(process.terminate)
        desk = Desk(data, f"http://localhost:{public}", process, environment)
        for site in sites.values():
            ends.enter_context(_connected(site, data))
        for site in sites.values():
            site.wait()
        ready = lambda: "Ctrl-C stops everything." in (folder / "desk.log").read_text()  # noqa: E731
        until(ready, "the desk does not start", START_WITHIN_SECONDS)
        for site in sites.values():
            scopes = ("--scope", "events:write", "--scope", "screen")
            key = desk.command("key", "add", site.name, *scopes, "--platform", site.name)
            (site.data / "desk.key").write_text(key)
        yield World(desk, sites)


@contextmanager
def _connected(site: Site, data: Path) -> Iterator[None]:
    site.data.mkdir()
    (site.data / "desk.secret").write_bytes((data / f"{site.name}.secret").read_bytes())
    try:
        site.start()
        yield
    finally:
        site.stop()


@pytest.fixture(params=sorted(FOLDERS))
def site(request: pytest.FixtureRequest, world: World) -> Site:
    """Each of the examples, connected to the desk."""
    return world.sites[request.param]
