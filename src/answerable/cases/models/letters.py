"""What is mailed to authorities that have no interface: each letter, and what became of it."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from answerable.cases.models.items import Case, ItemContent
from answerable.cases.models.judgement import Decision, Finding
from answerable.db.models import PersonalText

QUEUED, ACCEPTED, RECEIVED, BOUNCED, BY_HAND, DROPPED = (
    "queued",
    "accepted",
    "received",
    "bounced",
    "by_hand",
    "dropped",
)
STATES = (QUEUED, ACCEPTED, RECEIVED, BOUNCED, BY_HAND, DROPPED)
SENT = (ACCEPTED, RECEIVED)


class Letter(models.Model):
    """One mail to an authority about a case, or a later one that takes an earlier one back."""

    authority = models.CharField(max_length=40, help_text="as the policy pack names it")
    environment = models.CharField(max_length=10, help_text="test keeps no duty; production does")
    purpose = models.CharField(max_length=10, help_text="report, or correction of one that was sent")
    regime = models.CharField(max_length=20)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="letters")
    corrects = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="corrections")
    obligation_id = models.BigIntegerField(db_index=True, help_text="what it keeps")
    reference = models.CharField(max_length=20, unique=True, help_text="by chance; all that its subject says")
    message_id = models.CharField(max_length=200, help_text="fixed before it is sent; empty: none was sent")
    address = models.CharField(max_length=254, default="")
    facts = models.ForeignKey(PersonalText, null=True, on_delete=models.SET_NULL, related_name="+")
    mail = models.ForeignKey(
        PersonalText, null=True, on_delete=models.SET_NULL, related_name="+", help_text="byte by byte"
    )
    state = models.CharField(max_length=10, default=QUEUED)
    drafted_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True, help_text="our server was asked to take it, and may have")
    accepted_at = models.DateTimeField(null=True, help_text="our server took it")
    closed_at = models.DateTimeField(null=True, help_text="received, bounced, given up")
    receipt = models.CharField(
        max_length=200, default="", help_text="the authority's, as a person entered it"
    )
    why = models.CharField(max_length=300, default="")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=STATES), name="letter_state_is_one"),
            models.CheckConstraint(
                condition=Q(purpose="report", corrects__isnull=True)
                | Q(purpose="correction", corrects__isnull=False),
                name="letter_correction_corrects",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=False) | ~Q(state__in=[*SENT, BOUNCED]),
                name="letter_sent_was_accepted",
            ),
            models.CheckConstraint(
                condition=Q(corrects__isnull=True) | ~Q(corrects=F("id")), name="letter_not_of_itself"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["case", "authority"])]


class LetterItem(models.Model):
    """One content that a letter tells of, with the decision that it rests on; about a child, with its finding."""

    letter = models.ForeignKey(Letter, on_delete=models.PROTECT, related_name="items")
    content = models.ForeignKey(ItemContent, on_delete=models.PROTECT, related_name="told_in")
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="told_in")
    finding = models.ForeignKey(Finding, null=True, on_delete=models.PROTECT, related_name="told_in")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["letter", "content"], name="letter_item_once")
        ]
