"""What is filed with authorities, step by step: each step outside stands here before and after it."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from answerable.cases.models.items import Account, Case, ItemContent
from answerable.cases.models.judgement import Finding
from answerable.cases.models.people import Person
from answerable.db.models import PersonalText

STATES = ("drafted", "sending", "finished", "dropped", "by_hand")
STANDING = ("drafted", "sending", "finished", "by_hand")


class Filing(models.Model):
    """One report to an authority about one account, or a later one that takes an earlier one back."""

    authority = models.CharField(max_length=20)
    environment = models.CharField(max_length=10, help_text="test keeps no duty; production does")
    purpose = models.CharField(max_length=10, help_text="report, or correction of one that was finished")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="filings")
    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="filings")
    corrects = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="corrections")
    obligation_id = models.BigIntegerField(db_index=True, help_text="what it keeps")
    state = models.CharField(max_length=10, default="drafted")
    document = models.ForeignKey(
        PersonalText,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="as it is sent, encrypted",
    )
    digest = models.CharField(max_length=64, help_text="SHA-256 of the document")
    drafted_at = models.DateTimeField()
    approved_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True)

    step = models.CharField(
        max_length=20, default="", help_text="asked, and not answered yet: submit, upload:3, details:3 ..."
    )
    serial = models.PositiveBigIntegerField(default=0, help_text="grows with each step that is asked")
    uploading = models.BooleanField(
        default=False, help_text="its next file is too large for a step of ten seconds"
    )
    report_id = models.BigIntegerField(
        null=True, help_text="the authority's number of the report that is open"
    )
    opened_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(null=True, help_text="the last file or details that the authority took")
    resets = models.PositiveSmallIntegerField(default=0, help_text="how often it began anew")
    finished_at = models.DateTimeField(null=True)
    why = models.CharField(
        max_length=300, default="", help_text="why people must file it, or why it was dropped"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["authority", "environment", "report_id"],
                condition=Q(report_id__isnull=False),
                name="filing_report_once",
            ),
            models.CheckConstraint(condition=Q(state__in=STATES), name="filing_state_is_one"),
            models.CheckConstraint(
                condition=Q(purpose="report", corrects__isnull=True)
                | Q(purpose="correction", corrects__isnull=False),
                name="filing_correction_corrects",
            ),
            models.CheckConstraint(
                condition=Q(state="finished", finished_at__isnull=False, report_id__isnull=False)
                | ~Q(state="finished") & Q(finished_at__isnull=True),
                name="filing_finished_has_number",
            ),
            models.CheckConstraint(
                condition=Q(corrects__isnull=True) | ~Q(corrects=F("id")), name="filing_not_of_itself"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["state"]), models.Index(fields=["account", "state"])]


class AccountAsked(models.Model):
    """What a platform said of an account when a report to an authority was owed: asked for that alone.

    The newest row of an account counts. An older one stays only where a hold keeps it.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="asked")
    asked_at = models.DateTimeField()
    outcome = models.CharField(max_length=10, help_text="told, nothing (it tells nothing), failed")
    facts = models.ForeignKey(
        PersonalText, null=True, on_delete=models.SET_NULL, related_name="+", help_text="encrypted JSON"
    )


class FilingFile(models.Model):
    """One file of a filing: the finding that it rests on, what is said of it, and how far it is sent."""

    filing = models.ForeignKey(Filing, on_delete=models.PROTECT, related_name="files")
    number = models.PositiveSmallIntegerField(help_text="from 1, in the order in which they are sent")
    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="filed_in")
    content = models.ForeignKey(ItemContent, on_delete=models.PROTECT, related_name="filed_in")
    viewed = models.BooleanField(help_text="a person of this desk saw these very bytes")
    public = models.BooleanField(null=True, help_text="a look saw it where everybody could; null: not known")
    place = models.CharField(max_length=40, help_text="authority, environment and purpose")
    dropped = models.BooleanField(default=False, help_text="its filing was dropped")
    missing = models.CharField(
        max_length=120, default="", help_text="why its bytes are not sent, only its hashes"
    )
    file_id = models.CharField(max_length=100, default="", help_text="the authority's token of it")
    sent_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True, help_text="when the authority took its details")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["filing", "number"], name="filing_file_number_once"),
            models.UniqueConstraint(
                fields=["finding", "place"], condition=Q(dropped=False), name="finding_filed_once"
            ),
        ]


class FilingAnswer(models.Model):
    """What an authority answered to one step, and the document that was sent with it, encrypted as the report is."""

    filing = models.ForeignKey(Filing, on_delete=models.PROTECT, related_name="answers")
    serial = models.PositiveBigIntegerField()
    step = models.CharField(max_length=20)
    status = models.PositiveSmallIntegerField(help_text="of HTTP")
    sent_sha256 = models.CharField(
        max_length=64, help_text="of the document; empty: none but the report's own"
    )
    answer_sha256 = models.CharField(max_length=64, help_text="of the answer, byte by byte")
    text = models.ForeignKey(
        PersonalText,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="JSON: both, in base64",
    )
    at = models.DateTimeField()
