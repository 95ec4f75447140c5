"""The machine API under whatever its own OpenAPI document allows, and what it doesn't: never a fault of ours."""

from datetime import datetime
from typing import Any

import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.db import transaction
from hypothesis import HealthCheck, given, settings

from answerable.api.keys import create_key
from answerable.policy import baseline, store

EXAMPLES = 40
HOST = {"Host": "localhost"}


def test_every_request_gets_an_answer_that_says_what_to_do(fresh_database: object, now: datetime) -> None:
    with transaction.atomic():
        store.activate(baseline(), now)
    keys = {
        "reports": create_key("button", ["reports:write", "reports:read"], now=now),
        "screen": create_key("gate", ["screen"], now=now, platform="sample"),
        "matches": create_key("analyst", ["matches:read"], now=now),
        "copies": create_key("tool", ["copies:search"], now=now),
        "events": create_key("sample", ["events:write"], now=now, platform="sample"),
        "platforms": "none: the platform's own signature is the key",
    }
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", WSGIHandler(), headers=HOST)
    statuses: set[int] = set()
    for found in schema.get_all_operations():
        operation = found.ok()
        part = operation.path.removeprefix("/api/v1/").split("/")[0]
        for mode in (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE):
            statuses |= ask(operation, keys[part], mode)
    assert {200, 422} <= statuses


def ask(operation: Any, secret: str, mode: Any) -> set[int]:
    """Send many requests to one operation: those that its document allows, or those that it doesn't."""
    statuses: set[int] = set()
    headers = {**HOST, "Authorization": f"Bearer {secret}"}

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(operation.as_strategy(generation_mode=mode))
    def send(case: Any) -> None:
        case.headers = {k: v for k, v in (case.headers or {}).items() if k.lower() == "idempotency-key"}
        response = case.call(headers=headers)
        statuses.add(response.status_code)
        assert response.status_code < 500, response.text
        if response.status_code >= 400:
            assert response.headers["content-type"][0].startswith("application/problem+json")
            assert response.json()["detail"]

    send()
    return statuses
