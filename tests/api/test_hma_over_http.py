"""A tool written for HMA switches by changing an address: through a real server, with a real client."""

import hashlib
from collections.abc import Iterator

import httpx
import pytest

from answerable import clock
from answerable.api.keys import create_key
from answerable.settings.config import CONFIG_NAME
from tests.api.pictures import jpeg, picture
from tests.api.test_two_processes import Door
from tests.matching.rows import change
from tests.serve.test_desk import free_ports
from tests.support.desks import Desk


@pytest.fixture
def door(fresh_database: Desk) -> Iterator[Door]:
    """The public door of a desk whose configuration opens the one for HMA's users."""
    with (fresh_database.data / CONFIG_NAME).open("a") as file:
        file.write("\n[hma]\nenabled = true\n")
    (port,) = free_ports(1)
    started = Door(fresh_database, port)
    try:
        started.wait_until_ready()
        yield started
    finally:
        started.process.terminate()
        started.process.wait(30)


def test_a_tool_that_takes_an_address_only_hashes_looks_up_and_fills_banks(door: Door) -> None:
    curator = create_key("curator", ["banks:write", "matches:read"], now=clock.now())
    gate = create_key("gate", ["screen"], now=clock.now(), platform="sample")
    photo, other = {"photo": ("p.jpg", jpeg(picture(1)))}, {"photo": ("q.jpg", jpeg(picture(2)))}
    with httpx.Client(trust_env=False, timeout=30) as client:
        there = f"http://hma:{curator}@localhost:{door.port}/hma"
        assert client.get(f"http://localhost:{door.port}/hma/status").text == "I-AM-ALIVE"
        assert client.post(f"{there}/c/banks", json={"name": "BANK"}).status_code == 201
        added = client.post(f"{there}/c/bank/BANK/content", files=photo).json()
        assert client.post(f"{there}/h/hash", files=photo).json() == added["signals"]
        found = client.post(f"{there}/m/lookup", files=photo).json()
        assert found == {"pdq": {"BANK": [{"bank_content_id": added["id"], "distance": "0"}]}}
        upload_path = f"http://hma:{gate}@localhost:{door.port}/hma"
        held = client.post(f"{upload_path}/m/lookup", files=photo).json()
        assert held == {"pdq": {"HOLD": [{"bank_content_id": 0, "distance": "-"}]}}
        change("add", "sha256", hashlib.sha256(photo["photo"][1]).digest())
        assert client.post(f"{upload_path}/m/lookup", files=photo).json()["pdq"].keys() == {"BLOCK"}
        assert client.post(f"{upload_path}/m/lookup", files=other).json() == {"pdq": {}}
        assert client.get(f"http://localhost:{door.port}/hma/c/banks").status_code == 401


def test_it_is_closed_where_the_configuration_does_not_open_it(fresh_database: Desk) -> None:
    from answerable.settings.config import read

    assert read(fresh_database.data / CONFIG_NAME).hma.enabled is False
