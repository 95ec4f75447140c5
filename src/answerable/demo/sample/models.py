"""What the site stores. Bytes lie in files named by their SHA-256, outside anything served as such."""

from typing import ClassVar

from django.db import models


class Person(models.Model):
    """An account. Signing in takes a name: it is a sample."""

    objects: ClassVar[models.Manager["Person"]] = models.Manager()

    name = models.CharField(max_length=30, unique=True, help_text="begins with a letter: also its ref")
    shown_name = models.CharField(max_length=60)
    about = models.CharField(max_length=300, default="")
    joined_at = models.DateTimeField()
    suspended = models.BooleanField(default=False)


class Item(models.Model):
    """A post, a private message or a profile picture: one piece of media with its words.

    `ref` is unique over all three: posts and messages begin with a digit, profiles are named as their person.
    """

    objects: ClassVar[models.Manager["Item"]] = models.Manager()

    ref = models.CharField(max_length=40, unique=True)
    kind = models.CharField(max_length=8, choices=[(k, k) for k in ("post", "message", "profile")])
    author = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="items")
    recipient = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="received")
    caption = models.CharField(max_length=2000, default="", blank=True)
    sha256 = models.CharField(max_length=64, default="", help_text="the name of its file; empty: words alone")
    media_type = models.CharField(max_length=40, default="")
    posted_at = models.DateTimeField()
    views = models.PositiveBigIntegerField(default=0)
    views_told = models.PositiveBigIntegerField(default=0, help_text="as the desk was last told")

    wanted = models.CharField(max_length=7, default="visible", help_text="what the desk asked for")
    serial = models.PositiveBigIntegerField(default=0, help_text="of the last request that was carried out")
    frozen = models.BooleanField(default=False, help_text="deleting it takes it from view, not from disk")
    held = models.BooleanField(default=False, help_text="stored, shown to nobody until it is let through")
    to_screen = models.BooleanField(default=False, help_text="held only because the desk could not be asked")
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["kind", "-posted_at"])]


class Repost(models.Model):
    """Somebody shows another's post on their own page. It is no copy: it stands and falls with the post."""

    objects: ClassVar[models.Manager["Repost"]] = models.Manager()

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="reposts")
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="reposts")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["person", "item"], name="repost_once")]


class Notice(models.Model):
    """What the desk told the holder of an account."""

    objects: ClassVar[models.Manager["Notice"]] = models.Manager()

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="notices")
    key = models.CharField(max_length=200, unique=True)
    text = models.TextField()
    at = models.DateTimeField()


class Answered(models.Model):
    """A request of the desk that was carried out, so that the same one again gets the same answer."""

    objects: ClassVar[models.Manager["Answered"]] = models.Manager()

    request_id = models.CharField(max_length=200, unique=True)
    body_digest = models.CharField(max_length=64)
    answer = models.JSONField()
    at = models.DateTimeField()


class Event(models.Model):
    """Something that the desk has to be told, kept until it answered."""

    objects: ClassVar[models.Manager["Event"]] = models.Manager()

    type = models.CharField(max_length=30)
    key = models.CharField(max_length=60, unique=True, help_text="the Idempotency-Key, the same on each try")
    data = models.JSONField()
    at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    refused = models.CharField(max_length=300, default="", help_text="why the desk will never take it")

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["id"], condition=models.Q(sent_at__isnull=True, refused=""), name="unsent")
        ]
