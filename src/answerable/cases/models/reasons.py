"""Statements of reasons, as values, and where they were delivered (Regulation (EU) 2022/2065, Art. 17 and 24(5))."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from answerable.cases.models.items import Account, Case, Item
from answerable.cases.models.judgement import Decision
from answerable.cases.models.reports import Notice
from answerable.cases.rules.reasons import EVERYWHERE
from answerable.policy.words import Age

DELIVERED, REFUSED = "delivered", "refused"


class StatementOfReasons(models.Model):
    """Why something of an account was restricted; or, with `lifts`, that it no longer is. Its notice tells of it."""

    notice = models.OneToOneField(Notice, on_delete=models.PROTECT, related_name="reasons")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="reasons")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="reasons")
    case = models.ForeignKey(Case, null=True, on_delete=models.PROTECT, related_name="reasons")
    decision = models.ForeignKey(Decision, null=True, on_delete=models.PROTECT, related_name="reasons")
    lifts = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="lifted_by")
    puid = models.CharField(
        max_length=32, unique=True, help_text="by chance: what a database knows it by, and a retry"
    )
    pack_digest = models.CharField(max_length=64, help_text="the pack whose clause it names")
    at = models.DateTimeField(help_text="when the restriction began, or was lifted")
    ends_at = models.DateTimeField(null=True, help_text="when it ended; null: it stands")

    ready_at = models.DateTimeField(
        null=True, help_text="from when a public database may have it; null: not yet, or never"
    )
    delivered_in = models.CharField(
        max_length=10, default="", help_text="test or production: the last one that took or refused it"
    )

    restriction = models.CharField(max_length=10, help_text="the words of `rules.reasons`, as are the next")
    lasts = models.CharField(max_length=14)
    territory = models.CharField(max_length=20, default=EVERYWHERE)
    circumstance = models.CharField(max_length=20)
    came_from = models.CharField(max_length=20)
    found_by_software = models.BooleanField()
    decided = models.CharField(max_length=20)
    ground = models.CharField(max_length=10)
    harm = models.CharField(max_length=40)
    clause = models.CharField(max_length=80, default="")
    law = models.CharField(max_length=300, default="")
    redress = models.CharField(max_length=40, help_text="words with a space between")
    age = models.CharField(max_length=6, choices=[(a, a) for a in Age])
    item_kind = models.CharField(max_length=20)
    content_on = models.DateField(help_text="the day from which the platform held it")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(clause="") | ~Q(decision__isnull=True), name="reasons_clause_was_decided"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gte=models.F("at")),
                name="reasons_end_after_begin",
            ),
            models.CheckConstraint(condition=~Q(ground="law") | ~Q(law=""), name="reasons_law_is_named"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["item"], condition=Q(ends_at=None), name="reasons_standing"),
            models.Index(fields=["delivered_in", "ready_at"], name="reasons_waiting"),
        ]


class ReasonsDelivery(models.Model):
    """That a database has a statement, or refused it for good."""

    reasons = models.ForeignKey(StatementOfReasons, on_delete=models.PROTECT, related_name="deliveries")
    environment = models.CharField(max_length=10, help_text="test, or production")
    state = models.CharField(max_length=10)
    uuid = models.CharField(max_length=36, default="", help_text="the database's own name of it, if it said")
    why = models.CharField(max_length=300, default="", help_text="which fields were refused")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["reasons", "environment"], name="reasons_delivered_once"),
            models.CheckConstraint(condition=Q(state__in=[DELIVERED, REFUSED]), name="delivery_state_is_one"),
        ]
