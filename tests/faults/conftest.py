"""A desk, a site that breaks on demand, a worker by the test's clock, and the people who meet all three."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils.html import strip_tags

from answerable.audit.check import check
from answerable.audit.sequencer import sequence
from answerable.obligations.models import Obligation
from answerable.policy import baseline, store
from tests.conftest import use_door
from tests.fakes.platform import Platform
from tests.platforms.conftest import configured, entry, picture, site
from tests.support.turns import Turns, turning

__all__ = ["configured", "entry", "picture", "site"]


@pytest.fixture
def worker(
    now: datetime, database: None, configured: object, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Turns]:
    """The worker, on the test's clock, with the baseline pack active."""
    with turning(now, monkeypatch) as turns:
        with transaction.atomic():
            store.activate(baseline(), now)
        yield turns


class Reporter:
    """Somebody at the public pages."""

    def __init__(self, site: Platform) -> None:
        self.site = site
        self.client = Client(SERVER_NAME="localhost", headers={"accept-language": "en"})

    def form(self, **answers: object) -> dict[str, object]:
        """A filled form, with the nonce of a page that was shown."""
        page = self.client.get("/en/report").content.decode()
        found = re.search(r'name="nonce" value="([^"]+)"', page)
        assert found, page
        link = f"{self.site.site.url}/p/3pic"
        return {"nonce": found[1], "what": "me_child", "links": link, "danger": "none", **answers}

    def send(self, form: dict[str, object]) -> Any:
        """Press the button."""
        return self.client.post("/en/report", form)

    def report(self, ref: str = "3pic", **answers: object) -> str:
        """Report an item of the site; the access code."""
        answers.setdefault("links", f"{self.site.site.url}/p/{ref}")
        answer = self.send(self.form(**answers))
        assert answer.status_code == 200, strip_tags(answer.content.decode())
        return code_in(answer.content.decode())

    def status(self, code: str) -> str:
        """What the status page says."""
        answer = self.client.post("/en/status", {"code": code}, follow=True)
        return re.sub(r"\s+", " ", strip_tags(answer.content.decode()))


def code_in(page: str) -> str:
    """The access code that an acknowledgement shows."""
    found = re.search(r'name="code" value="([0-9]{16})"', page)
    assert found, "the page shows no access code"
    return found[1]


@pytest.fixture
def dana(worker: Turns, site: Platform, settings: Any) -> Reporter:
    """Dana at the public pages."""
    configuration = settings.CONFIG
    use_door("public", settings)
    settings.CONFIG = configuration  # the door's settings come with the configuration of the tests' desk
    return Reporter(site)


def owed(kind: str) -> Obligation:
    """The one of that kind that is owed."""
    return Obligation.objects.get(kind=kind, state="owed")


def owed_kinds(by: str = "worker") -> set[str]:
    """The kinds owed now by the worker or by people: not what only begins days from now."""
    owed_now = Obligation.objects.filter(state="owed", by=by, not_before__isnull=True)
    return set(owed_now.values_list("kind", flat=True))


def assert_log_whole() -> None:
    """Every entry has its place, and none was changed."""
    while sequence():
        pass
    assert check() == []
