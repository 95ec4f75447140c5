"""What growing hash lists found among everything registered before, and hashes that others are asked about."""

from typing import ClassVar, Final

from django.db import models
from django.db.models import Q

from answerable.cases.models.items import ItemContent
from answerable.cases.models.lists import LIST_KINDS

WAITING: Final = ""
ACTED: Final = ("hidden", "limited", "look")
"""Outcomes after which people owe a look."""
OUTCOMES: Final = (WAITING, *ACTED, "decided", "nothing", "ended")


class Reached(models.Model):
    """How far the worker went through a table, so that it can be killed and goes on."""

    name = models.CharField(max_length=30, unique=True, help_text="lists, shield.new, shield.old")
    number = models.BigIntegerField(default=0, help_text="the last row that is done")
    facts = models.JSONField(default=dict, help_text="what was counted on the way")


class ListMatch(models.Model):
    """A content that was there before a fingerprint came onto a list, and matches it. What follows is done later."""

    content = models.ForeignKey(ItemContent, on_delete=models.PROTECT, related_name="list_matches")
    hash_list = models.CharField(max_length=60, help_text="the list with its class, such as ncmec.A1")
    kind = models.CharField(max_length=6, choices=[(kind, kind) for kind in LIST_KINDS])
    value = models.BinaryField(max_length=32, help_text="the fingerprint that came onto the list")
    distance = models.PositiveSmallIntegerField(default=0, help_text="bits of 256")
    found_at = models.DateTimeField()
    outcome = models.CharField(
        max_length=7,
        default=WAITING,
        help_text="hidden, limited, look; decided; nothing to do; ended: no longer listed; empty: it waits",
    )
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["content", "hash_list", "kind", "value"], name="list_match_once"),
            models.CheckConstraint(condition=Q(outcome__in=OUTCOMES), name="list_match_outcome_is_one"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["hash_list", "id"], condition=Q(outcome=WAITING), name="list_match_waiting"),
            models.Index(fields=["hash_list", "outcome"]),
            models.Index(fields=["value"]),
        ]


class HashQuestion(models.Model):
    """One distinct PDQ that Arachnid Shield is asked about, and what it said. Only the hash leaves."""

    pdq = models.BinaryField(max_length=32, unique=True)
    since = models.DateTimeField(help_text="first seen in an item")
    next_at = models.DateTimeField(
        null=True, help_text="when it may be asked; null: in hand, or answered for good"
    )
    obligation = models.BigIntegerField(null=True, help_text="the obligation that asks it now")
    asked_at = models.DateTimeField(null=True, help_text="last handed to an obligation")
    answered_at = models.DateTimeField(null=True, help_text="last answered in words that we understand")
    found = models.CharField(max_length=30, default="", help_text="what that answer was")
    said = models.CharField(max_length=100, default="", help_text="Shield's own last word, understood or not")
    match = models.CharField(max_length=20, default="", help_text="exact, near or empty")
    near = models.PositiveIntegerField(default=0, help_text="how many known pictures are near")
    unanswered = models.PositiveSmallIntegerField(
        default=0, help_text="times asked in vain since the last answer"
    )

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["id"], condition=Q(next_at__isnull=False), name="question_open"),
            models.Index(fields=["obligation"]),
            models.Index(fields=["asked_at"]),
            models.Index(fields=["found"]),
        ]
