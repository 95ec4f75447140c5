"""Keys of the machine API: stored as digests only."""

from django.db import models


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
