"""The facts that the deciding rules ask for, and who may judge what."""

from answerable.audit.models import AuditEntry
from answerable.cases.models import Case, Decision, Item, Person, ReportedItem, Review
from answerable.cases.rules import deciding
from answerable.policy import Pack
from answerable.policy.words import Age, Verdict


def stake_of(item: Item, pack: Pack, case: Case) -> deciding.Stake:
    """What is at stake for an item's content now."""
    complete = ReportedItem.objects.filter(item=item, report__complete=True).exists()
    refusal = pack.harm(case.harm).refusal(Age(item.age), complete)
    cleared = (
        item.round_why == "repeated"
        and Decision.objects.filter(
            content_id=item.content_id, overturned_at__isnull=True, verdict=Verdict.NOT_VIOLATING
        ).exists()
    )
    return deciding.Stake(
        age=age_before_judging(item),
        complete_request=complete,
        refuse_people=refusal.people,
        repeated_after_clearing=cleared,
    )


def age_before_judging(item: Item) -> Age:
    """The youngest age that was said before this round's judgements: a refusal is counted by it (rule 13)."""
    if item.round_why == "repeated":
        return Age(item.age)
    said = ReportedItem.objects.filter(item=item).values_list("report__age", flat=True).distinct()
    return deciding.youngest([Age(item.age), *(Age(age) for age in said)])


def judgements_of(item: Item) -> list[deciding.Judgement]:
    """The judgements of an item's content in its present round, oldest first."""
    rows = Review.objects.filter(content_id=item.content_id, round=item.round).order_by("at", "pk")
    return [
        deciding.Judgement(
            person_id=row.person_id,
            verdict=Verdict(row.verdict),
            age=Age(row.age),
            qualified=row.qualified,
            tie=row.tie,
            nobody_in_it=row.nobody_in_it,
            missing_element=row.missing_element,
        )
        for row in rows
    ]


def qualification_for(item: Item, pack: Pack, case: Case) -> str:
    """What a person must be qualified for to judge this item."""
    return str(pack.harm(case.harm).refusal(Age(item.age), complete=False).qualified)


def took_part(person: Person, item: Item) -> bool:
    """Whether a person judged any content of this item in an earlier round."""
    return Review.objects.filter(content__item=item, person=person, round__lt=item.round).exists()


def may_judge_now(person: Person, item: Item, pack: Pack, case: Case) -> bool:
    """Whether this person may judge this item's content now; a tie is asked about by `may_settle_now`."""
    judged = Review.objects.filter(content_id=item.content_id, round=item.round, person=person).exists()
    return deciding.may_judge(
        qualified=person.is_qualified(qualification_for(item, pack, case)),
        judged_this_round=judged,
        took_part_before=took_part(person, item),
        round_why=item.round_why,
    )


def may_settle_now(person: Person, item: Item, pack: Pack, case: Case) -> bool:
    """Whether this lead may settle what two judged differently."""
    return deciding.may_settle(
        lead=person.lead,
        qualified=person.is_qualified(qualification_for(item, pack, case)),
        seen_the_case=seen_the_case(person, case),
    )


def seen_the_case(person: Person, case: Case) -> bool:
    """Whether a person judged, or was shown, anything of a case before. The log remembers both."""
    if Review.objects.filter(case=case, person=person).exists():
        return True
    return AuditEntry.objects.filter(
        case_id=case.pk, actor=f"person:{person.pk}", kind="review_made"
    ).exists()
