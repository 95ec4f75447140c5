"""How far the hashing of an existing library has come, so that it can be killed and taken up again."""

from django.db import models


class Backfill(models.Model):
    """One library, as it was named: how far it is registered, and what was counted on the way."""

    key = models.CharField(
        max_length=64, unique=True, help_text="digest of the source and of how it names items"
    )
    source = models.CharField(max_length=2000, help_text="as the operator wrote it")
    platform = models.CharField(max_length=40)
    position = models.TextField(
        default="", help_text="everything up to here is done; the source's own notation"
    )
    serial = models.PositiveBigIntegerField(
        default=0, help_text="grows with each batch: one process at a time"
    )
    counts = models.JSONField(default=dict)
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, help_text="the end of the source was reached")
