"""What one report's status page shows (rule 17), and nothing else.

The items named in that report, what is owed to that reporter, and their messages. Of copies a count, once
decided. Never other reports, joining, places, accounts, the statement or the contact. Times of things that
happened because of somebody else's earlier report are not told: nothing here lies before this report.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from answerable.cases import codes
from answerable.cases.kinds import KIND_BY_WANTED
from answerable.cases.models import (
    Appeal,
    Decision,
    Item,
    Message,
    Person,
    Report,
    ReportedItem,
)
from answerable.cases.queries.promised import kept_here, of_others
from answerable.db import personal
from answerable.db.prepared import first, prepared
from answerable.obligations.models import Obligation
from answerable.policy import Pack, store
from answerable.policy.words import Age, Verdict, Visibility
from answerable.settings.config import config

SHOWN_KINDS = (
    "hide", "limit", "look", "decide", "remove", "find_copies", "settle_tie", "restore",
    "remove_if_undecided", "resolve", "read_report", "read_answer", "answer_danger", "decide_complaint",
    "confirm_ending", "tell_reporter", "find_claimed",
)  # fmt: skip
"""Kinds that are owed to a reporter. Duties towards authorities and account holders are not theirs."""
DECIDING_KINDS = frozenset({"decide", "settle_tie"})
"""Shown as one thing: how many people it takes, and that they differ, is not told."""


CLAIMED = "hash:{}"
"""The link of what a reporter's own hash found, with the number of the item."""


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing that the report names, and what became of it."""

    link: str
    item_id: int | None
    state: str
    """unknown_site, unreachable, resolving, hiding, hidden, limiting, limited, removing, gone, by_hand (owed, and
    people do what the platform can't), looking, kept."""
    at: datetime | None = None
    """When that state was seen, or decided."""
    hidden_at: datetime | None = None
    """When a look at the platform first found it hidden, counted from this report at the earliest."""
    decided_at: datetime | None = None
    may_complain: bool = False
    complained: bool = False
    copies: int = 0


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
    named = [row for row in _named(report.pk) if not _only_matched(row)]
    kept = kept_here(report)
    return ReportStatus(
        report_id=report.pk,
        received_at=report.received_at,
        danger=report.danger,
        child=report.age != Age.ADULT or any(row.item and row.item.age != Age.ADULT for row in named),
        things=tuple(_thing(row, report) for row in named),
        owed=tuple(_owed(report, named, now)) if report.withdrawn_at is None else (),
        messages=tuple(_messages(report, language, kept)),
        withdrawn_at=report.withdrawn_at,
        lacks=_lacks(report),
        kept=frozenset(kept),
    )


@prepared
def _named(report_id: int) -> "QuerySet[ReportedItem]":
    rows = ReportedItem.objects.filter(report_id=report_id).order_by("pk")
    return rows.select_related("item__content", "item__case")


def _only_matched(row: ReportedItem) -> bool:
    """Whether a hash that came with the report found this, and nobody decided about it: it isn't told yet."""
    found = row.item is not None and row.link == CLAIMED.format(row.item_id)
    return found and (row.item is None or _decision(row.item) is None)


def _lacks(report: Report) -> frozenset[str]:
    if report.age != Age.ADULT or report.withdrawn_at is not None:
        return frozenset()
    there = {
        "signature": report.signed,
        "good_faith": report.good_faith,
        "contact": report.contact_id is not None,
    }
    return frozenset(name for name, present in there.items() if not present)


def _thing(row: ReportedItem, report: Report) -> Thing:
    item = row.item
    if item is None:
        state = row.state if row.state in ("unknown_site", "unreachable") else "resolving"
        return Thing(row.link, None, state)
    decision = _decision(item)
    violating = decision is not None and decision.verdict == Verdict.VIOLATING
    answered = (
        decision is not None and not violating and decision.answers_reports_before >= report.received_at
    )
    state, at = _state(item, report, answered=answered)
    decided = decision if violating or answered else None
    complained = answered and bool(_complaints(report.pk, item.pk))
    return Thing(
        link=row.link,
        item_id=item.pk,
        state=state,
        at=_not_before(at if at else (decided.at if decided else None), report),
        hidden_at=_not_before(item.hidden_at, report) if state not in UNSEEN else None,
        decided_at=_not_before(decided.at, report) if decided else None,
        may_complain=answered and not complained and report.withdrawn_at is None,
        complained=complained,
        copies=_copies(item) if violating else 0,
    )


UNSEEN = ("hiding", "limiting", "by_hand")
"""States in which nobody has seen it hidden since the report came."""


def _state(item: Item, report: Report, *, answered: bool) -> tuple[str, datetime | None]:
    """The item's state in one word, and when it was last seen so.

    A look counts that came after this report: a report says that the item is there, and has the platform asked
    again for what was hidden or removed before.
    """
    wanted = Visibility(item.wanted)
    seen = Visibility(item.seen) if item.seen else Visibility.VISIBLE
    if wanted is Visibility.VISIBLE:
        if seen is Visibility.GONE:
            return "gone", item.seen_at
        return ("kept" if answered else "looking"), None
    fresh = item.seen_at is not None and item.seen_at >= report.received_at
    if fresh and seen is Visibility.GONE:
        return "gone", item.seen_at
    if answered and wanted is not Visibility.GONE:
        return "kept", None
    reached, under_way = STATES[wanted]
    if fresh and seen >= wanted:
        return reached, item.seen_at
    by_hand = _by_hand(f"item:{item.pk}/{KIND_BY_WANTED[wanted]}")
    return ("by_hand" if by_hand else under_way), None


@prepared
def _complaints(report_id: int, item_id: int) -> "QuerySet[Appeal, int]":
    complaints = Appeal.objects.filter(kind="complaint", report_id=report_id, item_id=item_id, outcome="")
    return complaints.values_list("pk", flat=True)[:1]


@prepared
def _by_hand(subject: str) -> "QuerySet[Obligation, int]":
    by_hand = Obligation.objects.filter(kind="do_by_hand", subject=subject, state="owed")
    return by_hand.values_list("pk", flat=True)[:1]


STATES = {
    Visibility.LIMITED: ("limited", "limiting"),
    Visibility.HIDDEN: ("hidden", "hiding"),
    Visibility.GONE: ("gone", "removing"),
}
"""What is wanted, as a state: when it is seen so, and until then."""


def _decision(item: Item) -> Decision | None:
    if item.content_id is None:
        return None
    return first(_standing(item.content_id))


@prepared
def _standing(content_id: int) -> "QuerySet[Decision]":
    return Decision.objects.filter(content_id=content_id, overturned_at__isnull=True).order_by("pk")[:1]


def _copies(item: Item) -> int:
    """How many other items are decided copies of it: the identical file, or measured against it."""
    if item.content is None:
        return 0
    measured = Q(content__copy_of__original=item.content)
    identical = Q(content__sha256=item.content.sha256)
    decided = Decision.objects.filter(
        measured | identical, verdict=Verdict.VIOLATING, overturned_at__isnull=True
    ).exclude(content__item=item)
    return decided.values("content__item_id").distinct().count()


def _not_before(at: datetime | None, report: Report) -> datetime | None:
    """Never earlier than this report: an earlier time would tell that somebody else reported."""
    return max(at, report.received_at) if at is not None else None


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
