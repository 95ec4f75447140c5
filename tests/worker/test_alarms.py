"""What is late pages people once, without a word about a person; a page that fails is tried again."""

import json
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.db import transaction

from answerable.audit.models import AuditEntry
from answerable.obligations import Owed, keep, owe, paging
from answerable.obligations.models import Obligation
from answerable.policy.words import By
from answerable.settings.config import Alerts, config
from answerable.worker import alarms
from tests.support.desks import Desk


class Pager:
    """A pager of ours on this machine: what apprise posts to `json://`."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.status = 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if outer.status == 200:
                    outer.messages.append(json.loads(body))
                self.send_response(outer.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"json://127.0.0.1:{self.server.server_port}/page"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def pager(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pager]:
    made = Pager()
    call(monkeypatch, made.url)
    yield made
    made.server.shutdown()
    made.server.server_close()


def call(monkeypatch: pytest.MonkeyPatch, *urls: str) -> None:
    on_call = config().model_copy(update={"alerts": Alerts(urls=urls)})
    monkeypatch.setattr(paging, "config", lambda: on_call)


@pytest.fixture
def late(fresh_database: Desk, now: datetime) -> datetime:
    """Two obligations, and a time at which one of them is late."""
    with transaction.atomic():
        owe(
            [
                Owed(kind="look", subject="item:1", by=By.PEOPLE, due_at=now + timedelta(minutes=15)),
                Owed(kind="decide", subject="item:1", by=By.PEOPLE, due_at=now + timedelta(days=1)),
            ],
            now=now,
            cause="report:1",
            case_id=3,
        )
    return now + timedelta(minutes=16)


def entries() -> list[dict[str, Any]]:
    rows = AuditEntry.objects.filter(kind="obligation_alarmed").order_by("pk")
    return [{**json.loads(row.event), "case": row.case_id, "actor": row.actor} for row in rows]


def test_what_is_late_pages_once_and_stands_in_the_log(pager: Pager, late: datetime) -> None:
    assert alarms.sound(late) == 1
    assert alarms.sound(late + timedelta(minutes=1)) == 0
    [message] = pager.messages
    row = Obligation.objects.get(kind="look")
    assert message["title"].endswith("1 obligation is late")
    assert f"look (number {row.pk}) was due at 2026-12-01 09:15:00 UTC" in message["message"]
    assert row.alarmed_at == late
    assert entries() == [
        {
            "obligation": row.pk,
            "kind": "look",
            "due_at": "2026-12-01T09:15:00+00:00",
            "paged": True,
            "case": 3,
            "actor": "worker",
        }
    ]


def test_the_page_names_neither_item_nor_report(pager: Pager, late: datetime) -> None:
    alarms.sound(late)
    [message] = pager.messages
    assert "item:" not in json.dumps(message)
    assert "report:" not in json.dumps(message)


def test_what_is_in_time_pages_nobody(pager: Pager, late: datetime, now: datetime) -> None:
    assert alarms.sound(now + timedelta(minutes=15)) == 0
    assert pager.messages == []


def test_a_page_that_fails_is_tried_again(pager: Pager, late: datetime) -> None:
    pager.status = 500
    with pytest.raises(paging.PagingFailed):
        alarms.sound(late)
    assert entries() == []
    assert Obligation.objects.get(kind="look").alarmed_at is None
    pager.status = 200
    assert alarms.sound(late) == 1
    assert len(pager.messages) == len(entries()) == 1


def test_one_address_that_works_is_enough(
    pager: Pager, late: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    call(monkeypatch, "json://127.0.0.1:1/nobody", "nonsense", pager.url)
    assert paging.page("title", "text") == 1
    assert len(pager.messages) == 1


def test_a_page_to_a_host_outside_would_fail_a_test_though_the_pager_swallows_it(
    late: datetime, monkeypatch: pytest.MonkeyPatch, no_outside_network: list[str]
) -> None:
    """Rule 4: the guard of these tests sees what apprise does, in its threads too."""
    call(monkeypatch, "json://pager.example.org/page", "json://192.0.2.1/page")
    with pytest.raises(paging.PagingFailed):
        paging.page("title", "text")
    assert any("pager.example.org" in attempt for attempt in no_outside_network)
    assert any("192.0.2.1" in attempt for attempt in no_outside_network)
    no_outside_network.clear()


def test_with_nobody_to_page_it_stands_in_the_log(late: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    call(monkeypatch)
    assert alarms.sound(late) == 1
    assert [entry["paged"] for entry in entries()] == [False]
    with pytest.raises(paging.NobodyToPage, match="alerts"):
        paging.page("title", "text")


def test_many_at_once_are_one_message(pager: Pager, fresh_database: Desk, now: datetime) -> None:
    with transaction.atomic():
        owe(
            [
                Owed(kind="look", subject=f"item:{number}", by=By.PEOPLE, due_at=now)
                for number in range(1, 251)
            ],
            now=now,
            cause="report:1",
        )
    after = now + timedelta(seconds=1)
    assert [alarms.sound(after) for _ in range(3)] == [200, 50, 0]
    assert [message["title"].split(": ")[1] for message in pager.messages] == [
        "200 obligations are late",
        "50 obligations are late",
    ]
    assert "and 180 more" in pager.messages[0]["message"]
    assert len(entries()) == 250


def test_one_kept_while_people_were_paged_is_left_alone(
    pager: Pager, late: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = Obligation.objects.get(kind="look")

    def page_slowly(_title: str, _text: str) -> int:
        with transaction.atomic():
            keep(row, now=late, proof_entry_id=1)
        return 1

    monkeypatch.setattr(paging, "page", page_slowly)
    assert alarms.sound(late) == 1
    row.refresh_from_db()
    assert (row.state, row.alarmed_at) == ("kept_late", None)
