"""What is still to be filed, and how far filings are."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import CharField, Count, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from answerable.audit.models import AuditEntry
from answerable.cases.inputs import NotFound
from answerable.cases.models import Filing, FilingFile, Finding, Person
from answerable.cases.models.filings import STANDING
from answerable.cases.queries.casework import NotQualified, open_case
from answerable.cases.queries.joined import with_joined
from answerable.cases.queries.queue import blind_items
from answerable.cases.rules.filing import FileStands, Stands
from answerable.obligations.models import Obligation

NEEDED_TO_SEND = "child_safety"
FILED_BY_US = frozenset({"ncmec"})
"""Authorities that the worker can file with. What people file with others stands on their obligation alone."""
UNFINISHED = ("drafted", "sending", "by_hand")
STEP_KINDS = (
    "filing_drafted",
    "filing_approved",
    "filing_asked",
    "filing_answered",
    "filing_reset",
    "filing_finished",
    "filing_dropped",
    "filing_by_hand",
)
OF_COPIES: Final = "own.confirmed_by_two"
"""The list of a finding that no look at this very place made: two people confirmed the identical file."""
IS_COPY: Final = Q(
    review__isnull=True, content__decisions__of_decision__isnull=False, content__decisions__overturned_at=None
)
"""Findings that rest on an exact match, about what shares the decision on the identical file."""
HOLDER_FIRST: Final = timedelta(hours=12)
"""So long a report about an identical file waits for the answer whose account that is: half of what the law's duty
gives in the baseline pack."""
LAST_HOURS: Final = timedelta(hours=2)
"""So long before its duty is due it waits for nothing any more."""
COPIES_AT_ONCE: Final = 20
"""Reports about identical files, and corrections, that are drafted or being sent at one moment."""
FILES_AT_ONCE: Final = 50
"""Files of one report about identical files: it must be finished before it expires."""


def place_of(authority: str, environment: str, purpose: str) -> str:
    """What a finding may be filed in once."""
    return f"{authority}/{environment}/{purpose}"


def owed_to(authority: str, kind: str) -> list[Obligation]:
    """What is owed to an authority now, the earliest due first."""
    owed = Obligation.objects.filter(kind=kind, state="owed").order_by("due_at", "pk")
    return [one for one in owed if one.params.get("to") == authority]


def pending(case_id: int, authority: str, environment: str) -> QuerySet[Finding]:
    """Findings of a case that stand, and are in no report to that authority yet."""
    place = place_of(authority, environment, "report")
    filed = FilingFile.objects.filter(place=place, dropped=False).values("finding")
    findings = Finding.objects.filter(case_id=case_id, withdrawn_at__isnull=True).exclude(pk__in=filed)
    return findings.select_related("content__item__account", "review", "case").order_by("pk")


def first_pending(case_id: int, authority: str, environment: str) -> list[Finding]:
    """Of these, what people's look at this very place found, or a list first found: none of it waits."""
    findings = pending(case_id, authority, environment)
    return list(findings.exclude(pk__in=findings.order_by().filter(IS_COPY).values("pk")))


def copies_pending(
    case_id: int, authority: str, environment: str, *, accounts: int, due_at: datetime, now: datetime
) -> list[Finding]:
    """Of these, what was found because it is the identical file of another place, of so many accounts at most.

    What waits for the answer whose account it is (rule 12) is left out, for `HOLDER_FIRST` at most, and not when the
    duty is due soon.
    """
    asked = Obligation.objects.filter(
        kind="judge_account",
        state="owed",
        subject=Concat(Value("account:"), Cast(OuterRef("content__item__account_id"), CharField())),
    )
    ready = pending(case_id, authority, environment).filter(IS_COPY)
    if now < due_at - LAST_HOURS:
        ready = ready.filter(Q(at__lte=now - HOLDER_FIRST) | ~Exists(asked))
    found: list[Finding] = []
    files: dict[int, int] = {}
    for finding in ready[: accounts * FILES_AT_ONCE]:
        account = finding.content.item.account_id or -finding.pk
        if account not in files and len(files) >= accounts:
            continue
        files[account] = files.get(account, 0) + 1
        if files[account] <= FILES_AT_ONCE:
            found.append(finding)
    return found


def room_for_copies(case_id: int, authority: str, environment: str, *, per_hour: int, now: datetime) -> int:
    """How many more reports about identical files may be begun now: some at once, and so many in an hour.

    What of this case was left to people and is owed still counts, too: an authority that refuses them all gets no more
    of them, and nobody is paged for each.
    """
    ours = Filing.objects.filter(
        authority=authority,
        environment=environment,
        purpose="report",
        files__finding__review__isnull=True,
        files__content__decisions__of_decision__isnull=False,
    ).distinct()
    begun = ours.filter(drafted_at__gt=now - timedelta(hours=1)).exclude(state="dropped").count()
    owed = Obligation.objects.filter(state="owed").values("pk")
    by_people = Q(state="by_hand", case_id=case_id, obligation_id__in=owed)
    open_now = ours.filter(Q(state__in=["drafted", "sending"]) | by_people).count()
    return max(0, min(COPIES_AT_ONCE - open_now, per_hour - begun))


def room_for_corrections(authority: str, environment: str) -> int:
    """How many more corrections may be begun now."""
    ours = Filing.objects.filter(authority=authority, environment=environment, purpose="correction")
    return max(0, COPIES_AT_ONCE - ours.filter(state__in=["drafted", "sending"]).count())


def cases_pending(case_ids: Iterable[int], authority: str, environment: str) -> set[int]:
    """Which of these cases have such findings."""
    place = place_of(authority, environment, "report")
    filed = FilingFile.objects.filter(place=place, dropped=False).values("finding")
    found = Finding.objects.filter(case_id__in=list(case_ids), withdrawn_at__isnull=True).exclude(
        pk__in=filed
    )
    return set(found.values_list("case_id", flat=True))


def to_correct(case_id: int, authority: str, environment: str) -> QuerySet[Filing]:
    """Reports that an authority has, of whose files a finding was withdrawn that no correction takes back."""
    kept = Obligation.objects.filter(
        case_id=case_id, kind="report_authority", state__in=["kept", "kept_late"]
    )
    # Corrections of an earlier time name no findings: each took back all that had fallen.
    whole = Filing.objects.filter(purpose="correction", state__in=STANDING, files__isnull=True)
    fell = _fallen(authority, environment).filter(filing=OuterRef("pk"))
    return (
        Filing.objects.filter(
            Q(state="finished") | Q(state="by_hand", obligation_id__in=kept.values("pk")),
            Exists(fell),
            case_id=case_id,
            authority=authority,
            environment=environment,
            purpose="report",
        )
        .exclude(pk__in=whole.values("corrects"))
        .order_by("pk")
    )


def fallen(filing: Filing) -> list[FilingFile]:
    """The files of a report whose finding was withdrawn, and that no correction takes back yet."""
    files = _fallen(filing.authority, filing.environment).filter(filing=filing)
    return list(files.select_related("content__item", "finding__review").order_by("number"))


def _fallen(authority: str, environment: str) -> QuerySet[FilingFile]:
    place = place_of(authority, environment, "correction")
    taken_back = FilingFile.objects.filter(place=place, dropped=False).values("finding")
    return FilingFile.objects.filter(dropped=False, finding__withdrawn_at__isnull=False).exclude(
        finding__in=taken_back
    )


def is_settled(obligation: Obligation, authority: str, environment: str) -> bool:
    """Whether nothing more is to be filed for it."""
    unfinished = Filing.objects.filter(
        obligation_id=obligation.pk, environment=environment, state__in=UNFINISHED
    )
    case_id = obligation.case_id or 0
    left: Iterable[object] = (
        pending(case_id, authority, environment)
        if obligation.kind == "report_authority"
        else to_correct(case_id, authority, environment)
    )
    return not unfinished.exists() and not list(left)


def earlier_reports(account_id: int | None, authority: str, environment: str) -> list[int]:
    """The numbers under which an authority knows earlier reports about an account."""
    if account_id is None:
        return []
    known = Filing.objects.filter(
        account_id=account_id,
        authority=authority,
        environment=environment,
        state__in=["finished", "by_hand"],
        report_id__isnull=False,
    )
    return sorted(number for number in known.values_list("report_id", flat=True) if number is not None)


@dataclass(frozen=True, slots=True)
class StepTaken:
    """What happened to a filing, as the audit log has it."""

    at: datetime
    kind: str
    step: str
    outcome: str
    report: str
    request: str
    """The authority's own name of the request that it answered."""


@dataclass(frozen=True, slots=True)
class FilingView:
    """One filing, for somebody who may see it. `steps`: the latest last."""

    filing: Filing
    files: list[FilingFile]
    may_send: bool
    steps: list[StepTaken]


@dataclass(frozen=True, slots=True)
class FilingRow:
    """One filing among others. `due_at`: when what it keeps is, or was, due."""

    filing: Filing
    files: int
    sent: int
    due_at: datetime
    late: bool


def filing_view(filing_id: int, person: Person, *, now: datetime) -> FilingView:
    """A filing as this person may see it: nobody who is still to judge blindly. Raises NotFound, NotQualified."""
    filing = Filing.objects.select_related("case", "account", "approved_by").filter(pk=filing_id).first()
    if filing is None:
        raise NotFound(f"There is no filing {filing_id}.")
    if blind_items(person, open_case(filing.case_id, person), now=now):
        raise NotFound("You are still to judge in this case: what follows from others' answers is not shown.")
    files = list(filing.files.select_related("content__item", "finding").order_by("number"))
    may_send = filing.state == "drafted" and person.is_qualified(NEEDED_TO_SEND)
    return FilingView(filing, files, may_send, steps_of(filing))


def steps_of(filing: Filing) -> list[StepTaken]:
    """Each step that was asked, and what came of it, as the audit log has them."""
    entries = AuditEntry.objects.filter(
        case_id__in=with_joined(filing.case_id), kind__in=STEP_KINDS, event__isnull=False
    )
    steps = []
    for entry in entries.order_by("pk"):
        event = json.loads(entry.event or "{}")
        if event.get("filing") == filing.pk:
            steps.append(
                StepTaken(
                    entry.at,
                    entry.kind,
                    event.get("step", ""),
                    event.get("outcome", "") or event.get("why", ""),
                    event.get("report", ""),
                    event.get("request", ""),
                )
            )
    return steps


def _is_open_to(person: Person, case_id: int, now: datetime) -> bool:
    """Whether a person may see what became of a case, or of the one that it was joined into."""
    try:
        case = open_case(case_id, person)
    except NotQualified:
        return False
    return not blind_items(person, case, now=now)


def listed(person: Person, at_most: int, *, now: datetime) -> list[FilingRow]:
    """The filings that this person may see, the newest first: of no case where they are still to judge blindly."""
    rows: list[FilingRow] = []
    open_to: dict[int, bool] = {}
    counted = Filing.objects.annotate(
        files_=Count("files"), told_=Count("files", filter=Q(files__told_at__isnull=False))
    )
    newest = counted.select_related("case", "account", "corrects").order_by("-pk")[: at_most * 4]
    owed = Obligation.objects.in_bulk([filing.obligation_id for filing in newest])
    for filing in newest:
        if filing.case_id not in open_to:
            open_to[filing.case_id] = _is_open_to(person, filing.case_id, now)
        if open_to[filing.case_id]:
            due = owed[filing.obligation_id]
            late = due.due_at < (filing.finished_at or due.closed_at or now)
            rows.append(FilingRow(filing, filing.files_, filing.told_, due.due_at, late))
        if len(rows) == at_most:
            break
    return rows


def is_wanted(filing: Filing) -> bool:
    """Whether it is still to be filed: it is owed, and what a report rests on stands."""
    still_owed = Obligation.objects.filter(pk=filing.obligation_id, state="owed").exists()
    fell = filing.files.filter(finding__withdrawn_at__isnull=False)
    return still_owed and (filing.purpose == "correction" or not fell.exists())


def stands(filing: Filing) -> Stands:
    """How far a filing is, as the rules want to know it."""
    files = filing.files.order_by("number")
    return Stands(
        asked=filing.step,
        report_id=filing.report_id,
        opened_at=filing.opened_at,
        changed_at=filing.changed_at,
        wanted=filing.state == "sending" and is_wanted(filing),
        files=[
            FileStands(one.number, bool(one.file_id), one.told_at is not None, bool(one.missing))
            for one in files
        ],
    )
