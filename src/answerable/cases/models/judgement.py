"""What people judged, what follows from it, and how it is contested."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from answerable.cases.models.items import Account, Case, Item, ItemContent
from answerable.cases.models.people import Person
from answerable.cases.models.reports import Notice, Report
from answerable.db.models import PersonalText
from answerable.policy.words import Age, Verdict

BY_REVIEWS = "reviews"
BY_LIST = "exact_match"
"""An exact match on a list of others that the policy pack trusts."""


class Review(models.Model):
    """One person's judgement of one content, under one clause, with a reason. Never changed."""

    content = models.ForeignKey(ItemContent, on_delete=models.PROTECT, related_name="reviews")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="reviews")
    round = models.PositiveSmallIntegerField()
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="reviews")
    qualified = models.BooleanField(help_text="as the pack asked when the review was made")
    tie = models.BooleanField(default=False, help_text="a lead's word where two differed")
    verdict = models.CharField(max_length=13, choices=[(v, v) for v in Verdict])
    age = models.CharField(max_length=6, choices=[(a, a) for a in Age])
    clause = models.CharField(max_length=80)
    exception = models.CharField(max_length=80, default="")
    missing_element = models.CharField(
        max_length=40, default="", help_text="a refusal for incompleteness names it"
    )
    nobody_in_it = models.BooleanField(
        default=False, help_text="nobody, real, drawn or generated, is in the item"
    )
    classification = models.CharField(
        max_length=2, default="", help_text="on the scale of US providers, for NCMEC alone; empty: not stated"
    )
    reason = models.ForeignKey(PersonalText, null=True, on_delete=models.SET_NULL, related_name="+")
    began_at = models.DateTimeField(help_text="when the item was opened: answers the reports received before")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["content", "round", "person"], name="review_once_per_person_and_round"
            ),
            models.CheckConstraint(condition=Q(verdict__in=list(Verdict)), name="review_verdict_is_one"),
            models.CheckConstraint(condition=Q(at__gte=models.F("began_at")), name="review_after_it_began"),
        ]


class Decision(models.Model):
    """`violating` or `not_violating` for one content, as it follows from reviews under the policy."""

    content = models.ForeignKey(ItemContent, on_delete=models.PROTECT, related_name="decisions")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="decisions")
    round = models.PositiveSmallIntegerField()
    verdict = models.CharField(max_length=13, choices=[(v, v) for v in Verdict])
    clause = models.CharField(max_length=80)
    basis = models.CharField(max_length=12, help_text="reviews, exact_copy, exact_match")
    of_decision = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.PROTECT,
        related_name="shared",
        help_text="the decision on the identical file that this one shares",
    )
    at = models.DateTimeField()
    answers_reports_before = models.DateTimeField(help_text="reports received later need a look of their own")
    confirmed_by_two_at = models.DateTimeField(null=True)
    overturned_at = models.DateTimeField(null=True)

    @property
    def by_match(self) -> bool:
        """Whether an exact match decided it, and nobody looked at this item."""
        return self.basis != BY_REVIEWS

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["content"], condition=Q(overturned_at__isnull=True), name="one_standing_decision"
            ),
            models.CheckConstraint(
                condition=Q(verdict="violating") | Q(basis="reviews"), name="no_machine_clears"
            ),
            models.CheckConstraint(condition=Q(verdict__in=list(Verdict)), name="decision_verdict_is_one"),
        ]


class Finding(models.Model):
    """What a filing to an authority rests on: a qualified review or an exact list match about a child."""

    content = models.ForeignKey(ItemContent, on_delete=models.PROTECT, related_name="findings")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="findings")
    review = models.ForeignKey(Review, null=True, on_delete=models.PROTECT, related_name="findings")
    matched_list = models.CharField(max_length=80, default="")
    age = models.CharField(max_length=6, choices=[(Age.CHILD, "child"), (Age.UNSURE, "unsure")])
    at = models.DateTimeField(help_text="the first `violating`: the filing's clock starts here")
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["content"], condition=Q(withdrawn_at__isnull=True), name="one_finding_per_content"
            ),
            models.CheckConstraint(
                condition=Q(review__isnull=False) | ~Q(matched_list=""), name="finding_rests_on_something"
            ),
            models.CheckConstraint(
                condition=Q(age__in=["child", "unsure"]), name="finding_never_about_an_adult"
            ),
        ]


class Appeal(models.Model):
    """A decision contested: by the account holder (`appeal`) or by the reporter (`complaint`)."""

    kind = models.CharField(max_length=9, choices=[("appeal", "appeal"), ("complaint", "complaint")])
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="appeals")
    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="appeals")
    notice = models.ForeignKey(Notice, null=True, on_delete=models.PROTECT, related_name="appeals")
    report = models.ForeignKey(Report, null=True, on_delete=models.PROTECT, related_name="complaints")
    text = models.ForeignKey(PersonalText, null=True, on_delete=models.SET_NULL, related_name="+")
    received_at = models.DateTimeField()
    round = models.PositiveSmallIntegerField(help_text="the round of the case in which it is decided")
    outcome = models.CharField(max_length=10, default="", help_text="upheld, reversed; empty: open")
    decided_at = models.DateTimeField(null=True)
