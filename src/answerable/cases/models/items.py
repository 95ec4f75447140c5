"""Cases, and the items that they group: what stands on a platform, as it was last seen there."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from answerable.policy.words import Age, CopyKind, Visibility


class Case(models.Model):
    """What groups one matter. It decides nothing, and may hold no item yet."""

    harm = models.CharField(max_length=40)
    opened_at = models.DateTimeField()
    reopened_at = models.DateTimeField(null=True)
    pack_digest = models.CharField(
        max_length=64, help_text="the policy pack it was pinned to when it (re)opened"
    )
    closed_at = models.DateTimeField(null=True)
    joined_into = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="joined")
    reports_count = models.PositiveIntegerField(
        default=0, help_text="reports that reached it: raises its priority"
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(joined_into__isnull=True) | ~Q(joined_into=F("id")),
                name="case_not_joined_into_itself",
            ),
        ]


class Account(models.Model):
    """An author's account on a platform, and what two people confirmed about it."""

    platform = models.CharField(max_length=40)
    ref = models.CharField(max_length=300)
    uploads_held_since = models.DateTimeField(null=True, help_text="its later uploads wait for a look")
    judged_at = models.DateTimeField(null=True)
    judged_as = models.CharField(
        max_length=20, default="", help_text="offender, depicted, taken_over, outrage, unsure"
    )
    strikes = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["platform", "ref"], name="account_once_per_platform")
        ]


class Item(models.Model):
    """One piece of content on a platform, the visibility wanted for it and the one last seen."""

    platform = models.CharField(max_length=40)
    ref = models.CharField(max_length=300)
    url = models.CharField(max_length=2000, default="")
    media_url = models.CharField(
        max_length=2000, default="", help_text="where its bytes were served: looks go there, too"
    )
    kind = models.CharField(
        max_length=20, default="image", help_text="image, video, text, profile, account, room, page"
    )
    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="items")
    case = models.ForeignKey(Case, null=True, on_delete=models.PROTECT, related_name="items")
    age = models.CharField(max_length=6, choices=[(a, a) for a in Age], default=Age.UNSURE)
    content = models.ForeignKey(
        "cases.ItemContent",
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="the content last seen",
    )
    posted_at = models.DateTimeField(null=True)
    registered_at = models.DateTimeField()
    first_notice_at = models.DateTimeField(null=True)
    views = models.PositiveBigIntegerField(default=0)
    views_at_first_notice = models.PositiveBigIntegerField(null=True)
    round = models.PositiveSmallIntegerField(default=1, help_text="grows when it has to be judged anew")
    round_why = models.CharField(
        max_length=10, default="report", help_text="report, repeated, answer, complaint, appeal, changed"
    )
    looked_at = models.DateTimeField(
        null=True, help_text="when its current content was last judged by a person"
    )
    nobody_in_it_at = models.DateTimeField(
        null=True, help_text="one qualified person lifted the hiding on that fact"
    )

    wanted = models.CharField(max_length=7, choices=[(v, v) for v in Visibility], default=Visibility.VISIBLE)
    wanted_serial = models.PositiveBigIntegerField(default=0, help_text="grows with each change of `wanted`")
    wanted_why = models.CharField(
        max_length=30, default="", help_text="report, copy, list, decision, law, cleared, overturned"
    )
    wanted_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    seen = models.CharField(
        max_length=7, default="", help_text="visibility last seen by a look; empty: never looked"
    )
    seen_at = models.DateTimeField(
        null=True, help_text="the time of that look: `verified` when it is as wanted"
    )
    hidden_at = models.DateTimeField(null=True, help_text="first verified hidden since first notice")
    look_again_at = models.DateTimeField(
        null=True,
        db_index=True,
        help_text="what isn't shown is looked at again then: an hour later, up to weekly",
    )
    interim_since = models.DateTimeField(
        null=True, help_text="hidden or limited without a decision since then"
    )
    interim_times = models.PositiveIntegerField(
        default=0, help_text="how often it was hidden without a decision"
    )
    interim_seconds = models.PositiveBigIntegerField(
        default=0, help_text="finished interim hidings that were cleared"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["platform", "ref"], name="item_once_per_platform"),
            models.CheckConstraint(
                condition=Q(wanted__in=list(Visibility)), name="item_wanted_is_a_visibility"
            ),
            models.CheckConstraint(condition=Q(age__in=list(Age)), name="item_age_is_an_age"),
        ]
        indexes: ClassVar = [models.Index(fields=["case"]), models.Index(fields=["account", "interim_since"])]


class ItemContent(models.Model):
    """One version of an item's content: the bytes seen. Reviews and decisions are about one of these."""

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="contents")
    sha256 = models.CharField(max_length=64)
    md5 = models.CharField(max_length=32, default="")
    pdq = models.BinaryField(
        max_length=32, null=True, help_text="32 bytes; null where no image could be read"
    )
    pdq_quality = models.PositiveSmallIntegerField(null=True, help_text="0 to 100; below 50 is not searched")
    pdq_turns = models.BinaryField(
        max_length=224,
        null=True,
        help_text="its seven other rotations and flips; null where only hashes came",
    )
    media_type = models.CharField(max_length=100, default="")
    size = models.PositiveBigIntegerField(null=True, help_text="bytes")
    seen_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["item", "sha256"], name="content_once_per_item")
        ]
        indexes: ClassVar = [models.Index(fields=["sha256"]), models.Index(fields=["md5"])]


class Copy(models.Model):
    """`content` is a copy of `original`, measured against it directly, never along a chain (rule 11)."""

    original = models.ForeignKey(ItemContent, on_delete=models.PROTECT, related_name="copies")
    content = models.ForeignKey(ItemContent, on_delete=models.PROTECT, related_name="copy_of")
    kind = models.CharField(max_length=5, choices=[(k, k) for k in CopyKind])
    distance = models.PositiveSmallIntegerField(default=0, help_text="bits of 256")
    overlap = models.JSONField(
        null=True, help_text="where a video is one of the two: `inputs.Overlap`, the copy's part first"
    )
    found_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["original", "content"], name="copy_edge_once"),
            models.CheckConstraint(condition=~Q(original=F("content")), name="copy_not_of_itself"),
            models.CheckConstraint(
                condition=Q(kind="near") | Q(distance=0), name="copy_exact_has_no_distance"
            ),
        ]


class ViewSample(models.Model):
    """How often an item of a case had been viewed at one moment."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="view_samples")
    at = models.DateTimeField()
    views = models.PositiveBigIntegerField(help_text="total since it was posted")

    class Meta:
        indexes: ClassVar = [models.Index(fields=["item", "at"])]
