"""The frames of a content, as they are compared with those of others."""

from django.db.models import QuerySet

from answerable.cases.models import ContentFrame
from answerable.db.prepared import prepared
from answerable.media.limits import SEARCHABLE_QUALITY


@prepared
def searchable_frames(content_id: int) -> "QuerySet[ContentFrame]":
    """The frames of a content that say enough to be searched, in their order."""
    frames = ContentFrame.objects.filter(content_id=content_id, quality__gte=SEARCHABLE_QUALITY)
    return frames.order_by("number")
