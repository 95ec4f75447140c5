"""What people wrote: which of it is to be erased, and what stands against that."""

from datetime import datetime
from typing import Final

from django.db.models import Q, QuerySet

from answerable.cases.models import ReportedItem
from answerable.cases.queries.things import CLAIMED, ERASED_LINK
from answerable.db.models import PersonalText

NOT_TYPED: Final = Q(link__startswith=ERASED_LINK.format("")) | Q(link__startswith=CLAIMED.format(""))


def texts_due(now: datetime) -> QuerySet[PersonalText]:
    """The texts that are past their time."""
    return PersonalText.objects.filter(erase_after__lte=now)


def links_of_before(moment: datetime) -> QuerySet[ReportedItem]:
    """The links that people typed in reports received before that moment."""
    return ReportedItem.objects.filter(report__received_at__lte=moment).exclude(NOT_TYPED)
