"""What is known of fingerprints, as an append-only list of changes: the truth behind every index."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class KnownChange(models.Model):
    """One fingerprint added to or taken off a hash list. `seq` grows without gaps that could be missed."""

    seq = models.BigAutoField(primary_key=True)
    op = models.CharField(max_length=6, choices=[("add", "add"), ("remove", "remove")])
    kind = models.CharField(max_length=6, choices=[("sha256", "sha256"), ("md5", "md5"), ("pdq", "pdq")])
    value = models.BinaryField(max_length=32)
    hash_list = models.CharField(
        max_length=60, help_text="own.reported, own.confirmed, own.confirmed_by_two, or a list's name"
    )
    cause = models.CharField(max_length=80, help_text='what it follows from, such as "content:42"')
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(op__in=["add", "remove"]), name="known_op_is_one"),
            models.CheckConstraint(condition=Q(kind__in=["sha256", "md5", "pdq"]), name="known_kind_is_one"),
        ]
        indexes: ClassVar = [models.Index(fields=["cause", "hash_list"]), models.Index(fields=["value"])]
