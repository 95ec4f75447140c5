"""The facts that the deciding rules ask for, and who may judge what."""

from collections.abc import Collection, Mapping

from answerable.audit.models import AuditEntry
from answerable.cases.models import Appeal, Case, Decision, Item, Person, ReportedItem, Review
from answerable.cases.models.reports import is_formal
from answerable.cases.queries.joined import with_joined
from answerable.cases.queries.protection import cleared_by_two
from answerable.cases.queries.taking_part import judged_identical
from answerable.cases.rules import deciding
from answerable.obligations.models import Obligation
from answerable.policy import Pack, store
from answerable.policy.shapes import Refusal
from answerable.policy.words import Age, Verdict


def stake_of(item: Item, pack: Pack, case: Case) -> deciding.Stake:
    """What is at stake for an item's content now."""
    complete = ReportedItem.objects.filter(is_formal("report__"), item=item).exists()
    refusal = refusal_of(item, pack, case, harms_reported([item])[item.pk], complete=complete)
    standing = Decision.objects.filter(
        content_id=item.content_id, overturned_at__isnull=True, verdict=Verdict.NOT_VIOLATING
    )
    cleared = item.round_why == "repeated" and cleared_by_two(standing, str(refusal.qualified))
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
    """The judgements of an item's content in its present round, oldest first.

    A refusal counts only from somebody qualified for what is said by now: a child may have been named since.
    """
    rows = (
        Review.objects.filter(content_id=item.content_id, round=item.round)
        .select_related("person")
        .order_by("at", "pk")
    )
    case = item.case
    needed = qualification_for(item, store.pack(case.pack_digest), case) if case is not None else ""
    return [
        deciding.Judgement(
            person_id=row.person_id,
            verdict=Verdict(row.verdict),
            age=Age(row.age),
            qualified=row.qualified
            and (row.verdict == Verdict.VIOLATING or needed in row.person.qualifications),
            tie=row.tie,
            nobody_in_it=row.nobody_in_it,
            missing_element=row.missing_element,
            exception=row.exception,
        )
        for row in rows
    ]


def qualification_for(item: Item, pack: Pack, case: Case) -> str:
    """What a person must be qualified for to judge this item."""
    return str(refusal_of(item, pack, case, harms_reported([item])[item.pk]).qualified)


def refusal_of(
    item: Item, pack: Pack, case: Case, reported: Collection[str], *, complete: bool = False
) -> Refusal:
    """Who must agree on `not_violating`: by the strictest of the case's harm and those that reporters named.

    `complete`: on a complete removal request.
    """
    named = [name for name in pack.harms if name == case.harm or name in reported]
    rules = {name: pack.harm(name).refusal(Age(item.age), complete) for name in named}
    severest = max(named, key=lambda name: pack.harm(name).severity.rank)
    return rules[severest].model_copy(update={"people": max(rule.people for rule in rules.values())})


def harms_reported(items: Collection[Item]) -> Mapping[int, set[str]]:
    """The harms under which each of these items was reported, by item number."""
    found: dict[int, set[str]] = {item.pk: set() for item in items}
    named = ReportedItem.objects.filter(item__in=found).values_list("item_id", "report__harm").distinct()
    for item_id, harm in named:
        found[item_id].add(harm)
    return found


def took_part(person: Person, item: Item) -> bool:
    """Whether a person judged any content of this item in an earlier round, or the identical file elsewhere."""
    own = Review.objects.filter(content__item=item, person=person, round__lt=item.round)
    return own.exists() or item.pk in judged_identical(person, [item])


def may_judge_now(person: Person, item: Item, pack: Pack, case: Case) -> bool:
    """Whether this person may judge this item's content now; a tie is asked about by `may_settle_now`."""
    judged = Review.objects.filter(content_id=item.content_id, round=item.round, person=person).exists()
    return deciding.may_judge(
        qualified=person.is_qualified(qualification_for(item, pack, case)),
        judged_this_round=judged,
        took_part_before=took_part(person, item),
        round_why=item.round_why,
        contested=is_contested(item),
    )


def may_settle_now(person: Person, item: Item, pack: Pack, case: Case) -> bool:
    """Whether this lead may settle what two judged differently."""
    return deciding.may_settle(
        lead=person.lead,
        qualified=person.is_qualified(qualification_for(item, pack, case)),
        seen_the_case=seen_the_case(person, item),
    )


def is_contested(item: Item) -> bool:
    """Whether an appeal or a complaint about an item waits for its answer."""
    return Appeal.objects.filter(item=item, outcome="").exists()


def seen_the_case(person: Person, item: Item) -> bool:
    """Whether a person judged anything of an item's case, or saw its media before two differed about the item.

    What was joined into the case counts. The log remembers both.
    """
    cases = with_joined(*[item.case_id] if item.case_id is not None else [])
    if Review.objects.filter(case__in=cases, person=person).exists():
        return True
    tie = Obligation.objects.filter(kind="settle_tie", subject=f"item:{item.pk}", state="owed").first()
    looks = AuditEntry.objects.filter(case_id__in=cases, actor=f"person:{person.pk}", kind="revealed")
    return tie is not None and looks.filter(at__lt=tie.owed_at).exists()
