"""What the tests of the log share: writing entries, and changing the log behind the triggers' back."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import settings

from answerable.audit import triggers
from answerable.audit.log import append
from answerable.audit.models import AuditEntry

# Examples are not timed: on a busy machine a deadline fails what is right.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

Write = Callable[..., AuditEntry]


@pytest.fixture
def write(database: None, now: datetime) -> Write:
    """Append one entry as a command would: a report's, unless told otherwise."""

    def written(kind: str = "report_received", case_id: int | None = None, **event: Any) -> AuditEntry:
        with transaction.atomic():
            return append(kind, actor="reporter", now=now, case_id=case_id, event=event or {"report": 7})

    return written


@pytest.fixture
def tamper(database: None) -> Callable[..., int]:
    """Drop the log's triggers, as someone who owns the database can, and run one statement."""

    def run(sql: str, *values: Any) -> int:
        with transaction.atomic(), connection.cursor() as cursor:
            for guard in triggers.names(connection.vendor):
                table = f" ON {guard.partition('_guards')[0]}" if connection.vendor == "postgresql" else ""
                cursor.execute(f"DROP TRIGGER IF EXISTS {guard}{table}")
            cursor.execute(sql, values)
            return int(cursor.rowcount)

    return run
