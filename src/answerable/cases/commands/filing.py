"""What authorities are told of a finding: owed with it, kept its time, and taken back with it (rules 13, 15, 22).

All of it is owed in the finding's own case, also where that was joined into another since.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from django.db.models import Q

from answerable.cases.commands.grouping import standing_case
from answerable.cases.commands.harms import FOR_AUTHORITIES, harm_decided, owed_after
from answerable.cases.commands.rounds import standing_decision
from answerable.cases.commands.writing import Writing, facts_of_item, owed_by_pack, pack_of, regimes
from answerable.cases.models import (
    Case,
    Decision,
    Filing,
    FilingFile,
    Finding,
    Item,
    ItemContent,
    Review,
)
from answerable.obligations import Owed
from answerable.obligations.models import Obligation
from answerable.policy import Do, Facts
from answerable.policy.words import Age, By, Verdict

CORRECT_WITHIN = timedelta(hours=24)


def owe_filings(writing: Writing, item: Item, decision: Decision, dos: Iterable[Do]) -> None:
    """Owe what `dos` owe to authorities after a decision; the clock starts with the first `violating` (rule 13)."""
    finding = Finding.objects.filter(content_id=decision.content_id, withdrawn_at__isnull=True).first()
    case = finding.case if finding is not None else decision.case
    event_at = finding.at if finding is not None else writing.now
    apart = f"decision-{decision.pk}"
    owed = owed_by_pack(dos, event_at=event_at, item=item, case=case, apart=apart)
    _owe_in(writing, case, (one for one in owed if one.kind in FOR_AUTHORITIES))


def has_finding(content: ItemContent) -> bool:
    """Whether a finding about a child stands on this content."""
    return Finding.objects.filter(content=content, withdrawn_at__isnull=True).exists()


def make_finding(
    writing: Writing,
    item: Item,
    case: Case,
    clause: str,
    *,
    review: Review | None = None,
    matched_list: str = "",
    content: ItemContent | None = None,
    age: Age | None = None,
) -> None:
    """Record what a filing about a child rests on, a review or a list, once; the clock starts here (rule 13).

    Where `violating` stood before, about an adult as people thought, what the law asks for a child is owed now.
    `content` and `age`: where it isn't about what the item shows now, and as young as the item.
    """
    content = content or item.content
    if content is None or has_finding(content):
        return
    age = age or Age(item.age)
    finding = Finding.objects.create(
        content=content, case=case, review=review, matched_list=matched_list, age=age, at=writing.now
    )
    listed = {"list": matched_list} if matched_list else {}
    event = {"finding": finding.pk, "item": item.pk, "age": str(age), **listed}
    writing.record("finding_made", event, case_id=case.pk)
    standing = standing_decision(content.pk)
    if standing is not None and standing.verdict == Verdict.VIOLATING:
        facts = facts_of_item(item, listed=standing.by_match).model_copy(update={"age": age})
        owe_filings(writing, item, standing, owed_after("on_violating", case, clause, facts))


def owe_after_filing(writing: Writing, filing: Obligation) -> None:
    """What the pack owes once an authority was told, such as a year's preservation, for each filing by itself."""
    case = Case.objects.get(pk=filing.case_id or 0)
    for clause, facts in _filed(case, filing):
        dos = owed_after("on_filed", standing_case(case), clause, facts)
        wanted = [do for do in dos if do.regime in (None, filing.regime)]
        owed = owed_by_pack(wanted, event_at=writing.now, case=case, apart=f"filing-{filing.pk}")
        _owe_in(writing, case, owed)


def _filed(case: Case, duty: Obligation) -> Iterator[tuple[str, Facts]]:
    """What a filing in this case rests on: its findings, also those that fell since and stand in a report that the
    authority has, and what was decided in it; clauses and facts."""
    in_reports = FilingFile.objects.filter(filing__obligation_id=duty.pk, filing__state="finished")
    stands = Q(withdrawn_at__isnull=True) | Q(pk__in=in_reports.values("finding"))
    findings = Finding.objects.filter(stands, case=case).order_by("pk")
    for finding in findings.select_related("content__item", "review"):
        yield _clause(finding), _facts(finding, finding.content.item)
    decisions = Decision.objects.filter(case=case, verdict=Verdict.VIOLATING, overturned_at__isnull=True)
    for decision in decisions.filter(of_decision__isnull=True).select_related("content__item"):
        yield decision.clause, facts_of_item(decision.content.item)


def withdraw_finding(writing: Writing, item: Item, *, cleared: bool, content_id: int | None = None) -> bool:
    """Take the finding back on what an item shows, or on `content_id`, which it showed before. Whether there was one.

    `cleared` False: it stays violating, about an adult; then what is filed about adults stays owed.
    """
    finding = (
        Finding.objects.filter(content_id=content_id or item.content_id, withdrawn_at__isnull=True)
        .select_related("case", "review")
        .first()
    )
    if finding is None:
        return False
    fall(writing, finding, item, cleared=cleared)
    return True


def fall(writing: Writing, finding: Finding, item: Item, *, cleared: bool) -> None:
    """Let a finding fall: what was not filed yet is released, what was filed is owed a correction."""
    case, clause = finding.case, _clause(finding)
    finding.withdrawn_at = writing.now
    finding.save(update_fields=["withdrawn_at"])
    writing.record("finding_withdrawn", {"finding": finding.pk, "item": item.pk}, case_id=case.pk)
    corrections = [_correction(case, clause, _facts(finding, item), duty) for duty in _told(finding)]
    _owe_in(writing, case, owed_by_pack(corrections, event_at=writing.now, case=case))
    if Finding.objects.filter(case=case, withdrawn_at__isnull=True).exists():
        return
    still = [] if cleared else owed_after("on_violating", standing_case(case), clause, facts_of_item(item))
    stay = [do.regime or "" for do in still if do.do == "report_authority"]
    waiting = Obligation.objects.filter(case_id=case.pk, kind="report_authority", state="owed")
    told = Filing.objects.filter(environment="production", purpose="report", state="finished")
    # Of what the authority has been told in part nothing is left to tell: that is kept, and kept a year.
    for duty in waiting.exclude(regime__in=stay).exclude(pk__in=told.values("obligation_id")):
        writing.release(duty.kind, duty.subject, "decided_otherwise")
    if not cleared and not corrections:  # an adult's media are preserved by no law
        stay = [do.regime or "" for do in still if do.do == "preserve"]
        keeping = Obligation.objects.filter(case_id=case.pk, kind="preserve", state="owed")
        for duty in keeping.exclude(regime__in=stay):
            writing.release(duty.kind, duty.subject, "decided_otherwise")


def _told(finding: Finding) -> Iterator[Obligation]:
    """The duties under which an authority was told of a finding: of what the desk filed itself, those whose report
    names it and is finished, though others may be on their way; of what people told, those kept since.
    """
    duties = Obligation.objects.filter(case_id=finding.case_id, kind="report_authority").order_by("pk")
    files = FilingFile.objects.filter(
        filing__environment="production", filing__purpose="report", dropped=False
    )
    for duty in duties:
        of_duty = files.filter(filing__obligation_id=duty.pk)
        is_kept = duty.state in ("kept", "kept_late")
        if of_duty.exists():
            named = of_duty.filter(finding=finding).values_list("filing__state", flat=True)
            if "finished" in named or (is_kept and "by_hand" in named):
                yield duty
        elif is_kept and duty.closed_at is not None and duty.closed_at >= finding.at:
            yield duty


def owe_correction(writing: Writing, finding: Finding, filing: Obligation) -> None:
    """Owe the correction of a filing that was finished while its finding was being withdrawn."""
    case = finding.case
    correction = _correction(case, _clause(finding), _facts(finding, finding.content.item), filing)
    _owe_in(writing, case, owed_by_pack([correction], event_at=writing.now, case=case))


def take_back_filing(writing: Writing, item: Item, decision: Decision) -> None:
    """Take back what was filed, or was to be, about an adult: nothing of it rests on a finding (rule 13)."""
    case, facts = decision.case, facts_of_item(item)
    filings = Obligation.objects.filter(case_id=case.pk, kind="report_authority")
    kept = filings.filter(state__in=["kept", "kept_late"], closed_at__gte=decision.at)
    corrections = [_correction(case, decision.clause, facts, filing) for filing in kept]
    _owe_in(writing, case, owed_by_pack(corrections, event_at=writing.now, case=case))
    others = Decision.objects.filter(case=case, verdict=Verdict.VIOLATING, overturned_at__isnull=True)
    if not others.exists():
        for waiting in filings.filter(state="owed"):
            writing.release(waiting.kind, waiting.subject, "decided_otherwise")


def _correction(case: Case, clause: str, facts: Facts, filing: Obligation) -> Do:
    """The correction of a filing: as the pack has it, or, where it has none, owed all the same (rule 15)."""
    harm = harm_decided(case, clause)
    dos = pack_of(case).owes(harm, "on_overturned", facts, regimes())
    for do in dos:
        if do.do == "correct_authority" and (do.regime or "") == filing.regime:
            return do
    return Do(
        do="correct_authority",
        by=By.PEOPLE,
        within=CORRECT_WITHIN,
        regime=filing.regime or None,
        to=filing.params.get("to"),
        params={"regime": filing.regime},
    )


def _clause(finding: Finding) -> str:
    """The clause under which people decided what the finding is about, or the one of its review."""
    decided = Decision.objects.filter(content_id=finding.content_id, verdict=Verdict.VIOLATING)
    newest = decided.order_by("-pk").values_list("clause", flat=True).first()
    return newest or (finding.review.clause if finding.review is not None else "")


def _facts(finding: Finding, item: Item) -> Facts:
    """The facts as they were filed: its age is that of the finding, whatever people said of the item since."""
    return facts_of_item(item).model_copy(update={"age": Age(finding.age)})


def _owe_in(writing: Writing, case: Case, owed: Iterable[Owed]) -> None:
    """Owe in another case than the one that is being written about."""
    about, writing.case = writing.case, case
    writing.owe(owed)
    writing.case = about
