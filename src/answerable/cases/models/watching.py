"""Up to where a platform's own reports and uploads were taken."""

from django.db import models


class PlatformWatch(models.Model):
    """One platform that is watched. The cursor is the adapter's own; what came before it was taken."""

    platform = models.CharField(max_length=40, unique=True)
    cursor = models.TextField(default="", help_text="only the adapter understands it")
    told_at = models.DateTimeField(null=True, help_text="the last time that it answered")
    failed_since = models.DateTimeField(null=True, help_text="the first failure since it answered last")
    last_error = models.CharField(max_length=300, default="")
    heard_at = models.DateTimeField(
        null=True, help_text="the last message that it sent by itself and we took"
    )
    unheard_at = models.DateTimeField(null=True, help_text="the last signed one that could not be taken")
    unheard_why = models.CharField(max_length=300, default="")
    alarmed_at = models.DateTimeField(null=True, help_text="people were paged that it can't be watched")
