"""Taking a policy pack into use, and applying it to cases that are open: it only adds and shortens (rule 2)."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from answerable import audit, obligations
from answerable.cases.commands.harms import FOR_AUTHORITIES, harm_of_clause
from answerable.cases.commands.writing import facts_of, facts_of_item, owed_by_pack, regimes
from answerable.cases.inputs import Refused
from answerable.cases.kinds import AT_ONCE, WANTED_BY_KIND, is_media
from answerable.cases.models import Appeal, Case, Decision, Finding, Item, Message, Person, Report
from answerable.cases.queries.listed import rests_on_list
from answerable.cases.rules.carrying import weaker
from answerable.obligations import Owed
from answerable.obligations.models import Obligation
from answerable.policy import Pack, store
from answerable.policy.words import Danger, Verdict

AS_THINGS_STAND = frozenset(WANTED_BY_KIND) | AT_ONCE | {"fetch_item", "freeze", "resolve"}
"""Kinds that follow from how an item stands, or were kept when they were owed: no pack owes them afterwards."""
NEVER_SOONER = frozenset({"destroy_preserved"})
"""Kinds for which sooner is less: evidence is kept at least as long as was said."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What a pack does to one open case. `stays` says why the case can't be pinned to it; else it is."""

    case_id: int
    added: list[Owed] = field(default_factory=list)
    shortened: list[Owed] = field(default_factory=list)
    stays: list[str] = field(default_factory=list)


def activate_policy(pack: Pack, *, now: datetime) -> None:
    """Make a pack the one of new cases. A change of it stands in the log, whoever changed the file (rule 21)."""
    with transaction.atomic():
        before = store.active_digest()
        store.activate(pack, now)
        if before != pack.digest:
            event = {"pack": pack.digest, "before": before}
            audit.append("policy_activated", actor="operator", now=now, event=event)


def applied_to_open(pack: Pack, *, now: datetime) -> list[Applied]:
    """What `apply_to_open` would do now. Changes nothing."""
    return [_applied(case, pack, now) for case in _open_cases(pack)]


def apply_to_open(pack: Pack, *, person_id: int, second_person_id: int, now: datetime) -> list[Applied]:
    """Apply the active pack to the cases that are open under older ones, because two people said so.

    What is owed is never dropped and never due later. A case is pinned to the pack where that takes nothing away
    from it. Raises Refused.
    """
    if pack.digest != store.active().digest:
        raise Refused(
            "Only the active pack is applied: name it in the configuration and start the desk with it."
        )
    if Person.objects.filter(pk__in={person_id, second_person_id}, active=True).count() < 2:
        raise Refused("This takes two people of the desk.")
    done = []
    for case in _open_cases(pack):
        with transaction.atomic():
            locked = Case.objects.select_for_update().get(pk=case.pk)
            applied = _applied(locked, pack, now)
            _write(locked, applied, pack, person_id, second_person_id, now)
        done.append(applied)
    return done


def _open_cases(pack: Pack) -> list[Case]:
    """The cases under other packs that are open, or decided and still owe something."""
    owing = Obligation.objects.filter(state="owed", case_id__isnull=False).values("case_id")
    found = Case.objects.filter(Q(closed_at__isnull=True) | Q(pk__in=owing), joined_into__isnull=True)
    return list(found.exclude(pack_digest=pack.digest).order_by("pk"))


def _write(case: Case, applied: Applied, pack: Pack, first: int, second: int, now: datetime) -> None:
    owed = [*applied.added, *applied.shortened]
    rows = obligations.owe(
        owed, now=now, cause=f"policy:{pack.digest[:12]}", case_id=case.pk, pack_digest=pack.digest
    )
    if not applied.stays:
        case.pack_digest = pack.digest
        case.save(update_fields=["pack_digest"])
    event = {
        "pack": pack.digest,
        "pinned": not applied.stays,
        "second": second,
        "obligations": [{"obligation": row.pk, "due_at": row.due_at.isoformat()} for row in rows],
    }
    audit.append("policy_applied", actor=f"person:{first}", now=now, case_id=case.pk, event=event)


def _applied(case: Case, pack: Pack, now: datetime) -> Applied:
    found = Applied(case.pk, stays=weaker(store.pack(case.pack_digest), pack, case.harm, regimes()))
    wanted: dict[tuple[str, str], tuple[Owed, datetime]] = {}
    for event_at, owed in _owed_under(case, pack):
        key = (owed.kind, owed.subject)
        if owed.kind not in AS_THINGS_STAND and (key not in wanted or owed.due_at < wanted[key][0].due_at):
            wanted[key] = (owed, event_at)
    for (kind, subject), (owed, event_at) in sorted(wanted.items()):
        known = Obligation.objects.filter(kind=kind, subject=subject)
        standing = known.filter(state="owed").first()
        if standing is not None:
            due_at = max(owed.due_at, now)  # no time can have passed before it was given
            if due_at < standing.due_at and kind not in NEVER_SOONER:
                found.shortened.append(replace(owed, due_at=due_at))
        elif not known.filter(owed_at__gte=event_at).exists():
            found.added.append(replace(owed, due_at=now + (owed.due_at - event_at)))
    return found


def _owed_under(case: Case, pack: Pack) -> Iterator[tuple[datetime, Owed]]:
    """What a pack owes for all that happened in a case and still stands, each with the time of its event."""
    for report in Report.objects.filter(pk__in=_reports(case)).order_by("pk"):
        if report.harm in pack.harms:
            yield from _of_report(case, report, pack)
    if case.harm in pack.harms:
        for item in case.items.select_related("case").order_by("pk"):
            yield from _of_item(case, item, pack)


def _reports(case: Case) -> set[int]:
    named = set(Report.objects.filter(reported_items__item__case=case).values_list("pk", flat=True))
    return named | set(case.itemless_reports.values_list("pk", flat=True))


def _of_report(case: Case, report: Report, pack: Pack) -> Iterator[tuple[datetime, Owed]]:
    items = list(Item.objects.filter(reported_in__report=report, case=case).order_by("pk"))
    unread = Message.objects.filter(report=report, from_reporter=True, read_at__isnull=True)
    answered_at = unread.order_by("at").values_list("at", flat=True).first()
    happened = {
        "on_report": report.received_at,
        "on_danger": report.received_at if report.danger != Danger.NONE else None,
        "on_complete_request": report.received_at if report.complete else None,
        "on_answer": answered_at,
        "on_withdrawn": report.withdrawn_at,
    }
    for event, at in happened.items():
        if at is None:
            continue
        known = bool(items)
        media = any(is_media(item.kind) for item in items)
        facts = facts_of(report, media=media, located=True, known=known)
        dos = pack.owes(report.harm, event, facts, regimes())
        for one in owed_by_pack(dos, event_at=at, report=report, case=case):
            yield at, one
        for item in items:
            facts = facts_of(report, media=is_media(item.kind), located=True, known=True)
            dos = pack.owes(report.harm, event, facts, regimes())
            for one in owed_by_pack(dos, event_at=at, item=item):
                yield at, one


def _of_item(case: Case, item: Item, pack: Pack) -> Iterator[tuple[datetime, Owed]]:
    facts = facts_of_item(item)
    for appeal in Appeal.objects.filter(item=item, outcome=""):
        event = "on_appeal" if appeal.kind == "appeal" else "on_complaint"
        dos = pack.owes(case.harm, event, facts, regimes())
        for one in owed_by_pack(dos, event_at=appeal.received_at, item=item):
            yield appeal.received_at, one
    standing = Decision.objects.filter(content_id=item.content_id, overturned_at__isnull=True).first()
    if item.content_id is None or standing is None or standing.verdict != Verdict.VIOLATING:
        return
    try:
        harm = harm_of_clause(pack, standing.clause)
    except Refused:
        return  # the pack no longer has it: `weaker` says so, and nothing is owed under it
    finding = Finding.objects.filter(content_id=item.content_id, withdrawn_at__isnull=True).first()
    happened = {
        "on_violating": min(standing.at, finding.at) if finding is not None else standing.at,
        "on_confirmed_by_two": standing.confirmed_by_two_at,
    }
    for event, at in happened.items():
        if at is None or standing.of_decision_id is not None:
            continue
        dos = pack.owes(harm, event, facts, regimes())
        # As `filing.owe_filings` owed it: in the case of the finding, and what is kept apart for this decision.
        where, apart = finding.case if finding is not None else standing.case, f"decision-{standing.pk}"
        owed = owed_by_pack(dos, event_at=at, item=item, case=where, account_id=item.account_id, apart=apart)
        for one in owed:
            if one.kind in FOR_AUTHORITIES and finding is None and rests_on_list(standing):
                continue  # of a list's word that is no finding, authorities are told once a person affirmed it
            yield at, one
