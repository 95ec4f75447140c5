"""What is known of fingerprints, as an append-only list of changes: the truth behind every index."""

from typing import ClassVar, Final

from django.db import models
from django.db.models import Q

KINDS: Final = ("sha256", "md5", "pdq", "frame")


class KnownChange(models.Model):
    """One fingerprint added to or taken off a hash list. `seq` grows without gaps that could be missed.

    A `frame` is the PDQ of a picture in a video, shown there from `at_ms` until `until_ms`: like a `pdq` in every way,
    but that all frames which one cause put on one list are one known video. They come and go together. Only frames
    that can be searched (quality 50 or more) are written, so what they cover is what can be found of that video.
    """

    seq = models.BigAutoField(primary_key=True)
    op = models.CharField(max_length=6, choices=[("add", "add"), ("remove", "remove")])
    kind = models.CharField(max_length=6, choices=[(kind, kind) for kind in KINDS])
    value = models.BinaryField(max_length=32)
    hash_list = models.CharField(
        max_length=60, help_text="own.reported, own.confirmed, own.confirmed_by_two, or a list's name"
    )
    cause = models.CharField(max_length=80, help_text='what it follows from, such as "content:42"')
    at = models.DateTimeField()
    at_ms = models.PositiveIntegerField(null=True, help_text="of a frame: from when it is shown")
    until_ms = models.PositiveIntegerField(null=True, help_text="of a frame: until when it is shown")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(op__in=["add", "remove"]), name="known_op_is_one"),
            models.CheckConstraint(condition=Q(kind__in=KINDS), name="known_kind_is_one"),
            models.CheckConstraint(
                condition=(Q(kind="frame") & Q(at_ms__isnull=False, until_ms__isnull=False))
                | (~Q(kind="frame") & Q(at_ms__isnull=True, until_ms__isnull=True)),
                name="known_frame_has_its_times",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["cause", "hash_list"]), models.Index(fields=["value"])]
