"""Screening before Django: the same answers, as safe, on a database where commits are real."""

import io
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection, transaction

from answerable.api.direct import with_screening
from answerable.api.keys import create_key, revoke_key
from answerable.audit.models import AuditEntry
from answerable.matching import known as known_module
from answerable.matching.known import Known
from tests.api.conftest import Caller
from tests.api.pictures import inline, jpeg, picture
from tests.matching.rows import change

Committing = Callable[[Sequence[Callable[[], Any]]], list[Any]]
FILE = bytes(range(32))
CLEAR = {"verdict": "clear", "match_id": "", "match": None}


class Door:
    """The public door as a WSGI server calls it, with or without the direct way."""

    def __init__(self, secret: str, application: Any = None) -> None:
        self.secret = secret
        self.application = application or with_screening(WSGIHandler())

    def send(self, body: bytes, **environ: Any) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of the answer."""
        answered: list[Any] = []
        whole = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/api/v1/screen",
            "HTTP_HOST": "localhost",
            "HTTP_AUTHORIZATION": f"Bearer {self.secret}",
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(body)),
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "wsgi.input": io.BytesIO(body),
            "wsgi.url_scheme": "http",
            **environ,
        }
        chunks = self.application(whole, lambda status, headers: answered.extend((status, headers)))
        return int(answered[0][:3]), dict(answered[1]), b"".join(chunks)

    def screen(self, asked: Any) -> Any:
        """The answer to one question in JSON."""
        status, _, body = self.send(json.dumps(asked).encode())
        assert status == 200, body
        return json.loads(body)

    def verdict(self, sha256: bytes = FILE) -> str:
        """The verdict on one file."""
        return str(self.screen({"hashes": {"sha256": sha256.hex()}})["verdict"])


@pytest.fixture(autouse=True)
def fresh_view(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that knows nothing yet."""
    monkeypatch.setattr(known_module, "_known", Known())


@pytest.fixture
def door(fresh_database: object, now: datetime) -> Door:
    """Petra's platform before its uploads."""
    return Door(create_key("gate", ["screen"], now=now, platform="sample"))


@pytest.mark.parametrize(
    "body",
    [
        b'{"hashes": {"sha256": "' + b"0" * 64 + b'"}}',
        b'{"batch": [{"pdq": "' + b"f" * 64 + b'", "pdq_quality": 100}, {"md5": "' + b"0" * 32 + b'"}]}',
        b'{"hashes": {"sha256": "short"}, "batch": [{}], "more": 1}',
        b'{"hashes": {}}',
        b"{",
        b"[]",
        b"\xff\xfe",
        b"",
    ],
)
def test_it_answers_as_the_operation_does(door: Door, body: bytes) -> None:
    direct, through_django = door.send(body), Door(door.secret, WSGIHandler()).send(body)
    assert direct[0] == through_django[0]
    assert direct[2] == through_django[2]


def test_every_header_of_the_door_is_there(door: Door, settings: Any) -> None:
    settings.SECURE_HSTS_SECONDS = 60
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    body = b'{"hashes": {"sha256": "' + b"0" * 64 + b'"}}'
    secure = {"HTTP_X_FORWARDED_PROTO": "https"}
    _, direct, _ = Door(door.secret).send(body, **secure)
    _, through_django, _ = Door(door.secret, WSGIHandler()).send(body, **secure)
    for name in ("Vary", "Content-Language"):  # about languages, which an answer to a machine has not
        through_django.pop(name, None)
    assert through_django.items() <= direct.items()


def test_a_key_that_another_process_revokes_ends_with_its_next_request(
    door: Door, committing: Committing, now: datetime
) -> None:
    assert [door.verdict(), door.verdict()] == ["clear", "clear"]
    committing([lambda: revoke_key("gate", now=now)])
    assert door.send(b"{}")[0] == 401


def test_what_another_process_confirms_is_blocked_at_the_next_answer(
    door: Door, committing: Committing
) -> None:
    assert [door.verdict(), door.verdict()] == ["clear", "clear"]
    committing([lambda: change("add", "sha256", FILE)])
    assert door.verdict() == "block"
    committing([lambda: change("remove", "sha256", FILE)])
    assert door.verdict() == "clear"


def test_what_this_very_connection_confirms_is_blocked_too(door: Door) -> None:
    assert [door.verdict(), door.verdict()] == ["clear", "clear"]
    change("add", "sha256", FILE)
    assert door.verdict() == "block"


def test_while_another_thread_loads_it_all_the_answer_is_503_and_not_a_wait(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_module, "WAIT_SECONDS", 0.01)
    with known_module.known()._alone():
        assert door.send(b'{"hashes": {"pdq": "' + b"0" * 64 + b'"}}')[0] == 503


def test_without_its_table_nothing_is_cleared_and_readiness_returns_with_it(door: Door) -> None:
    assert door.verdict() == "clear"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE cases_knownchange RENAME TO elsewhere")
    change_of_others = b'{"hashes": {"sha256": "' + FILE.hex().encode() + b'"}}'
    status, headers, body = door.send(change_of_others)
    assert (status, headers["Retry-After"]) == (503, "1")
    assert b"can't" in body
    assert door.send(change_of_others)[0] == 503, "a failed look never counts as one that found nothing"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE elsewhere RENAME TO cases_knownchange")
    assert door.verdict() == "clear"


@pytest.mark.parametrize(
    ("environ", "status"),
    [
        ({"HTTP_HOST": "elsewhere.example"}, 400),
        ({"HTTP_HOST": ""}, 400),
        ({"HTTP_AUTHORIZATION": ""}, 401),
        ({"HTTP_AUTHORIZATION": "Bearer ak_made_up"}, 401),
        ({"HTTP_AUTHORIZATION": "Basic YTpi"}, 401),
        ({"CONTENT_LENGTH": ""}, 411),
        ({"CONTENT_LENGTH": "-1"}, 411),
        ({"CONTENT_LENGTH": str(50 * 2**20)}, 413),
        ({"CONTENT_LENGTH": "99"}, 400),
    ],
)
def test_what_is_wrong_is_refused_before_it_is_read(door: Door, environ: dict[str, str], status: int) -> None:
    answered, headers, body = door.send(b'{"hashes": {"md5": "' + b"0" * 32 + b'"}}', **environ)
    assert answered == status
    assert headers["Content-Type"] == "application/problem+json"
    assert json.loads(body)["detail"]


def test_a_file_is_screened_as_it_is_without_base64(door: Door) -> None:
    data = jpeg(picture(1))
    as_file = {"CONTENT_TYPE": "image/jpeg", "HTTP_ANSWERABLE_ACCOUNT": "uri%20%C3%A9"}
    assert json.loads(door.send(data, **as_file)[2]) == CLEAR
    import hashlib

    change("add", "sha256", hashlib.sha256(data).digest())
    assert json.loads(door.send(data, **as_file)[2])["verdict"] == "block"
    assert door.screen({"media": inline(data)})["verdict"] == "block"
    assert door.send(b"", **as_file)[0] == 422
    assert door.send(data, CONTENT_TYPE="image/jpeg", HTTP_ANSWERABLE_ACCOUNT="%00")[0] == 422
    through_django = Door(door.secret, WSGIHandler()).send(data, **as_file)
    assert json.loads(through_django[2])["verdict"] == "block"


def test_of_a_batch_each_that_is_not_clear_is_in_the_log(door: Door) -> None:
    change("add", "sha256", FILE)
    batch = [{"sha256": FILE.hex()}] * 1200 + [{"sha256": "0" * 64}] * 5
    results = door.screen({"batch": batch})["results"]
    assert [one["verdict"] for one in results] == ["block"] * 1200 + ["clear"] * 5
    assert AuditEntry.objects.filter(kind="screened_block", actor="platform:sample").count() == 1200
    assert len({one["match_id"] for one in results[:1200]}) == 1200


def test_only_a_key_that_reads_matches_is_told_what_matched(door: Door, now: datetime) -> None:
    change("add", "sha256", FILE, "ncmec.A1")
    asked = {"hashes": {"sha256": FILE.hex()}}
    assert door.screen(asked)["match"] is None
    desk = Door(create_key("analyst", ["matches:read"], now=now))
    assert desk.screen(asked)["match"] == {"hash_list": "ncmec.A1", "kind": "sha256", "distance": 0}
    assert AuditEntry.objects.filter(kind="screened_hold").exclude(actor="platform:sample").count() == 1


def test_a_match_id_is_opened_for_a_key_that_reads_matches_and_that_is_in_the_log(
    door: Door, now: datetime
) -> None:
    change("add", "sha256", FILE, "ncmec.A1")
    match_id = door.screen({"hashes": {"sha256": FILE.hex()}})["match_id"]
    analyst = Caller(create_key("analyst", ["matches:read"], now=now))
    assert analyst.get(f"/matches/{match_id}").json() == {
        "hash_list": "ncmec.A1",
        "kind": "sha256",
        "distance": 0,
    }
    assert AuditEntry.objects.get(kind="match_told").event == f'{{"match":"{match_id}"}}'
    assert analyst.get("/matches/made-up").status_code == 404
    assert Caller(door.secret).get(f"/matches/{match_id}").status_code == 403


def test_a_key_whose_row_was_made_to_hold_both_is_told_nothing(door: Door) -> None:
    from answerable.api.models import ApiKey

    change("add", "sha256", FILE)
    with transaction.atomic():
        ApiKey.objects.filter(name="gate").update(scopes=["matches:read", "screen"])
    assert Caller(door.secret).get("/matches/any").status_code == 403
    assert door.screen({"hashes": {"sha256": FILE.hex()}})["match"] is None
