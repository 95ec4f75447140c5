"""What one report's status page shows (rule 17), and nothing else.

The items named in that report, what is owed to that reporter, and their messages. Of copies a count, once
decided. Never other reports, joining, places, accounts, the statement or the contact. Times of things that
happened because of somebody else's earlier report are not told: nothing here lies before this report.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from answerable.cases import codes
from answerable.cases.models import Message, Person, Report, ReportedItem
from answerable.cases.queries.promised import kept_here, of_others
from answerable.cases.queries.things import Thing, only_matched, thing
from answerable.cases.queries.words import Erasure, erasure_asked
from answerable.db import personal
from answerable.db.prepared import first, prepared
from answerable.obligations.models import Obligation
from answerable.policy import Pack, store
from answerable.policy.words import Age
from answerable.settings.config import config

SHOWN_KINDS = (
    "hide", "limit", "look", "decide", "remove", "find_copies", "settle_tie", "restore",
    "remove_if_undecided", "resolve", "read_report", "read_answer", "answer_danger", "decide_complaint",
    "confirm_ending", "tell_reporter", "find_claimed",
)  # fmt: skip
"""Kinds that are owed to a reporter. Duties towards authorities and account holders are not theirs."""
DECIDING_KINDS = frozenset({"decide", "settle_tie"})
"""Shown as one thing: how many people it takes, and that they differ, is not told."""


@dataclass(frozen=True, slots=True)
class OwedToReporter:
    """One thing owed to this reporter, and by when."""

    kind: str
    due_at: datetime
    late: bool


@dataclass(frozen=True, slots=True)
class Said:
    """One message on the page. `text` None: erased."""

    at: datetime
    mine: bool
    text: str | None


@dataclass(frozen=True, slots=True)
class ReportStatus:
    """Everything that the page of one report shows."""

    report_id: int
    received_at: datetime
    danger: str
    child: bool
    """Whether the matter is a child's, or may be."""
    things: tuple[Thing, ...]
    owed: tuple[OwedToReporter, ...]
    messages: tuple[Said, ...]
    withdrawn_at: datetime | None
    erasure: Erasure | None = None
    """What became of asking that everything is erased; None: nobody asked."""
    lacks: frozenset[str] = frozenset()
    """Elements of a removal request that can still be given: signature, good_faith, contact. Only for adults."""
    kept: frozenset[str] = frozenset()
    """The kinds owed to it that this desk can keep: what its promises rest on."""

    @property
    def may_write(self) -> bool:
        """Whether the reporter can still write and withdraw."""
        return self.withdrawn_at is None


def report_numbered(number: int) -> Report:
    """The report of that number. Raises Report.DoesNotExist."""
    found = first(_numbered(number))
    if found is None:
        raise Report.DoesNotExist(f"There is no report {number}.")
    return found


@prepared
def _numbered(number: int) -> "QuerySet[Report]":
    return Report.objects.filter(pk=number)


def report_by_code(code: str) -> Report | None:
    """The report that an access code opens. A wrong, unknown or erased code is None, by the same path."""
    return report_by_code_hash(codes.code_hash(codes.normalised(code)))


def report_by_code_hash(code_hash: str) -> Report | None:
    """The report of a code's keyed hash."""
    return Report.objects.filter(code_hash=code_hash, code_erased_at__isnull=True).first()


def somebody_on_call() -> bool:
    """Whether an alert would reach a person: one is on call, and there is an address to page (rule 19)."""
    return bool(config().alerts.urls) and Person.objects.filter(on_call=True, active=True).exists()


def report_status(report: Report, *, language: str, now: datetime) -> ReportStatus:
    """What the status page of this report shows at this moment."""
    named = [row for row in _named(report.pk) if not only_matched(row)]
    kept = kept_here(report)
    return ReportStatus(
        report_id=report.pk,
        received_at=report.received_at,
        danger=report.danger,
        child=report.age != Age.ADULT or any(row.item and row.item.age != Age.ADULT for row in named),
        things=tuple(thing(row, report) for row in named),
        owed=tuple(_owed(report, named, now)) if report.withdrawn_at is None else (),
        messages=tuple(_messages(report, language, kept)),
        withdrawn_at=report.withdrawn_at,
        erasure=erasure_asked(report) if report.withdrawn_at is not None else None,
        lacks=_lacks(report),
        kept=frozenset(kept),
    )


@prepared
def _named(report_id: int) -> "QuerySet[ReportedItem]":
    rows = ReportedItem.objects.filter(report_id=report_id).order_by("pk")
    return rows.select_related("item__content", "item__case")


def _lacks(report: Report) -> frozenset[str]:
    if report.age != Age.ADULT or report.withdrawn_at is not None:
        return frozenset()
    there = {
        "signature": report.signed,
        "good_faith": report.good_faith,
        "contact": report.contact_id is not None,
    }
    return frozenset(name for name, present in there.items() if not present)


def _owed(report: Report, named: Iterable[ReportedItem], now: datetime) -> list[OwedToReporter]:
    """What is owed next, each kind once, by its earliest time."""
    subjects = [f"report:{report.pk}"]
    for row in named:
        subjects.append(f"reported_item:{row.pk}")
        if row.item_id is not None:
            subjects.append(f"item:{row.item_id}")
    theirs = of_others(report)
    earliest: dict[str, datetime] = {}
    for one in _shown(subjects):
        if one.kind in theirs:
            continue
        window = one.due_at - one.owed_at
        due_at = one.due_at if one.owed_at >= report.received_at else report.received_at + window
        kind = "decide" if one.kind in DECIDING_KINDS else one.kind
        earliest[kind] = min(due_at, earliest.get(kind, due_at))
    return sorted((OwedToReporter(k, at, at < now) for k, at in earliest.items()), key=lambda one: one.due_at)


@prepared
def _shown(subjects: list[str]) -> "QuerySet[Obligation]":
    return Obligation.objects.filter(state="owed", subject__in=subjects, kind__in=SHOWN_KINDS)


@prepared
def _written(report_id: int) -> "QuerySet[Message]":
    return Message.objects.filter(report_id=report_id).select_related("text")


def _messages(report: Report, language: str, kinds: set[str]) -> list[Said]:
    pack = store.pack(report.pack_digest)

    def text(message: Message) -> str | None:
        if message.reply:
            words = _in_words(message.params, pack, language)
            laws = config().desk.regimes
            return pack.reply(message.reply, language, regimes=laws, owed=kinds, harm_id=report.harm, **words)
        return personal.open_text(message.text) if message.text is not None else None

    rows = sorted(
        _written(report.pk),
        key=lambda row: (row.at, row.reply != "acknowledged", row.pk),
    )
    return [Said(row.at, row.from_reporter, text(row)) for row in rows]


def _in_words(params: Mapping[str, str | int], pack: Pack, language: str) -> dict[str, str | int]:
    """The parameters of a reply, with elements of a removal request and clauses in the words of the pack."""
    words = dict(params)
    if "missing" in words:
        names = [name for name in str(words["missing"]).split(",") if name]
        words["missing"] = ", ".join(pack.element(name, language) for name in names)
    if "clause" in words:
        words["clause"] = pack.clause_text(str(words["clause"]), language)
    return words
