"""Frames of videos and animations: what each shows, and for how long."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from answerable.cases.models.items import ItemContent


class ContentFrame(models.Model):
    """One distinct frame of a content, shown from `at_ms` until `until_ms`. Written with the content, never changed.

    Two frames may stand at the same time: of a picture with bars beside it, what is between them is one of its own.
    """

    content = models.ForeignKey(ItemContent, on_delete=models.PROTECT, related_name="frames")
    number = models.PositiveSmallIntegerField(help_text="from 0, in the order in which they are shown")
    at_ms = models.PositiveIntegerField(help_text="milliseconds from the beginning")
    until_ms = models.PositiveIntegerField(help_text="when the next frame is shown, or the whole ends")
    pdq = models.BinaryField(max_length=32)
    quality = models.PositiveSmallIntegerField(help_text="0 to 100; below 50 is not searched")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["content", "number"], name="frame_once_per_content"),
            models.CheckConstraint(condition=Q(until_ms__gte=F("at_ms")), name="frame_ends_after_it_begins"),
        ]
