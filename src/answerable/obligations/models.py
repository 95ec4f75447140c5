"""The one table of everything that is owed."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from answerable.policy.words import By

STATES = ("owed", "kept", "kept_late", "released")


class Obligation(models.Model):
    """One thing owed: what, to whom, by when; with its proof once kept. A closed row never changes."""

    kind = models.CharField(max_length=40)
    by = models.CharField(max_length=12, choices=[(b, b) for b in By])
    subject = models.CharField(max_length=80, help_text='such as "item:42" or "report:7"')
    case_id = models.BigIntegerField(null=True)
    platform = models.CharField(max_length=40, default="")
    regime = models.CharField(max_length=20, default="")
    cause = models.CharField(max_length=80, help_text='what it follows from, such as "report:7"')
    params = models.JSONField(default=dict)
    pack_digest = models.CharField(max_length=64, default="")
    owed_at = models.DateTimeField()
    not_before = models.DateTimeField(null=True)
    due_at = models.DateTimeField(help_text="counts from the event, never grows")
    state = models.CharField(max_length=9, choices=[(s, s) for s in STATES], default="owed")
    closed_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=200, default="")
    reference = models.CharField(
        max_length=200, default="", help_text="where a person marked it kept: their reference"
    )
    proof_entry_id = models.BigIntegerField(null=True, help_text="the audit entry that proves it was kept")

    urgency = models.PositiveSmallIntegerField(default=1, help_text="0 protecting, 1 first attempt, 2 retry")
    next_attempt_at = models.DateTimeField()
    attempt = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=300, default="")
    alarmed_at = models.DateTimeField(null=True, help_text="people were paged that it is late")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "subject"], condition=Q(state="owed"), name="obligation_owed_once"
            ),
            models.CheckConstraint(condition=Q(state__in=STATES), name="obligation_state_is_one"),
            models.CheckConstraint(
                condition=Q(state="owed", closed_at__isnull=True)
                | (~Q(state="owed") & Q(closed_at__isnull=False)),
                name="obligation_owed_exactly_while_open",
            ),
            models.CheckConstraint(
                condition=~Q(state="kept") | Q(closed_at__lte=F("due_at")), name="obligation_kept_in_time"
            ),
            models.CheckConstraint(
                condition=~Q(state="kept_late") | Q(closed_at__gt=F("due_at")),
                name="obligation_kept_late_is_late",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["kept", "kept_late"]) | Q(proof_entry_id__isnull=False),
                name="obligation_kept_has_proof",
            ),
            models.CheckConstraint(
                condition=~Q(state="released") | ~Q(reason=""), name="obligation_release_has_reason"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["urgency", "next_attempt_at"],
                condition=Q(state="owed", by="worker"),
                name="obligation_claim",
            ),
            models.Index(fields=["due_at"], condition=Q(state="owed"), name="obligation_due"),
            models.Index(fields=["case_id"]),
            models.Index(fields=["subject"]),
            models.Index(fields=["cause"]),
        ]
