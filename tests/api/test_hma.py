"""The door for tools written for HMA: their requests, our rules. What both answer alike `python -m bench.hma` shows."""

import base64
import io
import json
from datetime import datetime
from typing import Any

import pytest
from django.db import connection, transaction

from answerable.api.hma.door import with_hma
from answerable.api.keys import KeyRefused, create_key, revoke_key
from answerable.api.models import Bank, BankContent
from answerable.audit.models import AuditEntry
from answerable.cases import commands
from answerable.cases.inputs import Refused
from answerable.db.models import PersonalText
from answerable.matching import known as known_module
from answerable.matching.known import Known
from answerable.matching.screening import screen
from answerable.matching.verdicts import Verdict
from answerable.media import Fingerprints, fingerprint
from tests.api.pictures import jpeg, picture
from tests.matching.rows import change

PDQ = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
NEAR = "f8f8f0cee0f4a84f06370a2a038f63f0b36e26d596621e1d33e6b39c4e9c9b22"
MD5 = "cab08b36195edb1a1231d2d09fa450e0"
pytestmark = pytest.mark.django_db


class Tool:
    """A tool that knows HMA's addresses, with one key in the address that it was given."""

    def __init__(self, secret: str) -> None:
        self.authorization = f"Basic {base64.b64encode(f'hma:{secret}'.encode()).decode()}" if secret else ""
        self.application = with_hma(lambda _environ, start: start("404 Not Found", []) or [b"elsewhere"])

    def ask(self, method: str, path: str, said: Any = None, **environ: str) -> tuple[int, Any]:
        """Status, and the JSON or text that came."""
        address, _, query = path.partition("?")
        body = said if isinstance(said, bytes) else b"" if said is None else json.dumps(said).encode()
        answered: list[Any] = []
        whole = {
            "REQUEST_METHOD": method,
            "PATH_INFO": f"/hma{address}",
            "QUERY_STRING": query,
            "HTTP_HOST": "localhost",
            "HTTP_AUTHORIZATION": self.authorization,
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
            **environ,
        }
        chunks = self.application(whole, lambda status, headers: answered.extend((status, dict(headers))))
        text = b"".join(chunks).decode()
        is_json = answered[1].get("Content-Type", "").startswith("application/json")
        return int(answered[0][:3]), json.loads(text) if is_json else text

    def upload(self, path: str, field: str, data: bytes, **fields: str) -> tuple[int, Any]:
        """Send a form with one file."""
        parts = [
            f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in fields.items()
        ]
        head = f'--x\r\nContent-Disposition: form-data; name="{field}"; filename="f"\r\n\r\n'.encode()
        body = b"".join([*parts, head, data, b"\r\n--x--\r\n"])
        return self.ask("POST", path, body, CONTENT_TYPE="multipart/form-data; boundary=x")


@pytest.fixture(autouse=True)
def fresh_view(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that knows nothing yet."""
    monkeypatch.setattr(known_module, "_known", Known())


@pytest.fixture
def curator(now: datetime) -> Tool:
    """Petra's people: they fill banks, and read matches."""
    return Tool(create_key("curator", ["banks:write", "matches:read"], now=now))


@pytest.fixture
def gate(now: datetime) -> Tool:
    """What stands where uploads come in."""
    return Tool(create_key("gate", ["screen"], now=now, platform="sample"))


def test_what_is_put_into_a_bank_is_found_at_the_next_lookup_with_bank_and_distance(curator: Tool) -> None:
    assert curator.ask("POST", "/c/banks", {"name": "MY_BANK"}) == (
        201,
        {"matching_enabled_ratio": 1.0, "name": "MY_BANK"},
    )
    status, added = curator.ask("POST", "/c/bank/MY_BANK/signal", {"pdq": PDQ, "video_md5": MD5})
    assert (status, added["signals"]) == (200, {"pdq": PDQ, "video_md5": MD5})
    number = added["id"]
    near = f"signal_type=pdq&signal={NEAR}"
    found = {"bank_content_id": number, "distance": "2"}
    assert curator.ask("GET", f"/m/lookup?{near}") == (200, {"MY_BANK": [found]})
    assert curator.ask("GET", f"/m/lookup?{near}&banks=ANOTHER") == (200, {})
    assert curator.ask("GET", f"/m/raw_lookup?{near}") == (200, {"matches": [number]})
    assert curator.ask("GET", f"/m/raw_lookup?{near}&include_distance=True") == (200, {"matches": [found]})
    exact = {"MY_BANK": [{"bank_content_id": number, "distance": "-"}]}
    assert curator.ask("GET", f"/m/lookup?signal_type=video_md5&signal={MD5}") == (200, exact)


def test_two_contents_with_one_hash_are_both_found(curator: Tool) -> None:
    curator.ask("POST", "/c/banks", {"name": "B"})
    numbers = [curator.ask("POST", "/c/bank/B/signal", {"pdq": PDQ})[1]["id"] for _ in range(2)]
    assert curator.ask("GET", f"/m/raw_lookup?signal_type=pdq&signal={PDQ}") == (200, {"matches": numbers})
    assert curator.ask("DELETE", f"/c/bank/B/content/{numbers[1]}") == (200, {"deleted": 1})
    assert curator.ask("GET", f"/m/raw_lookup?signal_type=pdq&signal={PDQ}")[1] == {"matches": numbers[:1]}


def test_a_match_in_a_bank_holds_an_upload_and_never_blocks_it(curator: Tool) -> None:
    curator.ask("POST", "/c/banks", {"name": "B"})
    curator.ask("POST", "/c/bank/B/signal", {"pdq": PDQ, "video_md5": MD5})
    for prints in (Fingerprints(pdq=bytes.fromhex(PDQ)), Fingerprints(md5=MD5)):
        assert screen(prints).verdict is Verdict.HOLD


def test_a_key_of_an_upload_path_sees_what_to_do_and_neither_bank_nor_distance(gate: Tool) -> None:
    for distance_of, name in ((PDQ, "own.confirmed"), (NEAR, "ncmec.A1")):
        change("add", "pdq", bytes.fromhex(distance_of), name, cause=f"content:{name}")
    held = {"HOLD": [{"bank_content_id": 0, "distance": "-"}]}
    answers = [gate.ask("GET", f"/m/lookup?signal_type=pdq&signal={one}") for one in (PDQ, NEAR)]
    assert answers == [(200, held), (200, held)], "an exact and a near match look alike"
    assert gate.ask("GET", f"/m/lookup?signal_type=pdq&signal={'0' * 64}") == (200, {})
    assert AuditEntry.objects.filter(kind="screened_hold", actor="platform:sample").count() == 2
    for path in (f"/m/raw_lookup?signal_type=pdq&signal={PDQ}", "/c/banks", "/c/bank/own.confirmed"):
        assert gate.ask("GET", path)[0] == 403
    assert gate.ask("POST", "/c/banks", {"name": "B"})[0] == 403


def test_the_very_file_that_was_confirmed_is_to_be_blocked(gate: Tool, curator: Tool) -> None:
    import hashlib

    data = jpeg(picture(1))
    change("add", "sha256", hashlib.sha256(data).digest())
    assert gate.upload("/m/lookup", "photo", data)[1]["pdq"].keys() == {"BLOCK"}
    assert curator.upload("/m/lookup", "photo", data)[1]["sha256"].keys() == {"own.confirmed"}
    unreadable = b"\xff\xd8\xff\xe0" + bytes(300)
    assert gate.upload("/m/lookup", "photo", unreadable)[1]["pdq"].keys() == {"HOLD"}
    assert curator.upload("/m/lookup", "photo", unreadable)[0] == 400


def test_a_still_and_a_film_find_the_video_that_is_known(gate: Tool, curator: Tool) -> None:
    from tests.matching.test_known_videos import know
    from tests.matching.test_known_videos import picture as pictured
    from tests.media.videos import film, scene

    know(1, 2, 3)
    still = f"/m/lookup?signal_type=pdq&signal={pictured(2).hex()}"
    assert curator.ask("GET", still)[1]["own.confirmed"][0]["distance"] == "0"
    assert gate.ask("GET", still)[1].keys() == {"HOLD"}
    data = film(scene(1, 2))
    for place, frame in enumerate(fingerprint(data).frames):
        change("add", "pdq", frame.pdq, "ncmec.A1", cause=f"entry:{place}")
    assert curator.upload("/m/lookup", "video", data)[1]["pdq"].keys() == {"ncmec.A1"}
    assert gate.upload("/m/lookup", "video", data)[1]["video_md5"].keys() == {"HOLD"}


def test_who_is_told_a_match_is_in_the_log(curator: Tool) -> None:
    change("add", "pdq", bytes.fromhex(PDQ), "ncmec.A1")
    assert curator.ask("GET", f"/m/lookup?signal_type=pdq&signal={'0' * 64}") == (200, {})
    assert not AuditEntry.objects.filter(kind="match_told").exists()
    assert curator.ask("GET", f"/m/lookup?signal_type=pdq&signal={PDQ}")[1].keys() == {"ncmec.A1"}
    assert AuditEntry.objects.filter(kind="match_told").count() == 1


def test_lists_that_follow_from_decisions_or_come_from_elsewhere_are_only_read(curator: Tool) -> None:
    change("add", "pdq", bytes.fromhex(PDQ), "ncmec.A1")
    names = [one["name"] for one in curator.ask("GET", "/c/banks")[1]]
    assert names == ["ncmec.A1", "own.confirmed", "own.confirmed_by_two", "own.reported"]
    for name in names:
        assert curator.ask("POST", f"/c/bank/{name}/signal", {"pdq": NEAR})[0] == 403
        assert curator.ask("PUT", f"/c/bank/{name}", {"enabled": False})[0] == 403
        assert curator.ask("DELETE", f"/c/bank/{name}/content/1")[0] == 403
        assert curator.ask("DELETE", f"/c/bank/{name}") == (200, {"message": "Done"}), (
            "as there: none of ours"
        )
    assert screen(Fingerprints(pdq=bytes.fromhex(PDQ))).verdict is Verdict.HOLD
    with pytest.raises(Refused, match="decide"):
        commands.change_list("own.confirmed", [], actor="key:1", now=AuditEntry.objects.latest("pk").at)


@pytest.mark.parametrize("how", ["ratio", "content", "delete"])
def test_what_is_disabled_or_deleted_is_found_no_more(curator: Tool, how: str) -> None:
    curator.ask("POST", "/c/banks", {"name": "B"})
    number = curator.ask("POST", "/c/bank/B/signal", {"pdq": PDQ})[1]["id"]
    off, on = {
        "ratio": (("PUT", "/c/bank/B", {"enabled": False}), ("PUT", "/c/bank/B", {"enabled_ratio": 1.0})),
        "content": (
            ("PUT", f"/c/bank/B/content/{number}", {"disable_until_ts": 0}),
            ("PUT", f"/c/bank/B/content/{number}", {"disable_until_ts": 1}),
        ),
        "delete": (("DELETE", "/c/bank/B", None), None),
    }[how]
    assert curator.ask(*off)[0] == 200
    assert screen(Fingerprints(pdq=bytes.fromhex(PDQ))).verdict is Verdict.CLEAR
    assert curator.ask("GET", f"/m/raw_lookup?signal_type=pdq&signal={PDQ}") == (200, {"matches": []})
    if on is not None:
        assert curator.ask(*on)[0] == 200
        assert curator.ask("GET", f"/m/raw_lookup?signal_type=pdq&signal={PDQ}")[1] == {"matches": [number]}


def test_a_bank_is_enabled_as_often_as_its_ratio_says_and_the_same_seed_falls_the_same(curator: Tool) -> None:
    curator.ask("POST", "/c/banks", {"name": "HALF", "enabled_ratio": 0.5})
    curator.ask("POST", "/c/bank/HALF/signal", {"pdq": PDQ})
    look = f"/m/lookup?signal_type=pdq&signal={PDQ}"
    found = [bool(curator.ask("GET", f"{look}&seed={seed}")[1]) for seed in range(60)]
    assert 15 < sum(found) < 45
    assert found == [bool(curator.ask("GET", f"{look}&seed={seed}")[1]) for seed in range(60)]
    assert curator.ask("GET", f"{look}&bypass_coinflip=true")[1].keys() == {"HALF"}
    assert screen(Fingerprints(pdq=bytes.fromhex(PDQ))).verdict is Verdict.HOLD, (
        "a ratio is for lookups alone"
    )


def test_a_renamed_bank_keeps_what_is_in_it(curator: Tool) -> None:
    curator.ask("POST", "/c/banks", {"name": "OLD"})
    number = curator.ask("POST", "/c/bank/OLD/signal", {"pdq": PDQ})[1]["id"]
    assert curator.ask("PUT", "/c/bank/OLD", {"name": "NEW"})[0] == 200
    found = curator.ask("GET", f"/m/lookup?signal_type=pdq&signal={PDQ}")[1]
    assert found == {"NEW": [{"bank_content_id": number, "distance": "0"}]}


def test_words_beside_a_content_are_kept_sealed_opened_in_the_log_and_erased_with_it(curator: Tool) -> None:
    curator.ask("POST", "/c/banks", {"name": "B"})
    metadata = json.dumps({"content_id": "7", "json": {"a": 1}})
    status, added = curator.upload(
        "/c/bank/B/content", "photo", jpeg(picture(1)), note="from Max", metadata=metadata
    )
    assert status == 200, added
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM db_personaltext")
        assert cursor.fetchone() == (1,)
    shown = curator.ask("GET", f"/c/bank/B/content/{added['id']}")[1]
    assert shown["note"] == "from Max"
    assert shown["metadata"] == {"content_id": "7", "content_uri": None, "json": {"a": 1}, "collab": None}
    assert AuditEntry.objects.filter(kind="text_opened").count() == 1
    assert curator.ask("PUT", f"/c/bank/B/content/{added['id']}", {"note": ""})[1]["note"] is None
    assert curator.ask("DELETE", f"/c/bank/B/content/{added['id']}") == (200, {"deleted": 1})
    assert not PersonalText.objects.exists()
    assert not BankContent.objects.exists()


def test_hashes_of_a_file_are_those_of_the_field_that_it_came_in(gate: Tool) -> None:
    data = jpeg(picture(1))
    status, hashes = gate.upload("/h/hash", "photo", data)
    assert (status, hashes.keys()) == (200, {"pdq"})
    assert gate.upload("/h/hash", "video", data)[1].keys() == {"video_md5"}
    assert gate.upload("/h/hash?types=vpdq", "video", data)[0] == 400
    assert gate.upload("/h/hash", "file", data) == (400, {"message": "no such content_type: 'file'"})
    assert gate.upload("/h/hash", "photo", b"not an image")[0] == 400
    assert gate.ask("POST", "/h/hash")[0] == 400
    assert gate.ask("POST", "/h/hash", b"--x", CONTENT_TYPE="multipart/form-data; boundary=x")[0] == 400


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/x", "ftp://localhost/x", "http://user@localhost:8402/x", "x"]
)
def test_no_address_is_fetched_whose_host_is_not_configured(gate: Tool, url: str) -> None:
    for path in (f"/h/hash?url={url}", f"/m/lookup?url={url}"):
        assert gate.ask("GET", path) == (400, {"message": "Invalid or unsafe URL provided"})


def test_a_key_of_no_platform_has_nothing_fetched(curator: Tool) -> None:
    assert curator.ask("GET", "/h/hash?url=http://localhost:8402/media/1")[0] == 400


@pytest.mark.parametrize("authorization", ["", "Basic", "Basic !", "Basic YTpi", "Bearer ak_no", "Digest x"])
def test_without_a_key_nothing_is_answered(db: None, authorization: str) -> None:
    stranger = Tool("")
    status, said = stranger.ask("GET", "/c/banks", HTTP_AUTHORIZATION=authorization)
    assert status == 401
    assert said["message"]
    assert stranger.ask("GET", "/status") == (200, "I-AM-ALIVE")


def test_a_revoked_key_ends_at_once_here_too(gate: Tool, now: datetime) -> None:
    revoke_key("gate", now=now)
    assert gate.ask("GET", f"/m/lookup?signal_type=pdq&signal={PDQ}")[0] == 401


def test_no_key_may_screen_uploads_and_write_banks(db: None, now: datetime) -> None:
    with pytest.raises(KeyRefused, match="empty"):
        create_key("greedy", ["screen", "banks:write"], now=now)


def test_an_index_that_cannot_catch_up_says_so(gate: Tool) -> None:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE cases_knownchange RENAME TO elsewhere")
        with transaction.atomic():
            status, said = gate.ask("GET", f"/m/lookup?signal_type=pdq&signal={PDQ}")
            transaction.set_rollback(True)
        transaction.set_rollback(True)
    assert (status, said) == (503, {"message": "index not yet ready"})


@pytest.mark.parametrize(
    ("method", "path", "said", "status"),
    [
        ("POST", "/m/compare", {"pdq": [PDQ, NEAR]}, 200),
        ("POST", "/m/compare", ["banana"], 400),
        ("POST", "/m/compare", {"pdq": ["banana", "banana"]}, 400),
        ("POST", "/m/compare", {"vpdq": ["a", "b"]}, 400),
        ("POST", "/m/compare", b"{", 400),
        ("GET", "/m/lookup", None, 400),
        ("GET", "/m/lookup?signal_type=tmk&signal=a", None, 400),
        ("GET", "/m/raw_lookup?signal_type=pdq", None, 422),
        ("GET", "/m/index/status", None, 200),
        ("GET", "/m/index/status?signal_type=none", None, 400),
        ("GET", "/c/signal_type", None, 200),
        ("GET", "/c/signal_type/index", None, 200),
        ("PUT", "/c/signal_type/pdq", {"enabled_ratio": 0}, 501),
        ("GET", "/c/content_type", None, 200),
        ("GET", "/c/exchanges", None, 200),
        ("POST", "/c/exchanges", {"bank": "X"}, 501),
        ("POST", "/c/banks", {"name": "lower"}, 400),
        ("POST", "/c/banks", {"name": "B", "enabled_ratio": 7}, 400),
        ("POST", "/c/banks", {"name": 7}, 422),
        ("POST", "/c/banks", {}, 422),
        ("GET", "/c/bank/NONE", None, 404),
        ("POST", "/c/bank/NONE/signal", {"pdq": PDQ}, 404),
        ("GET", "/c/bank/NONE/content/1", None, 404),
        ("GET", "/nowhere", None, 404),
        ("PATCH", "/c/banks", None, 405),
    ],
)
def test_what_is_asked_wrongly_is_answered_as_there(
    curator: Tool, method: str, path: str, said: Any, status: int
) -> None:
    answered, body = curator.ask(method, path, said)
    assert answered == status, body
    assert not Bank.objects.exists()


def test_what_lies_elsewhere_is_not_touched(curator: Tool) -> None:
    assert curator.ask("GET", "", PATH_INFO="/en/report") == (404, "elsewhere")
