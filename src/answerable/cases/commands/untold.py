"""What an authority that takes letters is still to be told: what was found, and stands, and is in no letter yet."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q

from answerable.cases.commands.harms import owed_after
from answerable.cases.commands.writing import facts_of_item
from answerable.cases.models import Case, Decision, Finding, Letter, LetterItem
from answerable.cases.models.letters import DROPPED
from answerable.obligations.models import Obligation
from answerable.policy import store
from answerable.policy.words import Age, Verdict


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that an authority is to be told: a decision that stands, and its finding where it is about a child."""

    decision: Decision
    finding: Finding | None


def told_of(obligation: Obligation) -> list[Told]:
    """All that an obligation to tell an authority covers: what the policy pack has told to it, and no more."""
    authority = str(obligation.params.get("to", ""))
    case = Case.objects.filter(pk=obligation.case_id or 0).first()
    if case is None:
        return []
    return [one for one in _standing(case) if _is_owed(one, case, authority, obligation.regime)]


def pending(obligation: Obligation, environment: str) -> list[Told]:
    """What of that no letter to the authority says yet."""
    authority = str(obligation.params.get("to", ""))
    letters = Letter.objects.filter(authority=authority, environment=environment, purpose="report")
    told = LetterItem.objects.filter(letter__in=letters.exclude(state=DROPPED))
    known = set(told.values_list("content_id", flat=True))
    return [one for one in told_of(obligation) if one.decision.content_id not in known]


def _standing(case: Case) -> Iterator[Told]:
    """What was found `violating` in a case and stands. About a child or unsure age: with its finding (rule 13)."""
    findings = {
        finding.content_id: finding
        for finding in Finding.objects.filter(case=case, withdrawn_at__isnull=True)
    }
    decisions = Decision.objects.filter(
        Q(case=case, of_decision__isnull=True) | Q(content__in=list(findings)),
        verdict=Verdict.VIOLATING,
        overturned_at__isnull=True,
    )
    for decision in decisions.select_related("content__item__account", "content__item__case").order_by("pk"):
        finding = findings.get(decision.content_id)
        item = decision.content.item
        if item.content_id != decision.content_id and finding is None:
            continue  # other bytes stand there by now, about which nobody decided
        if finding is not None or item.age == Age.ADULT:
            yield Told(decision, finding)


def _is_owed(told: Told, case: Case, authority: str, regime: str) -> bool:
    """Whether the pack has this very item told to that authority."""
    item = told.decision.content.item
    facts = facts_of_item(item)
    if told.finding is not None:
        facts = facts.model_copy(update={"age": Age(told.finding.age)})
    known = store.pack(case.pack_digest).authorities.get(authority)
    if known is not None and facts.age not in known.ages:
        return False
    dos = owed_after("on_violating", case, told.decision.clause, facts)
    return any(do.do == "report_authority" and do.to == authority and do.regime == regime for do in dos)
