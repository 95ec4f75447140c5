"""The four tables of the audit log. Triggers (`audit.triggers`) keep them append-only."""

from datetime import UTC
from typing import ClassVar

from django.db import models
from django.db.models import Q


class AuditEntry(models.Model):
    """One thing that happened: a skeleton that nothing can change, and an event that may be sealed.

    `salt` and `event` are there from the start; where `sealed` says so they can later be erased, both
    together. `leaf_index` is the entry's place in the tree, given once by the sequencer.
    """

    at = models.DateTimeField()
    kind = models.CharField(max_length=40)
    actor = models.CharField(max_length=80, help_text='a pseudonym, such as "person:3" or "worker"')
    case_id = models.BigIntegerField(null=True)
    sealed = models.BooleanField(help_text="salt and event may be erased; fixed by the kind at insert")
    salt = models.BinaryField(max_length=32, null=True)
    event = models.TextField(null=True, help_text="the event's canonical JSON (RFC 8785)")
    commitment = models.CharField(max_length=64, help_text="SHA-256 over salt and event")
    leaf_index = models.PositiveBigIntegerField(null=True, unique=True)

    class Meta:
        db_table = "audit_entry"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(salt__isnull=True, event__isnull=True)
                | Q(salt__isnull=False, event__isnull=False),
                name="audit_salt_and_event_together",
            ),
            models.CheckConstraint(
                condition=Q(sealed=True) | Q(event__isnull=False), name="audit_unsealed_keeps_its_event"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["id"], condition=Q(leaf_index__isnull=True), name="audit_entry_pending"),
            models.Index(fields=["case_id"], name="audit_entry_case"),
            models.Index(fields=["kind", "id"], name="audit_entry_kind"),
        ]

    def skeleton(self) -> dict[str, str | int | None]:
        """What the leaf of the tree commits to (docs/rules.md, rule 21)."""
        return {
            "id": self.pk,
            "at": self.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "kind": self.kind,
            "case": self.case_id,
            "actor": self.actor,
            "commitment": self.commitment,
        }


class AuditNode(models.Model):
    """The hash of one complete subtree: `index` counts the subtrees of 2 ** `level` leaves from the left."""

    pk = models.CompositePrimaryKey("level", "index")
    level = models.PositiveSmallIntegerField()
    index = models.PositiveBigIntegerField()
    hash = models.BinaryField(max_length=32)

    class Meta:
        db_table = "audit_node"


class AuditHead(models.Model):
    """The tree as it stands: one row, whose lock makes a sequencer the leader."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    size = models.PositiveBigIntegerField(help_text="leaves")
    frontier = models.BinaryField(help_text="hashes of the complete subtrees, largest first, 32 bytes each")
    root = models.BinaryField(max_length=32)

    class Meta:
        db_table = "audit_head"
        constraints: ClassVar = [models.CheckConstraint(condition=Q(id=1), name="audit_head_is_one_row")]


class AuditCheckpoint(models.Model):
    """A signed note over one size of the tree (C2SP tlog-checkpoint)."""

    size = models.PositiveBigIntegerField(primary_key=True)
    note = models.TextField()
    verifier_key = models.CharField(max_length=400, help_text="the public key that it is verified with")

    class Meta:
        db_table = "audit_checkpoint"
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(note=""), name="audit_checkpoint_has_a_note"),
            models.CheckConstraint(condition=Q(size__gte=1), name="audit_checkpoint_size"),
        ]
