"""What people told us, and what was said to them. Their words lie encrypted in `db.PersonalText`."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from answerable.cases.models.items import Account, Case, Item
from answerable.db.models import PersonalText
from answerable.policy.words import Age, Danger, Relation


def is_formal(prefix: str = "") -> Q:
    """`Report.formal` as a condition; `prefix` leads to the report."""
    return Q(**{f"{prefix}{name}": True for name in ("complete", "signed", "good_faith")})


class Report(models.Model):
    """What one reporter told us at one moment: claims, unverified. Its digest never changes."""

    received_at = models.DateTimeField()
    case = models.ForeignKey(
        Case,
        null=True,
        on_delete=models.PROTECT,
        related_name="itemless_reports",
        help_text="the case that this report opened when it named no item",
    )
    harm = models.CharField(max_length=40)
    relation = models.CharField(max_length=20, choices=[(r, r) for r in Relation])
    age = models.CharField(max_length=6, choices=[(a, a) for a in Age])
    danger = models.CharField(max_length=4, choices=[(d, d) for d in Danger], default=Danger.NONE)
    language = models.CharField(max_length=10, default="en")
    channel = models.CharField(max_length=10, default="intake", help_text="intake, api, platform, demo")
    token = models.CharField(
        max_length=64, default="", help_text="the API key or verified sender; empty: anonymous"
    )
    verified = models.BooleanField(default=False, help_text="the token proves the relation")
    signed = models.BooleanField(default=False, help_text="a typed signature is there")
    good_faith = models.BooleanField(default=False, help_text="the good-faith sentence is ticked or written")
    complete = models.BooleanField(
        default=False, help_text="all four elements of a removal request are there"
    )
    statement = models.ForeignKey(PersonalText, null=True, on_delete=models.SET_NULL, related_name="+")
    contact = models.ForeignKey(PersonalText, null=True, on_delete=models.SET_NULL, related_name="+")
    signature = models.ForeignKey(PersonalText, null=True, on_delete=models.SET_NULL, related_name="+")
    earlier = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.PROTECT,
        related_name="later",
        help_text="the report whose access code came with this one",
    )
    digest = models.CharField(max_length=64, help_text="SHA-256 over all that was received, salted")
    code_hash = models.CharField(
        max_length=64, null=True, unique=True, help_text="keyed hash of the access code"
    )
    code_erased_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    pack_digest = models.CharField(max_length=64)
    facts = models.JSONField(
        default=list, help_text="kinds of new facts given since: age, police, identity, place"
    )

    @property
    def formal(self) -> bool:
        """Whether it has the elements that the law names; `complete` alone can rest on the place (rule 14)."""
        return self.complete and self.signed and self.good_faith

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(age__in=list(Age)), name="report_age_is_an_age"),
            models.CheckConstraint(condition=Q(relation__in=list(Relation)), name="report_relation_is_one"),
        ]
        indexes: ClassVar = [models.Index(fields=["received_at"])]


class ReportedItem(models.Model):
    """One thing that a report names: a link as typed, and the item it led to once known."""

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="reported_items")
    link = models.CharField(max_length=2000)
    platform = models.CharField(max_length=40, default="")
    item = models.ForeignKey(Item, null=True, on_delete=models.PROTECT, related_name="reported_in")
    state = models.CharField(
        max_length=12, default="known", help_text="known, resolving, unreachable, unknown_site"
    )
    interim = models.CharField(
        max_length=5, default="", help_text="what this report led to: hide, limit, look"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["report", "link"], name="reported_link_once"),
            models.UniqueConstraint(fields=["report", "item"], name="reported_item_once"),
        ]


class Claim(models.Model):
    """A hash that a reporter made on their own device: it finds, it never blocks."""

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="claims")
    kind = models.CharField(max_length=6, help_text="sha256 or pdq")
    value = models.BinaryField(max_length=32)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["report", "kind", "value"], name="claim_once")
        ]


class Message(models.Model):
    """A message between the desk and a reporter, on that report's status page."""

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="messages")
    at = models.DateTimeField()
    from_reporter = models.BooleanField()
    reply = models.CharField(
        max_length=40, default="", help_text="the pack's reply that this is; empty: typed words"
    )
    params = models.JSONField(default=dict, help_text="what the reply's text is filled with")
    text = models.ForeignKey(PersonalText, null=True, on_delete=models.SET_NULL, related_name="+")
    read_at = models.DateTimeField(null=True)


class Notice(models.Model):
    """What an account holder was told, so that all who were told can be told again (rule 15)."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="notices")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="notices")
    kind = models.CharField(max_length=30, help_text="the pack's notice: interim, removed, restored, ...")
    code_hash = models.CharField(
        max_length=64, null=True, unique=True, help_text="keyed hash of the code that opens an appeal"
    )
    decided_at = models.DateTimeField(help_text="when it was owed")
    told_at = models.DateTimeField(null=True)


class IdempotencyKey(models.Model):
    """A request already answered: the same key and body get the same answer again, never a second act."""

    scope = models.CharField(max_length=80, help_text='"intake", or "key:" and the number of an API key')
    key = models.CharField(max_length=120)
    body_digest = models.CharField(max_length=64)
    response = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["scope", "key"], name="idempotency_key_once")
        ]
