"""The drill's database refuses what the reference says, and our client reads each answer for what it means."""

import json

import httpx
import pytest

from answerable.authorities.base import AnswerUnusable, HostNotConfigured, NoAnswer, Unreachable
from answerable.authorities.dsa.answers import Busy, Refused, SaidToBeThere, TokenRefused, TooMany
from answerable.authorities.dsa.document import Document
from answerable.authorities.dsa.drill import rules
from tests.fakes.dsa import TOKEN, Server, Trouble, client, good


def document(number: int = 1) -> Document:
    return Document(**good(puid=f"name-{number}"))


def post(server: Server, path: str, body: object) -> httpx.Response:
    headers = {"Authorization": f"Bearer {TOKEN}", "Accept": "application/json"}
    with httpx.Client(trust_env=False) as http:
        return http.post(f"{server.base}/api/v1/{path}", json=body, headers=headers)


def test_one_is_stored_and_many_are_stored_at_once(database):
    asked = client(database)
    asked.ping()
    assert set(asked.store([document(1)])) == {"name-1"}
    names = asked.store([document(2), document(3)])
    assert set(names) == {"name-2", "name-3"}
    assert all(names.values())
    assert database.asked[1:] == ["POST /api/v1/statement", "POST /api/v1/statements"]
    assert asked.has("name-2")
    assert not asked.has("name-4")


def test_it_answers_with_the_whole_statement_sorted(database):
    body = good(territorial_scope=["FR", "DE", "FR"])
    stored = post(database, "statement", body)
    assert stored.status_code == 201
    said = stored.json()
    assert said["territorial_scope"] == ["DE", "FR"]
    assert {"id", "uuid", "created_at", "platform_name", "permalink", "self", "puid"} <= set(said)
    assert said["created_at"] == "2026-12-01 09:00:00"


@pytest.mark.parametrize(
    "change",
    [
        *({name: None} for name in rules.REQUIRED),
        {"decision_visibility": None},
        {"decision_visibility": ["DECISION_VISIBILITY_GONE"]},
        {"decision_visibility": "DECISION_VISIBILITY_CONTENT_REMOVED"},
        {"decision_visibility": ["DECISION_VISIBILITY_OTHER"]},
        {"decision_monetary": "DECISION_MONETARY_OTHER"},
        {"decision_account": "DECISION_ACCOUNT_GONE"},
        {"account_type": "ACCOUNT_TYPE_CHILD"},
        {"decision_ground": "DECISION_GROUND_ILLEGAL_CONTENT"},
        {"decision_ground_reference_url": "terms"},
        {"incompatible_content_ground": None},
        {"incompatible_content_ground": "x" * 501},
        {"incompatible_content_explanation": "x" * 2001},
        {"incompatible_content_illegal": "yes"},
        {"content_type": ["CONTENT_TYPE_OTHER"]},
        {"content_type": ["CONTENT_TYPE_PICTURE"]},
        {"category": "STATEMENT_CATEGORY_PORNOGRAPHY_OR_SEXUALIZED_CONTENT"},
        {"category": "STATEMENT_CATEGORY_NON_CONSENSUAL_BEHAVIOUR"},
        {"category_addition": ["STATEMENT_CATEGORY_SCOPE_OF_PLATFORM_SERVICE"]},
        {"category_specification": ["KEYWORD_ONLINE_BULLYING_INTIMIDATION"]},
        {"category_specification": ["KEYWORD_NUDITY"]},
        {"territorial_scope": ["EL"]},
        {"territorial_scope": ["GB"]},
        {"content_language": "fr"},
        {"content_date": "1999-12-31"},
        {"content_date": "2026-02-30"},
        {"content_date": "01-12-2026"},
        {"application_date": "2019-12-31"},
        {"application_date": "2038-01-02"},
        {"end_date_visibility_restriction": "2026-11-30"},
        {"end_date_visibility_restriction": "2038-01-02"},
        {"decision_facts": "x" * 5001},
        {"source_type": "SOURCE_ORDER"},
        {"automated_detection": True},
        {"automated_decision": "No"},
        {"puid": "a b"},
        {"puid": "x" * 501},
        {"content_id": {"EAN-13": "123"}},
        {"something_else": "x"},
    ],
    ids=str,
)
def test_it_refuses_by_field(database, change):
    answered = post(database, "statement", good(**change))
    assert answered.status_code == 422
    assert set(answered.json()) == {"message", "errors"}
    assert set(answered.json()["errors"]) & {*change, *rules.DECISIONS, *rules.FIELDS}
    assert database.puids == set()


def test_a_bundle_is_stored_whole_or_not_at_all(database):
    bodies = [good(puid="a"), good(puid="b", category="STATEMENT_CATEGORY_X"), good(puid="c", puid_=1)]
    answered = post(database, "statements", {"statements": bodies})
    assert answered.status_code == 422
    assert set(answered.json()["errors"]) == {"statement_1", "statement_2"}
    assert database.puids == set()


@pytest.mark.parametrize("count", [0, 101])
def test_a_bundle_has_1_to_100(database, count):
    answered = post(database, "statements", {"statements": [good(puid=str(n)) for n in range(count)]})
    assert set(answered.json()["errors"]) == {"statements"}
    with pytest.raises(ValueError, match="1 to 100"):
        client(database).store([document(n) for n in range(count)])


def test_a_name_is_taken_once_for_ever(database):
    client(database).store([document(1)])
    single = post(database, "statement", good(puid="name-1")).json()
    assert single["existing"] == {"puid": "name-1"}
    twice = {"statements": [good(puid="x"), good(puid="x")]}
    assert post(database, "statements", twice).json()["errors"]["existing_puids"] == ["x"]
    with pytest.raises(SaidToBeThere) as said:
        client(database).store([document(1), document(2)])
    assert said.value.puids == {"name-1"}
    assert database.puids == {"name-1"}


def test_a_name_that_another_request_holds_is_said_to_be_there_and_is_not(database):
    database.statements.locked = {"name-1"}
    with pytest.raises(SaidToBeThere):
        client(database).store([document(1)])
    assert not client(database).has("name-1")


def test_refused_fields_are_named_and_what_it_says_of_them_is_not(database):
    wrong = {"errors": {"statement_1": {"decision_facts": ["Dana said so"], "Dana's <b>": ["x"]}}}
    database.troubles.append(Trouble("/api", before=True, status=422, body=json.dumps(wrong).encode()))
    with pytest.raises(Refused) as refused:
        client(database).store([document(1), document(2)])
    assert refused.value.fields == {1: ("decision_facts",)}
    assert "Dana" not in str(refused.value)


@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        ({"cut": 0}, NoAnswer),
        ({"cut": 30}, NoAnswer),
        ({"reads": 0}, NoAnswer),
        ({"reads": 20}, NoAnswer),
        ({"seconds": 2}, NoAnswer),
        ({"drip": 0.2}, NoAnswer),
        ({"status": 500}, Busy),
        ({"status": 503}, Busy),
        ({"status": 302}, HostNotConfigured),
        ({"status": 403}, TokenRefused),
        ({"status": 200, "body": b"{}"}, AnswerUnusable),
        ({"status": 201, "body": b"<html>"}, NoAnswer),
        ({"status": 201, "body": b"[]"}, AnswerUnusable),
        ({"status": 201, "body": b'{"puid": "other"}'}, AnswerUnusable),
        ({"status": 422, "body": b"{}"}, AnswerUnusable),
        ({"status": 404, "body": b"{}"}, AnswerUnusable),
        ({"status": 201, "body": b"x" * 5_000_000}, AnswerUnusable),
    ],
    ids=str,
)
def test_only_a_whole_201_is_success(database, trouble, error):
    database.troubles.append(Trouble("/api", **trouble))
    with pytest.raises(error):
        client(database, seconds=1).store([document()])


def test_a_wrong_token_alarms(database):
    with pytest.raises(TokenRefused) as refused:
        client(database, token="2|other").store([document()])
    assert refused.value.alarm
    assert "token" in str(refused.value)
    with pytest.raises(TokenRefused):
        client(database, token="2|other").has("name-1")


@pytest.mark.parametrize(("said", "seconds"), [("", 60.0), ("7", 7.0), ("soon", 60.0)])
def test_too_many_says_when_to_come_again(database, said, seconds):
    database.troubles.append(
        Trouble("/api", before=True, status=429, body=b"Limit Reached.", retry_after=said)
    )
    with pytest.raises(TooMany) as many:
        client(database).store([document()])
    assert many.value.retry_after_seconds == seconds
    assert database.puids == set()


def test_it_limits_how_often_it_is_asked(now):
    with Server(lambda: now, per_second=3) as server:
        asked = client(server)
        for _ in range(3):
            asked.ping()
        with pytest.raises(TooMany):
            asked.ping()


def test_nothing_arrives_where_nobody_listens(database):
    base = client(database)
    database.__exit__()
    with pytest.raises(Unreachable):
        base.store([document()])


def test_the_token_stands_in_no_representation(database):
    assert TOKEN not in repr(client(database))
