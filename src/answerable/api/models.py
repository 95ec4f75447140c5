"""Keys of the machine API, stored as digests only; and the banks that its door for HMA's users fills."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class ApiKey(models.Model):
    """One caller: what it may do, and for which platform it speaks."""

    name = models.CharField(max_length=80, unique=True)
    digest = models.CharField(
        max_length=64, unique=True, help_text="SHA-256 of the key, which has 256 random bits"
    )
    scopes = models.JSONField(default=list)
    platform = models.CharField(max_length=40, default="", help_text="the platform whose events it sends")
    relation = models.CharField(
        max_length=20, default="", help_text="trusted_flagger or authority, where this key proves it"
    )
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)


class Bank(models.Model):
    """A hash list of the platform's own, filled through the door for HMA's users: the list `hma.<name>`."""

    name = models.CharField(max_length=50, unique=True)
    enabled_ratio = models.FloatField(default=1.0, help_text="0: its fingerprints are on no list")
    made_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(enabled_ratio__range=(0, 1)), name="bank_ratio_is_a_share"),
        ]


class BankContent(models.Model):
    """One content of a bank by its fingerprints. While it is enabled they are on the bank's list."""

    bank = models.ForeignKey(Bank, on_delete=models.PROTECT, related_name="contents")
    signals = models.JSONField(help_text='signal type -> hexadecimal hash, such as {"pdq": "…"}')
    words = models.ForeignKey(
        "db.PersonalText", null=True, on_delete=models.SET_NULL, help_text="note and metadata, as JSON"
    )
    enabled = models.BooleanField(default=True)
    added_at = models.DateTimeField()
