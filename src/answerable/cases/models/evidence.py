"""What is kept as evidence: what was captured, the encrypted objects, who may not destroy it, who may read it."""

from typing import ClassVar, Final

from django.db import models
from django.db.models import Q

from answerable.cases.models.items import Case, ItemContent
from answerable.cases.models.judgement import Decision
from answerable.cases.models.people import Person

STORES: Final = ("vault", "working")


class EvidenceObject(models.Model):
    """One encrypted object in one store. Several captures may rest on it: the same bytes are kept once."""

    store = models.CharField(max_length=7, help_text="vault: custodians alone read it; working: this server")
    sha256 = models.CharField(max_length=64, help_text="of the bytes before they were encrypted")
    size = models.PositiveBigIntegerField(help_text="bytes, before they were encrypted")
    sealed_sha256 = models.CharField(max_length=64, help_text="of the encrypted bytes")
    sealed_size = models.PositiveBigIntegerField()
    key = models.CharField(
        max_length=300, help_text="working: the month of its key; vault: the custodians who can read it"
    )
    stored_at = models.DateTimeField()
    checked_at = models.DateTimeField(null=True, help_text="when it was last compared with its digest")
    fault = models.CharField(max_length=10, default="", help_text="missing or damaged; empty: whole")
    destroying_at = models.DateTimeField(null=True, help_text="from then on it is to be gone")
    destroyed_at = models.DateTimeField(null=True, help_text="when it was seen to be gone")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["store", "sha256"],
                condition=Q(destroying_at__isnull=True),
                name="evidence_object_once",
            ),
            models.CheckConstraint(condition=Q(store__in=STORES), name="evidence_object_store_is_one"),
            models.CheckConstraint(
                condition=Q(destroyed_at__isnull=True) | Q(destroying_at__isnull=False),
                name="evidence_object_destroyed_was_begun",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["checked_at"]), models.Index(fields=["sha256"])]


class Capture(models.Model):
    """What was taken down of one content that was decided `violating`: facts, and where the law lets us, its media."""

    content = models.ForeignKey(ItemContent, on_delete=models.PROTECT, related_name="captures")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="captures")
    decision = models.ForeignKey(Decision, null=True, on_delete=models.PROTECT, related_name="captures")
    at = models.DateTimeField()
    media_sha256 = models.CharField(max_length=64, default="", help_text="empty: without media")
    missing = models.CharField(max_length=120, default="", help_text="why media that were owed are not there")
    facts_sha256 = models.CharField(max_length=64)
    manifest_sha256 = models.CharField(max_length=64)
    entry_id = models.BigIntegerField(help_text="the audit entry that has its digests")
    media_destroyed_at = models.DateTimeField(null=True)
    destroyed_at = models.DateTimeField(null=True, help_text="nothing of it is kept any more")

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["media_sha256"]),
            models.Index(fields=["facts_sha256"]),
            models.Index(fields=["manifest_sha256"]),
        ]


class HiddenMedia(models.Model):
    """The bytes of what was hidden and that nobody had decided, in the working store: its platform can't keep them."""

    content = models.ForeignKey(ItemContent, on_delete=models.PROTECT, related_name="hidden_media")
    sha256 = models.CharField(max_length=64, db_index=True)
    at = models.DateTimeField()
    entry_id = models.BigIntegerField(help_text="the audit entry that has their digests")
    ended_at = models.DateTimeField(null=True, help_text="they rest on this no more")
    why = models.CharField(max_length=10, default="", help_text="captured, cleared, adult, changed or over")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["content"], condition=Q(ended_at__isnull=True), name="hidden_media_once"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, why="") | Q(ended_at__isnull=False) & ~Q(why=""),
                name="hidden_media_ended_says_why",
            ),
        ]


class EvidenceHold(models.Model):
    """Nothing of a case is destroyed while one stands: until a day, or until people release it."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="evidence_holds")
    why = models.CharField(max_length=20, help_text="court, authority, request, investigation or longer")
    placed_at = models.DateTimeField()
    placed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    until = models.DateTimeField(null=True, help_text="it ends by itself then; none: people release it")
    released_at = models.DateTimeField(null=True)
    released_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")


class EvidenceRecipient(models.Model):
    """An authority's age public key, to which evidence may be given: two people verified it (rule 23)."""

    name = models.CharField(max_length=80)
    key = models.CharField(max_length=80, help_text="age1…")
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    verified_at = models.DateTimeField(null=True)
    verified_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["name"], condition=Q(ended_at__isnull=True), name="evidence_recipient_name_once"
            ),
            models.CheckConstraint(
                condition=Q(verified_by__isnull=True) | ~Q(verified_by=models.F("added_by")),
                name="evidence_recipient_verified_by_another",
            ),
        ]
