"""The packs that this desk has used. A row is never deleted: what a case was pinned to stays readable."""

from django.db import models


class PolicyPack(models.Model):
    """One version of the policy, exactly as it was read, by the SHA-256 of its text."""

    digest = models.CharField(max_length=64, primary_key=True)
    text = models.TextField()
    activated_at = models.DateTimeField(help_text="when it last became the pack of new cases")
