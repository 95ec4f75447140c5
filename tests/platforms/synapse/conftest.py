"""A real homeserver, and a real desk that answers for it: both started once for all tests here."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection, transaction

from answerable import clock
from answerable.api.keys import create_key
from answerable.cases import commands
from answerable.cases.inputs import ReviewIn
from answerable.cases.models import Item
from answerable.cases.models import Person as Staff
from answerable.demo.matrix.person import Person
from answerable.demo.matrix.server import SERVER_NAME, Synapse
from answerable.lineage import die_with_parent
from answerable.platforms.synapse.adapter import Adapter
from answerable.policy import load_named, store
from answerable.policy.words import Age, Verdict
from answerable.settings.config import CONFIG_NAME, DATA_VARIABLE, config, read
from tests.platforms.synapse.front import Front
from tests.serve.test_desk import free_ports, get
from tests.support.desks import Desk, fresh_desk

REPOSITORY = Path(__file__).resolve().parents[3]
WITHIN_SECONDS = 60.0
READY_WITHIN_SECONDS = 90.0
PLATFORM = """
[[platforms]]
name = "matrix"
adapter = "synapse"
base_url = "{url}"
secret_file = "matrix-admin.token"
hosts = ["matrix.to", "127.0.0.1:{port}"]
erase_confirmed = true

[platforms.options]
reader_token_file = "matrix-reader.token"
server_notices = true
"""


def until(
    true: Callable[[], Any], what: str | Callable[[], str], within_seconds: float = WITHIN_SECONDS
) -> float:
    """Seconds until something in other processes is so."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < within_seconds, (
            f"not within {within_seconds} s: {what() if callable(what) else what}"
        )
        time.sleep(0.02)  # other processes: there is nothing to wait on but their answers
    return time.monotonic() - began


@dataclass
class Place:
    """The homeserver, the desk, and the people of both."""

    synapse: Synapse
    desk: Desk
    front: Front
    """Between the module in Synapse and the desk."""
    ports: list[int]
    module: dict[str, Any]
    people: dict[str, Person] = field(default_factory=dict)
    process: "subprocess.Popen[bytes] | None" = None

    def start_desk(self) -> None:
        """Start `answerable serve` and wait until both doors are ready."""
        environment = {k: v for k, v in self.desk.environment.items() if k != "DJANGO_SETTINGS_MODULE"}
        with (self.desk.data / "serve.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "answerable.cli", "serve"],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=partial(die_with_parent, os.getpid()),  # noqa: PLW1509  nothing else runs in between
            )

        def ready() -> bool:
            assert self.process is not None
            assert self.process.poll() is None, (self.desk.data / "serve.log").read_text()[-3000:]
            try:
                return all(get(port, "/ready")[0] == 200 for port in self.ports)
            except OSError:
                return False

        until(ready, "the desk is ready", READY_WITHIN_SECONDS)

    def stop_desk(self) -> None:
        """End the desk with all its parts."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(40)

    def restart_synapse(self, *, kill: bool = False, **module: Any) -> None:
        """Start Synapse anew, its module with these settings beside its own."""
        self.synapse.stop(kill=kill)
        self.synapse.configure({**self.module, **module})
        self.synapse.start()

    def person(self, name: str) -> Person:
        """Somebody of that name with an account, the same one each time."""
        if name not in self.people:
            self.people[name] = self.synapse.person(name)
        return self.people[name]

    def item(self, ref: str) -> Item:
        """An item as the desk has it now."""
        return Item.objects.select_related("content", "account", "case").get(platform="matrix", ref=ref)

    def seen(self, ref: str, wanted: str, seen: tuple[str, ...] = ()) -> float:
        """Seconds until the desk wants this of an item and saw it."""

        def so() -> bool:
            found = Item.objects.filter(platform="matrix", ref=ref, wanted=wanted)
            return found.filter(seen__in=seen or (wanted,)).exists()

        return until(so, lambda: f"{ref} {wanted}: {self.item(ref).__dict__}")

    def hidden(self, ref: str) -> float:
        """Seconds until an item is hidden, and was seen to be."""
        return self.seen(ref, "hidden", ("hidden", "gone"))


@pytest.fixture(scope="package")
def place(
    tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: Any
) -> Iterator[Place]:
    """Both, started; the tests' own commands work on the desk's database."""
    subprocess.run([REPOSITORY / "scripts" / "synapse"], check=True)
    folder = tmp_path_factory.mktemp("synapse")
    public, staff, port = free_ports(3)
    with django_db_blocker.unblock():
        migrated, postgresql = connection.settings_dict["NAME"], connection.vendor == "postgresql"
        before = (django_settings.CONFIG, django_settings.DATA, os.environ[DATA_VARIABLE])
        with fresh_desk(folder, migrated=migrated, postgresql=postgresql, serial=os.getpid()) as desk:
            path = desk.data / CONFIG_NAME
            text = path.read_text().replace("8400", str(public)).replace("8401", str(staff))
            url = f"http://127.0.0.1:{port}"
            path.write_text(text + PLATFORM.format(url=url, port=port))
            django_settings.CONFIG, django_settings.DATA = read(path), desk.data
            os.environ[DATA_VARIABLE] = str(desk.data)
            config.cache_clear()
            now = clock.now()
            with transaction.atomic():
                store.activate(load_named("baseline"), now)
            key = folder / "screening.key"
            scopes = ["screen", "events:write"]
            key.write_text(create_key("synapse", scopes, now=now, platform="matrix"))
            front = Front("localhost", public)
            module = {
                "desk_url": front.url,
                "api_key_file": str(key),
                "spool": str(folder / "spool"),
                "answer_within_seconds": 10,
            }
            synapse = Synapse(folder / "homeserver", port, module)
            running = Place(synapse, desk, front, [public, staff], module)
            try:
                synapse.start()
                admin = synapse.person("petra", admin=True)
                running.people["petra"] = admin
                (desk.data / "matrix-admin.token").write_text(admin.token)
                (desk.data / "matrix-reader.token").write_text(running.person("reader").token)
                running.start_desk()
                yield running
            finally:
                running.stop_desk()
                synapse.stop()
                front.stop()
                django_settings.CONFIG, django_settings.DATA, os.environ[DATA_VARIABLE] = before
                config.cache_clear()


@pytest.fixture
def adapter(place: Place) -> Adapter:
    """The adapter, asked directly."""
    return Adapter(next(one for one in django_settings.CONFIG.platforms if one.name == "matrix"))


QUALIFIED = ["child_safety", "intimate_images"]


def judge(place: Place, ref: str, name: str, verdict: Verdict, **facts: Any) -> None:
    """A reviewer judges an item's present content."""
    with transaction.atomic():
        staff, _ = Staff.objects.get_or_create(
            pseudonym=name, defaults={"qualifications": QUALIFIED, "on_call": True}
        )
    item = place.item(ref)
    facts.setdefault("clause", "csam.depiction")
    commands.review(
        ReviewIn(
            content_ids=(item.content_id or 0,),
            person_id=staff.pk,
            verdict=verdict,
            age=Age.CHILD,
            reason="as the clause says",
            began_at=clock.now() - timedelta(milliseconds=1),
            **facts,
        ),
        now=clock.now(),
    )


def media(mxc: str) -> str:
    """The ref of an upload."""
    return "media/" + mxc.removeprefix("mxc://")


def event(room: str, event_id: str) -> str:
    """The ref of an event."""
    return f"event/{room}/{event_id}"


__all__ = ["SERVER_NAME", "Place", "event", "judge", "media", "until"]
