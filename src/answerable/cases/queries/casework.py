"""What a case page shows, and to whom: a blind reviewer gets what was reported, nothing that was judged."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db.models import Q

from answerable.audit.kinds import KINDS
from answerable.audit.models import AuditEntry
from answerable.cases.inputs import NotFound
from answerable.cases.models import (
    Appeal,
    Case,
    Copy,
    Decision,
    Finding,
    Item,
    Message,
    Person,
    Report,
    ReportedItem,
    Review,
    ViewSample,
)
from answerable.cases.overlaps import Overlap
from answerable.cases.queries.joined import with_joined
from answerable.cases.queries.listed import findings_by_list, list_took_back
from answerable.cases.queries.queue import blind_items, may_see_judgements, settles
from answerable.cases.queries.shared import shared_parts
from answerable.cases.queries.standing import is_called, may_see
from answerable.obligations.models import Obligation

HISTORY_LIMIT = 300


class NotQualified(Exception):
    """This takes a qualification that you do not have. What you don't have to see stays closed."""


@dataclass(frozen=True, slots=True)
class Happened:
    """One entry of the history: when, what, and who by pseudonym."""

    at: datetime
    about: str
    who: str


@dataclass(frozen=True, slots=True)
class CopyOf:
    """A copy of an item of the case, where it stands and how far it differs."""

    original: Item
    item: Item
    kind: str
    distance: int
    parts: list[str]
    """Of a video, as sentences about the copy: which part of it is where in the original."""


@dataclass(frozen=True, slots=True)
class CaseView:
    """One case for one person. When `blind`, everything that follows from judgements is empty."""

    case: Case
    reports: list[Report]
    items: list[Item]
    to_judge: frozenset[int]
    blind: bool
    copies: list[CopyOf] = field(default_factory=list)
    obligations: list[Obligation] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    listed: list[tuple[Finding, bool]] = field(default_factory=list)
    """Findings that rest on a hash list, and whether that list has taken its word back."""
    appeals: list[Appeal] = field(default_factory=list)
    history: list[Happened] = field(default_factory=list)
    views: list[tuple[datetime, int]] = field(default_factory=list)

    @property
    def owed(self) -> list[Obligation]:
        """What is owed now, first what is due first."""
        return [one for one in self.obligations if one.state == "owed"]

    @property
    def closed(self) -> list[Obligation]:
        """What was kept or released."""
        return [one for one in self.obligations if one.state != "owed"]


@dataclass(frozen=True, slots=True)
class ItemView:
    """One item as a reviewer meets it: what was reported of it, never what was judged."""

    item: Item
    case: Case
    reports: list[Report]
    others: list[Item]
    to_judge: bool
    contests: list[Appeal]
    shared: list[str]
    """Which part of it is where in other items of the case, as sentences; for videos."""
    taken_back: bool
    """A hash list had decided it, and has taken its word back. Follows from no judgement."""


def open_case(case_id: int, person: Person) -> Case:
    """The case, or the one that it was joined into. Raises NotFound, NotQualified."""
    case = Case.objects.filter(pk=case_id).first()
    while case is not None and case.joined_into_id is not None:
        case = Case.objects.get(pk=case.joined_into_id)
    if case is None:
        raise NotFound(f"There is no case {case_id}.")
    if not may_see(person, case):
        raise NotQualified
    return case


def case_view(case_id: int, person: Person, *, now: datetime) -> CaseView:
    """Everything of a case that this person may see now. Raises NotFound, NotQualified."""
    case = open_case(case_id, person)
    items = list(case.items.select_related("account", "content").order_by("pk"))
    to_judge = frozenset(blind_items(person, case, now=now))
    joined = with_joined(case.pk)
    reported = CaseView(case, reports_of(case), items, to_judge, blind=bool(to_judge))
    if reported.blind:
        return reported
    return replace(
        reported,
        copies=_copies(items),
        obligations=list(Obligation.objects.filter(case_id__in=joined).order_by("due_at", "pk")),
        reviews=list(
            Review.objects.filter(case__in=joined).select_related("person", "content").order_by("at", "pk")
        ),
        decisions=list(
            Decision.objects.filter(case__in=joined).select_related("content").order_by("at", "pk")
        ),
        listed=findings_by_list(joined),
        appeals=list(Appeal.objects.filter(item__in=items).order_by("received_at", "pk")),
        history=_history(joined),
        views=views_since_notice(items),
    )


def item_view(item_id: int, person: Person, *, now: datetime) -> ItemView:
    """What somebody who judges an item needs, the same for everybody. Raises NotFound, NotQualified."""
    item = Item.objects.select_related("content", "case").filter(pk=item_id, case__isnull=False).first()
    if item is None or item.case_id is None:
        raise NotFound(f"There is no reported item {item_id}.")
    case = open_case(item.case_id, person)
    to_judge = blind_items(person, case, now=now)
    found = Item.objects.select_related("content", "case").filter(pk__in=to_judge).exclude(pk=item.pk)
    settling = settles(person, item, now=now)
    others = [other for other in found.order_by("pk") if settles(person, other, now=now) == settling]
    named = Report.objects.filter(reported_items__item=item).order_by("received_at", "pk")
    contests = list(item.appeals.filter(outcome="").order_by("received_at", "pk"))
    return ItemView(
        item,
        case,
        list(named),
        others,
        item.pk in to_judge,
        contests,
        shared_parts(item),
        list_took_back(item.content_id),
    )


@dataclass(frozen=True, slots=True)
class ReportView:
    """One report for one person. When `blind`, of the messages only those of the reporter are there.

    Who is on call and not qualified (rule 19) sees what the reporter said, and no case.
    """

    report: Report
    cases: list[Case]
    messages: list[Message]
    blind: bool


def report_view(report_id: int, person: Person, *, now: datetime) -> ReportView:
    """A report, the cases that it reaches, and its messages: what the desk said tells what was judged.

    Raises NotFound, NotQualified.
    """
    report = Report.objects.filter(pk=report_id).first()
    if report is None:
        raise NotFound(f"There is no report {report_id}.")
    if not may_see(person, report):
        if is_called(person, report):
            return ReportView(report, [], _said(report, blind=True), blind=True)
        raise NotQualified
    numbers = set(
        ReportedItem.objects.filter(report=report, item__case__isnull=False).values_list(
            "item__case", flat=True
        )
    )
    numbers |= {report.case_id} if report.case_id is not None else set()
    opened = {case.pk: case for case in (open_case(number, person) for number in sorted(numbers))}
    cases = list(opened.values())
    blind = not all(may_see_judgements(person, case, now=now) for case in cases)
    return ReportView(report, cases, _said(report, blind=blind), blind)


def _said(report: Report, *, blind: bool) -> list[Message]:
    said = report.messages.filter(from_reporter=True) if blind else report.messages.all()
    return list(said.order_by("at", "pk"))


def reports_of(case: Case) -> list[Report]:
    """The reports that reach a case, oldest first."""
    reaching = Q(case__in=with_joined(case.pk)) | Q(reported_items__item__case=case)
    return list(Report.objects.filter(reaching).distinct().order_by("received_at", "pk"))


def views_since_notice(items: Iterable[Item]) -> list[tuple[datetime, int]]:
    """How often the items were seen since each one's first notice, added up, at each time it was counted."""
    noticed = {i.pk: i for i in items if i.first_notice_at is not None}
    standing: dict[int, int] = {}
    points: list[tuple[datetime, int]] = []
    samples = ViewSample.objects.filter(item__in=noticed).order_by("at", "pk")
    for item_id, at, views in samples.values_list("item_id", "at", "views"):
        item = noticed[item_id]
        if item.first_notice_at is not None and at >= item.first_notice_at:
            standing[item_id] = max(0, views - (item.views_at_first_notice or 0))
            points.append((at, sum(standing.values())))
    return points


def _copies(items: Iterable[Item]) -> list[CopyOf]:
    edges = Copy.objects.filter(original__item__in=list(items)).select_related(
        "original__item", "content__item"
    )
    return [
        CopyOf(e.original.item, e.content.item, e.kind, e.distance, _parts(e))
        for e in edges.order_by("kind", "distance", "pk")
    ]


def _parts(edge: Copy) -> list[str]:
    if edge.overlap is None:
        return []
    return Overlap.read(edge.overlap).sentences(f"item {edge.original.item_id}")


def _history(case_ids: Iterable[int]) -> list[Happened]:
    entries = AuditEntry.objects.filter(case_id__in=list(case_ids)).order_by("-pk")[:HISTORY_LIMIT]
    names = {f"person:{pk}": name for pk, name in Person.objects.values_list("pk", "pseudonym")}
    return [Happened(e.at, KINDS[e.kind].about, names.get(e.actor, e.actor)) for e in entries]
