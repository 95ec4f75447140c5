"""Which statements of reasons a public database doesn't have yet, and which it refused."""

from datetime import UTC, date, datetime, time
from typing import Final

from django.db.models import QuerySet

from answerable.cases.models import ReasonsDelivery, StatementOfReasons
from answerable.cases.models.reasons import REFUSED

LACKING: Final = {"test": ("",), "production": ("", "test")}
"""By environment, where a statement may have been delivered that it doesn't have. What production has, no test gets."""


def waiting(environment: str, since: date | None = None) -> QuerySet[StatementOfReasons]:
    """What a database may have by now and hasn't, the longest waiting first.

    `since`: restrictions that began before that day are left out.
    """
    found = StatementOfReasons.objects.filter(delivered_in__in=LACKING[environment], ready_at__isnull=False)
    if since is not None:
        found = found.filter(at__gte=datetime.combine(since, time.min, UTC))
    return found.order_by("ready_at", "pk")


def last_delivery(environment: str) -> datetime | None:
    """When the last statement was taken."""
    taken = ReasonsDelivery.objects.filter(environment=environment).exclude(state=REFUSED)
    return taken.order_by("-at").values_list("at", flat=True).first()


def refused(environment: str) -> QuerySet[ReasonsDelivery]:
    """What the database refused for good."""
    return ReasonsDelivery.objects.filter(environment=environment, state=REFUSED).order_by("pk")
