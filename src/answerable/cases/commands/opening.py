"""Opening a report with its access code: a look at a reporter's matter, so it stands in the log (rule 21)."""

from datetime import datetime

from django.db import transaction

from answerable import audit
from answerable.cases.models import Report
from answerable.cases.queries.status import report_by_code


def open_report(code: str, *, now: datetime) -> Report | None:
    """The report that this access code opens, noted in the log. None for a wrong, unknown or erased code."""
    report = report_by_code(code)
    if report is not None:
        with transaction.atomic():
            audit.append("status_opened", actor="reporter", now=now, event={"report": report.pk})
    return report


def note_status_read(report: Report, *, token: str, now: datetime) -> None:
    """Record that the key that filed a report read its status, messages included."""
    with transaction.atomic():
        audit.append("status_opened", actor=f"token:{token}"[:80], now=now, event={"report": report.pk})
