"""What tests of the public pages share: an active policy pack, a client per person, and a filed report."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from answerable import clock
from answerable.policy import baseline, store

LINK = "http://localhost:8402/p/1"


@pytest.fixture
def pack(db: None) -> None:
    """The baseline pack, active."""
    with transaction.atomic():
        store.activate(baseline(), datetime(2026, 11, 1, tzinfo=UTC))


@pytest.fixture
def dana(pack: None) -> Client:
    """Dana's browser, in English. Like a real one, it sends back what cookies it gets, and checks CSRF."""
    return Client(enforce_csrf_checks=True, SERVER_NAME="localhost", headers={"accept-language": "en"})


@pytest.fixture
def max_(pack: None) -> Client:
    """Max's browser."""
    return Client(enforce_csrf_checks=True, SERVER_NAME="localhost", headers={"accept-language": "en"})


def hidden(page: str, name: str) -> str:
    """The value of a hidden field of a page."""
    found = re.search(rf'name="{name}" value="([^"]+)"', page)
    assert found, f"the page has no hidden field {name}"
    return found.group(1)


def form(client: Client, language: str = "en", **answers: object) -> dict[str, object]:
    """A filled report form, with the nonce of a page that was really shown."""
    page = client.get(f"/{language}/report").content.decode()
    return {
        "nonce": hidden(page, "nonce"),
        "what": "me_child",
        "links": LINK,
        "danger": "none",
        **answers,
    }


def code_in(page: str) -> str:
    """The access code that an acknowledgement shows."""
    found = re.search(r'name="code" value="([0-9]{16})"', page)
    assert found, "the page shows no access code"
    return found.group(1)


def file(client: Client, language: str = "en", **answers: object) -> str:
    """File a report as a browser does; its access code."""
    answer = client.post(f"/{language}/report", form(client, language, **answers))
    assert answer.status_code == 200, answer.content.decode()
    return code_in(answer.content.decode())


def open_status(client: Client, code: str, language: str = "en") -> str:
    """Type the code, follow to the status page; its HTML."""
    page = client.get(f"/{language}/status").content.decode()
    answer = client.post(
        f"/{language}/status",
        {"code": code, "csrfmiddlewaretoken": hidden(page, "csrfmiddlewaretoken")},
        follow=True,
    )
    return str(answer.content.decode())


def post(client: Client, address: str, page: str, **answers: object) -> Any:
    """Send a form of a page that was shown."""
    token = hidden(page, "csrfmiddlewaretoken")
    return client.post(address, {"csrfmiddlewaretoken": token, **answers})


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch, now: datetime) -> datetime:
    """The desk's clock stands at `now`."""
    monkeypatch.setattr(clock, "now", lambda: now)
    return now
