"""What a case is made of. Only `cases.commands` writes these tables."""

from answerable.cases.models.backfill import Backfill
from answerable.cases.models.evidence import (
    Capture,
    EvidenceHold,
    EvidenceObject,
    EvidenceRecipient,
    HiddenMedia,
)
from answerable.cases.models.filings import AccountAsked, Filing, FilingAnswer, FilingFile
from answerable.cases.models.found import HashQuestion, ListMatch, Reached
from answerable.cases.models.frames import ContentFrame
from answerable.cases.models.items import Account, Case, Copy, Item, ItemContent, ViewSample
from answerable.cases.models.judgement import Appeal, Decision, Finding, Review
from answerable.cases.models.known import KnownChange
from answerable.cases.models.letters import Letter, LetterItem
from answerable.cases.models.lists import HashList, ListEntry, ListFault
from answerable.cases.models.people import Person
from answerable.cases.models.reasons import ReasonsDelivery, StatementOfReasons
from answerable.cases.models.reports import Claim, IdempotencyKey, Message, Notice, Report, ReportedItem
from answerable.cases.models.requests import (
    AuthorityRequest,
    RequestAccount,
    RequestCheck,
    RequestEvidence,
    RequestEvidenceItem,
    RequestHold,
    RequestItem,
    RequestPackage,
    RequestSilence,
)
from answerable.cases.models.watching import PlatformWatch

__all__ = [
    "Account",
    "AccountAsked",
    "Appeal",
    "AuthorityRequest",
    "Backfill",
    "Capture",
    "Case",
    "Claim",
    "ContentFrame",
    "Copy",
    "Decision",
    "EvidenceHold",
    "EvidenceObject",
    "EvidenceRecipient",
    "Filing",
    "FilingAnswer",
    "FilingFile",
    "Finding",
    "HashList",
    "HashQuestion",
    "HiddenMedia",
    "IdempotencyKey",
    "Item",
    "ItemContent",
    "KnownChange",
    "Letter",
    "LetterItem",
    "ListEntry",
    "ListFault",
    "ListMatch",
    "Message",
    "Notice",
    "Person",
    "PlatformWatch",
    "Reached",
    "ReasonsDelivery",
    "Report",
    "ReportedItem",
    "RequestAccount",
    "RequestCheck",
    "RequestEvidence",
    "RequestEvidenceItem",
    "RequestHold",
    "RequestItem",
    "RequestPackage",
    "RequestSilence",
    "Review",
    "StatementOfReasons",
    "ViewSample",
]
