"""How a person stands to cases and items: what they may see and judge, from what is on record."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from answerable.cases.models import Appeal, Case, Item, ItemContent, Message, Person, Report, Review
from answerable.cases.queries.judging import harms_reported, refusal_of, seen_the_case
from answerable.cases.queries.taking_part import judged_identical
from answerable.cases.rules import deciding
from answerable.policy import store
from answerable.policy.shapes import Harm
from answerable.policy.words import Danger


@dataclass(frozen=True, slots=True)
class Standing:
    """What a person may do with one item in its present round."""

    may_judge: bool
    may_settle: bool


def may_see(person: Person, matter: Case | Report) -> bool:
    """Whether a person is qualified for anything in this case or report; the rest stays closed to them."""
    return _qualified(person, store.pack(matter.pack_digest).harm(matter.harm))


def harms_to_judge(person: Person, case: Case) -> list[Harm]:
    """The harms under whose clauses a person may judge items of a case: its own first, then what else they know.

    What a thing is shows when somebody looks at it: a report's word for it limits nobody (rule 6).
    """
    harms = store.pack(case.pack_digest).harms
    others = [harm for name, harm in harms.items() if name != case.harm and _qualified(person, harm)]
    return [harms[case.harm], *others]


def _qualified(person: Person, harm: Harm) -> bool:
    rules = [harm.refuse, *([harm.refuse_adult] if harm.refuse_adult else [])]
    return any(person.is_qualified(rule.qualified) for rule in rules)


def is_called(person: Person, report: Report) -> bool:
    """Whether a report says that somebody is in danger, and this person is on call: then they may read it,
    whatever they are qualified for (rule 19)."""
    return person.active and person.on_call and report.danger != Danger.NONE


def may_read_answer(person: Person, report_id: int) -> bool:
    """Whether a person may read a report's oldest unread answer: they judged nothing that it names before."""
    unread = Message.objects.filter(report_id=report_id, from_reporter=True, read_at__isnull=True)
    at = unread.order_by("at", "pk").values_list("at", flat=True).first()
    return at is not None and not decided_about(person, report_id, at)


def decided_about(person: Person, report_id: int, at: datetime) -> bool:
    """Whether a person had judged anything that a report names by then, or the identical file elsewhere."""
    named = ItemContent.objects.filter(item__reported_in__report_id=report_id)
    same = Q(content__sha256__in=named.values("sha256")) | Q(content__decisions__shared__content__in=named)
    return Review.objects.filter(same, person=person, at__lte=at).exists()


def standing(person: Person, items: Iterable[Item]) -> dict[int, Standing]:
    """How this person stands to each of these items, by item number (rules 6 and 10)."""
    listed = [item for item in items if item.case is not None]
    rounds: dict[int, set[int]] = {}
    judged_now: set[int] = set()
    current = {item.pk: item for item in listed}
    made = Review.objects.filter(person=person, content__item__in=listed)
    for item_id, content_id, number in made.values_list("content__item_id", "content_id", "round"):
        rounds.setdefault(item_id, set()).add(number)
        if content_id == current[item_id].content_id and number == current[item_id].round:
            judged_now.add(item_id)
    contested = set(Appeal.objects.filter(item__in=listed, outcome="").values_list("item_id", flat=True))
    elsewhere = judged_identical(
        person, [i for i in listed if i.pk in contested or i.round_why in deciding.CONTESTED]
    )
    asked: dict[tuple[str, str, str, frozenset[str]], bool] = {}
    reported = harms_reported(listed)
    found: dict[int, Standing] = {}
    for item in listed:
        case = item.case
        if case is None:
            continue
        matter = (case.pack_digest, case.harm, item.age, frozenset(reported[item.pk]))
        if matter not in asked:
            rule = refusal_of(item, store.pack(case.pack_digest), case, reported[item.pk])
            asked[matter] = person.is_qualified(rule.qualified)
        qualified = asked[matter]
        found[item.pk] = Standing(
            may_judge=deciding.may_judge(
                qualified=qualified,
                judged_this_round=item.pk in judged_now,
                took_part_before=item.pk in elsewhere
                or any(number < item.round for number in rounds.get(item.pk, ())),
                round_why=item.round_why,
                contested=item.pk in contested,
            ),
            may_settle=deciding.may_settle(
                lead=person.lead,
                qualified=qualified,
                seen_the_case=person.lead and seen_the_case(person, item),
            ),
        )
    return found
