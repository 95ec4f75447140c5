"""What authorities ask for: each request, what it names, who verified it and by which contact, what was given."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from answerable.cases.models.evidence import EvidenceHold, EvidenceRecipient
from answerable.cases.models.items import Account, Case, Item
from answerable.cases.models.people import Person
from answerable.cases.models.reports import Report
from answerable.cases.rules.requests import Asks, Came, Unfit
from answerable.db.models import PersonalText

GRANTED, REFUSED = "granted", "refused"


class AuthorityRequest(models.Model):
    """One request of somebody who says to be an authority. Until two people verified it, it is a claim (rule 23)."""

    asks = models.CharField(max_length=10, choices=[(a, a) for a in Asks])
    came = models.CharField(max_length=10, choices=[(c, c) for c in Came])
    regime = models.CharField(max_length=20)
    country = models.CharField(max_length=2)
    harm = models.CharField(max_length=40)
    law = models.CharField(
        max_length=40, default="", help_text="of those that the pack names for orders; empty: another"
    )
    received_at = models.DateTimeField(help_text="all times count from here")
    entered_at = models.DateTimeField()
    entered_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    words = models.ForeignKey(
        PersonalText,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="JSON: authority, basis, reference, contacts, words, links",
    )
    digest = models.CharField(max_length=64, help_text="SHA-256 over all that was entered, salted")
    pack_digest = models.CharField(max_length=64)
    case = models.ForeignKey(Case, null=True, on_delete=models.PROTECT, related_name="authority_requests")
    report = models.ForeignKey(
        Report, null=True, on_delete=models.PROTECT, related_name="+", help_text="by which it came, or hides"
    )
    earlier = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="later", help_text="it extends or lifts it"
    )
    due_at = models.DateTimeField(help_text="it is to be answered until then")
    verified_at = models.DateTimeField(null=True, help_text="the second person reached the authority")
    outcome = models.CharField(max_length=10, default="", help_text="granted or refused; empty: open")
    unfit = models.CharField(max_length=10, default="", help_text="why it was refused")
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.ForeignKey(PersonalText, null=True, on_delete=models.SET_NULL, related_name="+")
    answered_at = models.DateTimeField(null=True, help_text="the authority was told what became of it")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(asks__in=list(Asks)), name="request_asks_is_one"),
            models.CheckConstraint(
                condition=Q(outcome="", closed_at__isnull=True)
                | Q(outcome__in=[GRANTED, REFUSED], closed_at__isnull=False),
                name="request_closed_has_outcome",
            ),
            models.CheckConstraint(
                condition=~Q(outcome=GRANTED) | Q(verified_at__isnull=False),
                name="request_granted_is_verified",
            ),
            models.CheckConstraint(
                condition=Q(unfit="") | Q(unfit__in=list(Unfit)), name="request_unfit_is_one"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["closed_at", "due_at"])]


class RequestItem(models.Model):
    """One item that a request names."""

    request = models.ForeignKey(AuthorityRequest, on_delete=models.PROTECT, related_name="named")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="requested_in")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["request", "item"], name="request_item_once")
        ]


class RequestAccount(models.Model):
    """One account that a request names."""

    request = models.ForeignKey(AuthorityRequest, on_delete=models.PROTECT, related_name="accounts")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="requested_in")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["request", "account"], name="request_account_once")
        ]


class RequestHold(models.Model):
    """A hold on a case's evidence that a request placed."""

    request = models.ForeignKey(AuthorityRequest, on_delete=models.PROTECT, related_name="holds")
    hold = models.OneToOneField(EvidenceHold, on_delete=models.PROTECT, related_name="of_request")


class RequestCheck(models.Model):
    """One person reached the authority by a contact that they found themselves: which one, and where they found it."""

    request = models.ForeignKey(AuthorityRequest, on_delete=models.PROTECT, related_name="checks")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    words = models.ForeignKey(
        PersonalText, null=True, on_delete=models.SET_NULL, related_name="+", help_text="JSON: contact, found"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["request", "person"], name="request_check_by_two_people")
        ]


class RequestSilence(models.Model):
    """Telling the holders of what a verified request names waits, until a day (rules 16 and 23)."""

    request = models.ForeignKey(AuthorityRequest, on_delete=models.PROTECT, related_name="silences")
    placed_at = models.DateTimeField()
    placed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    until = models.DateTimeField()
    ground = models.CharField(max_length=200, help_text="the article of the law that orders it")
    ended_at = models.DateTimeField(null=True)


class RequestPackage(models.Model):
    """What an authority is given: listed by one, agreed to by another, encrypted to a key that two verified."""

    request = models.ForeignKey(AuthorityRequest, on_delete=models.PROTECT, related_name="packages")
    recipient = models.ForeignKey(EvidenceRecipient, on_delete=models.PROTECT, related_name="+")
    document = models.ForeignKey(PersonalText, null=True, on_delete=models.SET_NULL, related_name="+")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the document as it was listed")
    fields = models.JSONField(help_text="names of the fields that are in it")
    items = models.JSONField(help_text="numbers of the items that are in it")
    listed_at = models.DateTimeField()
    listed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    declined_at = models.DateTimeField(null=True)
    given_at = models.DateTimeField(null=True, help_text="first handed out")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True) | ~Q(confirmed_by=models.F("listed_by")),
                name="request_package_confirmed_by_another",
            ),
            models.CheckConstraint(
                condition=Q(given_at__isnull=True) | Q(confirmed_at__isnull=False),
                name="request_package_given_was_confirmed",
            ),
        ]


class RequestEvidence(models.Model):
    """Evidence itself that a verified request was answered with: encrypted, agreed to by two custodians."""

    request = models.ForeignKey(AuthorityRequest, on_delete=models.PROTECT, related_name="evidence")
    recipient = models.ForeignKey(EvidenceRecipient, on_delete=models.PROTECT, related_name="+")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    manifest_sha256 = models.CharField(max_length=64, help_text="of the list of files that were given")
    count = models.PositiveIntegerField(help_text="how many encrypted objects")
    at = models.DateTimeField()
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    second = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(by=models.F("second")), name="request_evidence_by_two")
        ]


class RequestEvidenceItem(models.Model):
    """One item of which evidence was given."""

    given = models.ForeignKey(RequestEvidence, on_delete=models.PROTECT, related_name="items")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["given", "item"], name="request_evidence_item_once")
        ]
