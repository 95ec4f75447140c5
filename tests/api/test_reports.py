"""Reports from machines: the platform's own button, a trusted flagger's tool."""

from datetime import datetime
from typing import Any

import pytest

from answerable.api.keys import create_key
from answerable.audit.models import AuditEntry
from answerable.cases.models import Report
from tests.api.conftest import Caller
from tests.cases.desk import TestDesk

pytestmark = pytest.mark.django_db
LINK = "http://127.0.0.1:8402/p/a"


def dana(**more: Any) -> dict[str, Any]:
    """What Dana says."""
    return {"harm": "csam", "relation": "depicted", "age": "child", "links": [LINK], **more}


def test_a_report_is_taken_and_its_status_read_by_its_own_key_only(
    button: Caller, desk: TestDesk, now: datetime
) -> None:
    desk.upload("a")
    response = button.post("/reports", dana())
    assert response.status_code == 201, response.content
    filed = response.json()
    assert filed["items"][0]["interim"] == "hide"
    assert len(filed["code"]) == 16
    assert filed["promises"]
    shown = button.get(f"/reports/{filed['report']}").json()
    assert shown["items"][0]["link"] == LINK
    other = Caller(create_key("other", ["reports:read"], now=now))
    assert other.get(f"/reports/{filed['report']}").status_code == 404
    assert AuditEntry.objects.filter(kind="status_opened").count() == 1


def test_the_same_request_again_gets_the_same_answer(button: Caller, desk: TestDesk) -> None:
    desk.upload("a")
    first = button.post("/reports", dana(), **{"Idempotency-Key": "one"})
    again = button.post("/reports", dana(), **{"Idempotency-Key": "one"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["code"] == again.json()["code"]
    assert Report.objects.count() == 1
    assert button.post("/reports", dana(age="adult"), **{"Idempotency-Key": "one"}).status_code == 422


def test_only_a_key_that_proves_it_speaks_as_a_trusted_flagger(button: Caller, now: datetime) -> None:
    assert button.post("/reports", dana(relation="trusted_flagger")).status_code == 403
    hotline = Caller(create_key("hotline", ["reports:write"], now=now, relation="trusted_flagger"))
    assert hotline.post("/reports", dana(relation="trusted_flagger")).status_code == 201
    assert Report.objects.get().verified


def test_a_link_to_another_site_is_told_at_once(button: Caller) -> None:
    answer = button.post("/reports", dana(links=["https://elsewhere.example/p/1"])).json()
    assert answer["items"][0]["state"] == "unknown_site"


@pytest.mark.parametrize(
    "wrong",
    [
        {"harm": "nothing"},
        {"relation": "friend"},
        {"statement": "x" * 20_001},
        {"links": ["x"] * 51},
        {"links": []},
        {"identity_document": "scan"},
        {"claims": [{"kind": "pdq", "value": "zz"}]},
        {"earlier_code": "1234"},
        {"statement": "a\x00b"},
        {"links": ["http://127.0.0.1:8402/p/\x00"]},
    ],
)
def test_what_does_not_fit_is_named_and_nothing_is_stored(button: Caller, wrong: dict[str, Any]) -> None:
    response = button.post("/reports", dana(**wrong))
    assert response.status_code == 422
    assert response.json()["detail"]
    assert not Report.objects.exists()


def test_the_openapi_document_is_version_3_1_and_open(max_: Caller) -> None:
    document = max_.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert set(document["paths"]) == {
        "/api/v1/reports",
        "/api/v1/reports/{report_id}",
        "/api/v1/matches/{match_id}",
        "/api/v1/screen",
        "/api/v1/copies",
        "/api/v1/platforms/{name}/webhook",
        "/api/v1/events",
    }
