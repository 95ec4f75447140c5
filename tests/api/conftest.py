"""Keys, and a client that speaks JSON."""

import json
from datetime import datetime
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from answerable.api.keys import create_key
from answerable.policy import baseline, store
from tests.cases.desk import TestDesk


class Caller:
    """A machine with one key."""

    def __init__(self, secret: str) -> None:
        self.client = Client(raise_request_exception=False, headers={"host": "localhost"})
        self.headers = {"Authorization": f"Bearer {secret}"} if secret else {}

    def post(self, path: str, body: Any, **headers: str) -> Any:
        """Send JSON (or raw text) and give the response."""
        data = body if isinstance(body, str | bytes) else json.dumps(body)
        return self.client.post(
            f"/api/v1{path}", data, content_type="application/json", headers={**self.headers, **headers}
        )

    def get(self, path: str) -> Any:
        """Ask."""
        return self.client.get(f"/api/v1{path}", headers=self.headers)


@pytest.fixture
def pack(db: None, now: datetime) -> None:
    """The baseline pack, active."""
    with transaction.atomic():
        store.activate(baseline(), now)


@pytest.fixture
def platform(pack: None, now: datetime) -> Caller:
    """Petra's platform: sends events and screens uploads."""
    return Caller(create_key("sample", ["events:write", "screen"], now=now, platform="sample"))


@pytest.fixture
def button(pack: None, now: datetime) -> Caller:
    """The platform's own report button."""
    return Caller(create_key("button", ["reports:write", "reports:read"], now=now))


@pytest.fixture
def max_(pack: None) -> Caller:
    """Max has no key."""
    return Caller("")


@pytest.fixture
def desk(db: None, now: datetime) -> TestDesk:
    """A desk at work."""
    return TestDesk(now)
