"""Pictures, what the desk wants of each, and what the desk is still to be told."""

import secrets

from django.db import models


def new_ref() -> str:
    """A name that is never used again."""
    return secrets.token_hex(8)


class Picture(models.Model):
    """One upload. `wanted` and `serial` are the desk's last wish; the file stays while it is frozen."""

    ref = models.CharField(max_length=40, unique=True, default=new_ref)
    account = models.CharField(max_length=60, db_index=True)
    file = models.FileField(upload_to="pictures")
    media_type = models.CharField(max_length=40)
    posted_at = models.DateTimeField()
    views = models.PositiveBigIntegerField(default=0)
    views_told = models.PositiveBigIntegerField(default=0)
    wanted = models.CharField(max_length=10, default="visible")
    serial = models.PositiveBigIntegerField(default=0)
    held = models.BooleanField(default=False)  # nobody sees it until the desk lets it go
    to_screen = models.BooleanField(default=False)  # and it has not been screened yet
    frozen = models.BooleanField(default=False)  # its author's deletion leaves the bytes
    deleted = models.BooleanField(default=False)

    @property
    def visibility(self) -> str:
        """What everybody gets who isn't staff, the author included."""
        if self.deleted:
            return "gone"
        return "hidden" if self.held and self.wanted != "gone" else self.wanted

    @property
    def is_shown(self) -> bool:
        """Whether its page and its bytes are given to anybody."""
        return self.visibility in ("visible", "limited")


class Suspended(models.Model):
    """An account that may not post. On your site: a field of your user."""

    account = models.CharField(max_length=60, primary_key=True)


class Notice(models.Model):
    """Words of the desk to an account, once per key."""

    key = models.CharField(max_length=200, primary_key=True)
    account = models.CharField(max_length=60)
    text = models.TextField()


class Answered(models.Model):
    """What a request of the desk was answered with: sent again, it gets the same."""

    request_id = models.CharField(max_length=200, primary_key=True)
    digest = models.CharField(max_length=64)
    answer = models.JSONField()
    at = models.DateTimeField()


class Event(models.Model):
    """Something to tell the desk, written in the transaction that makes it true."""

    key = models.CharField(max_length=40, default=secrets.token_hex)
    body = models.JSONField()
    refused = models.TextField(default="")
