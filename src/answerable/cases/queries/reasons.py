"""Which statements of reasons stand, and which a public database doesn't have yet."""

from datetime import date, datetime

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce, Greatest

from answerable.cases.models import ReasonsDelivery, StatementOfReasons
from answerable.cases.models.reasons import REFUSED
from answerable.cases.rules.reasons import Lasts


def waiting(environment: str, since: date | None = None) -> QuerySet[StatementOfReasons]:
    """What may be published by now and isn't, the longest waiting first; as `rules.reasons.may_be_published` says.

    Of what is lifted there is no statement to deliver: the database takes none. `since`: restrictions before that day
    are left out. `ready_at` is when each could be published.
    """
    here = ReasonsDelivery.objects.filter(environment=environment).values("reasons")
    found = StatementOfReasons.objects.filter(
        Q(lasts=Lasts.NO_END) | Q(ends_at__isnull=False), notice__told_at__isnull=False, lifts__isnull=True
    ).exclude(pk__in=here)
    if since is not None:
        found = found.filter(at__date__gte=since)
    ready = Greatest("notice__told_at", Coalesce("ends_at", "notice__told_at"))
    return found.annotate(ready_at=ready).order_by("ready_at", "pk")


def is_published_by(statement: StatementOfReasons, environment: str) -> bool:
    """Whether a database has it already."""
    return ReasonsDelivery.objects.filter(reasons=statement, environment=environment).exists()


def last_delivery(environment: str) -> datetime | None:
    """When the last statement was taken."""
    taken = ReasonsDelivery.objects.filter(environment=environment).exclude(state=REFUSED)
    return taken.order_by("-at").values_list("at", flat=True).first()


def refused(environment: str) -> QuerySet[ReasonsDelivery]:
    """What the database refused for good."""
    return ReasonsDelivery.objects.filter(environment=environment, state=REFUSED).order_by("pk")
