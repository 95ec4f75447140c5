"""A file confirmed in one process cannot be uploaded again through any other, a second later."""

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import chain
from typing import Any

import pytest
from django.db import connections

from answerable import clock
from answerable.api.keys import create_key
from answerable.cases.inputs import Prints
from answerable.cases.models import Person
from answerable.media import fingerprint
from tests.api.pictures import inline, jpeg, picture
from tests.cases.desk import TestDesk
from tests.media.videos import film, scene
from tests.serve.test_desk import free_ports
from tests.support.desks import Desk

WITHIN_SECONDS = 60


class Door:
    """A server process of its own on the desk's database, asked over HTTP."""

    def __init__(self, desk: Desk, port: int) -> None:
        self.port = port
        self.process = subprocess.Popen(
            [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
             "--no-ws", "--log-level", "error", "answerable.serve.public_wsgi:application"],
            env={**desk.environment, "DJANGO_SETTINGS_MODULE": "answerable.settings.public"},
        )  # fmt: skip

    def ask(self, method: str, path: str, body: Any = None, key: str = "") -> tuple[int, Any]:
        """Status and text, or the JSON that came."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Host": "localhost", "Content-Type": "application/json", "Authorization": f"Bearer {key}"}
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
            return answer.status, json.loads(text) if text.startswith("{") else text
        finally:
            connection.close()

    def wait_until_ready(self) -> None:
        until = time.monotonic() + WITHIN_SECONDS
        while True:
            try:
                status, text = self.ask("GET", "/ready")
                if status == 200:
                    return
            except OSError as error:
                text = str(error)
            assert self.process.poll() is None, "the server ended"
            assert time.monotonic() < until, text
            time.sleep(0.1)  # another process starts: nothing to wait on but its answer

    def verdict(self, data: bytes, key: str) -> str:
        status, answer = self.ask("POST", "/api/v1/screen", {"account": "max", "media": inline(data)}, key)
        assert status == 200, answer
        return str(answer["verdict"])


@pytest.fixture
def doors(fresh_database: Desk) -> Iterator[list[Door]]:
    """Two of them."""
    started = [Door(fresh_database, port) for port in free_ports(2)]
    try:
        for door in started:
            door.wait_until_ready()
        yield started
    finally:
        for door in started:
            door.process.terminate()
        for door in started:
            door.process.wait(30)


def test_a_confirmed_picture_is_refused_by_every_process_at_its_next_answer(
    doors: list[Door], ravi: Person
) -> None:
    now = clock.now()
    desk = TestDesk(now)
    key = create_key("site", ["events:write", "screen"], now=now, platform="sample")
    image = picture(1)
    data, near = jpeg(image), jpeg(image.resize((200, 150)), 60)
    other = jpeg(picture(2))
    prints = Prints.of(fingerprint(data))
    desk.upload("a", prints=prints)
    for door in doors:
        assert [door.verdict(one, key) for one in (data, near, other)] == ["clear", "clear", "clear"]
    desk.report("a")
    desk.yes(ravi, "a")
    confirmed_at = time.monotonic()
    for door in doors:
        assert door.verdict(data, key) == "block"
    assert time.monotonic() - confirmed_at < WITHIN_SECONDS
    for door in doors:
        assert [door.verdict(one, key) for one in (near, other)] == ["hold", "clear"]
    connections.close_all()


def test_a_confirmed_clip_is_held_inside_a_longer_upload_through_real_http(
    doors: list[Door], ravi: Person
) -> None:
    now = clock.now()
    desk = TestDesk(now)
    key = create_key("site", ["events:write", "screen"], now=now, platform="sample")
    clip = film(scene(1, 6))
    longer, other = film(chain(scene(2, 7), scene(1, 6), scene(3, 4)), crf=28), film(scene(4, 6))

    def upload(ref: str, data: bytes) -> Any:
        about = {"ref": ref, "kind": "video", "account": ref, "media": inline(data)}
        event = {"type": "item.registered", "timestamp": now.isoformat(), "data": about}
        status, answer = doors[0].ask("POST", "/api/v1/events", event, key)
        assert status == 200, answer
        return answer["wanted"]

    assert upload("clip", clip) == "visible"
    assert doors[1].verdict(longer, key) == "clear"
    desk.report("clip", kind="video")
    desk.yes(ravi, "clip")
    assert [doors[1].verdict(one, key) for one in (clip, longer, other)] == ["block", "hold", "clear"]
    assert [upload("longer", longer), upload("other", other)] == ["hidden", "visible"]
    connections.close_all()
