"""Judging: a person's review of contents they looked at, and what follows from it (rules 8 to 13)."""

from datetime import datetime, timedelta

from django.db import transaction

from answerable import obligations
from answerable.cases.commands import deciding as effects
from answerable.cases.commands.aside import end_hidden
from answerable.cases.commands.contesting import answer_appeals
from answerable.cases.commands.copying import share_with_copies
from answerable.cases.commands.elsewhere import follow_finding
from answerable.cases.commands.filing import has_finding, make_finding, withdraw_finding
from answerable.cases.commands.grouping import lock, locked, reopen
from answerable.cases.commands.harms import harm_of_clause
from answerable.cases.commands.rounds import begin_round, standing_decision
from answerable.cases.commands.telling import drop_untold, reports_naming, tell_by_pack
from answerable.cases.commands.undoing import overturn
from answerable.cases.commands.wanting import want
from answerable.cases.commands.writing import (
    Writing,
    facts_of_item,
    owed_by_pack,
    pack_of,
    regimes,
    within,
)
from answerable.cases.inputs import STATEMENT_LIMIT, AlreadyDone, NotFound, Refused, Reviewed, ReviewIn
from answerable.cases.kinds import is_media
from answerable.cases.models import Case, Item, ItemContent, Person, ReportedItem, Review
from answerable.cases.queries.judging import (
    judgements_of,
    may_judge_now,
    qualification_for,
    seen_the_case,
    stake_of,
)
from answerable.cases.rules import deciding
from answerable.db import personal
from answerable.db.models import PersonalText
from answerable.obligations import Owed
from answerable.obligations.models import Obligation
from answerable.policy import Pack, store
from answerable.policy.words import CLASSIFICATIONS, Age, By, Verdict, Visibility

DECIDE_WITHIN = timedelta(hours=24)
TIE_WITHIN = timedelta(hours=24)


def review(review_in: ReviewIn, *, now: datetime) -> list[Reviewed]:
    """Record one person's judgement of contents that they looked at; each decides what it decides.

    All or nothing. Raises Refused where the person may not judge or the judgement isn't whole, AlreadyDone
    where somebody else was faster, NotFound.
    """
    if not review_in.reason.strip():
        raise Refused("Write a reason: it is what a second person, an appeal and a court will ask for.")
    if len(review_in.reason) > STATEMENT_LIMIT:
        raise Refused(f"The reason is too long: write at most {STATEMENT_LIMIT} characters.")
    if not review_in.content_ids:
        raise Refused("Choose at least one item that you looked at.")
    erase_after = now + store.active().erase_after("reason")
    reason = personal.seal("reason", review_in.reason, erase_after=erase_after)
    with transaction.atomic():
        person = Person.objects.filter(pk=review_in.person_id, active=True).first()
        if person is None:
            raise Refused("This person doesn't work at this desk.")
        PersonalText.objects.bulk_create([reason])
        return [
            _review_one(review_in, content_id, person, reason, now)
            for content_id in sorted(set(review_in.content_ids))
        ]


def _review_one(
    review_in: ReviewIn, content_id: int, person: Person, reason: PersonalText, now: datetime
) -> Reviewed:
    content = ItemContent.objects.filter(pk=content_id).first()
    item = lock(content.item_id) if content is not None else None
    if content is None or item is None or item.case is None:
        raise NotFound(f"There is no content {content_id} in a case.")
    if item.content_id != content_id:
        raise AlreadyDone("This item's media changed since you opened it: look at it again.")
    case, pack = item.case, pack_of(item.case)
    writing = Writing(actor=f"person:{person.pk}", now=now, cause=f"content:{content_id}", case=case)
    stake = stake_of(item, pack, case)
    judgement = deciding.Judgement(
        person_id=person.pk,
        verdict=review_in.verdict,
        age=review_in.age,
        qualified=person.is_qualified(qualification_for(item, pack, case)),
        tie=review_in.tie,
        nobody_in_it=review_in.nobody_in_it,
        missing_element=review_in.missing_element,
        exception=review_in.exception,
    )
    _check(review_in, item, case, pack, person, stake, judgement)
    row = Review.objects.create(
        content=content,
        case=case,
        round=item.round,
        person=person,
        qualified=judgement.qualified,
        tie=review_in.tie,
        verdict=review_in.verdict,
        age=review_in.age,
        clause=review_in.clause,
        exception=review_in.exception,
        missing_element=review_in.missing_element,
        nobody_in_it=review_in.nobody_in_it,
        classification=review_in.classification,
        reason=reason,
        began_at=review_in.began_at,
        at=now,
    )
    entry_id = writing.record(
        "review_made",
        {
            "review": row.pk,
            "item": item.pk,
            "content": content.pk,
            "round": item.round,
            "verdict": str(review_in.verdict),
            "age": str(review_in.age),
            "clause": review_in.clause,
            "exception": review_in.exception,
            "missing": review_in.missing_element,
            "nobody": review_in.nobody_in_it,
            "tie": review_in.tie,
            **({"classification": review_in.classification} if review_in.classification else {}),
        },
    )
    outcome = deciding.outcome(judgements_of(item), stake)
    reviewed = _apply(writing, item, case, pack, row, judgement, outcome, entry_id)
    writing.finish(entry_id)
    effects.close_when_done(case, writing)
    return reviewed


def _check(
    review_in: ReviewIn,
    item: Item,
    case: Case,
    pack: Pack,
    person: Person,
    stake: deciding.Stake,
    judgement: deciding.Judgement,
) -> None:
    """Refuse what the rules don't allow, each with what to do instead."""
    if not judgement.qualified:
        raise Refused("Judging this takes a qualification that you don't have: leave it to somebody who has.")
    if Review.objects.filter(content_id=item.content_id, round=item.round, person=person).exists():
        raise AlreadyDone("You have judged this already: another person judges it next.")
    if review_in.began_at.utcoffset() is None:
        raise Refused("The time at which you opened the item needs its time zone.")
    need = deciding.outcome(judgements_of(item), stake).need
    if review_in.tie:
        if need is not deciding.Need.TIE:
            raise AlreadyDone("Nothing is to be settled here any more: look at the case again.")
        if not deciding.may_settle(
            lead=person.lead, qualified=judgement.qualified, seen_the_case=seen_the_case(person, item)
        ):
            raise Refused("A lead who hasn't seen this case settles it: leave it to another lead.")
    elif need is deciding.Need.TIE:
        raise AlreadyDone("Two people have judged this meanwhile: it is settled by a lead now.")
    elif need is deciding.Need.NOBODY:
        raise AlreadyDone("This was decided meanwhile: nothing of yours is needed any more.")
    elif not may_judge_now(person, item, pack, case):
        raise Refused("You had a part in this before: other people judge it now.")
    _check_exception(review_in, pack)
    _check_classification(review_in)
    if not deciding.refusal_is_whole(stake, judgement):
        raise Refused(
            "This is a complete removal request: refusing it takes naming what is missing, one of "
            + ", ".join(deciding.MISSING_ELEMENTS)
            + "."
        )


def _check_classification(review_in: ReviewIn) -> None:
    """Refuse a class that isn't on the scale, and one of what isn't about a child."""
    if not review_in.classification:
        return
    if review_in.classification not in CLASSIFICATIONS:
        raise Refused(f"The scale has {', '.join(CLASSIFICATIONS)}.")
    if review_in.verdict is not Verdict.VIOLATING or review_in.age == Age.ADULT:
        raise Refused(
            "A class goes with “violating” about a child, or about somebody whose age can't be told."
        )


def _check_exception(review_in: ReviewIn, pack: Pack) -> None:
    """Refuse a clause that isn't there, and an exception that this clause doesn't have for that age."""
    harm = pack.harm(harm_of_clause(pack, review_in.clause))
    if not review_in.exception:
        return
    known = next((one for one in harm.exceptions if one.id == review_in.exception), None)
    if known is None or review_in.age not in known.ages:
        raise Refused("This clause has no such exception for that age: choose another, or none.")
    if review_in.verdict is Verdict.VIOLATING:
        raise Refused("What falls under an exception isn't violating: choose one or the other.")


def _apply(
    writing: Writing,
    item: Item,
    case: Case,
    pack: Pack,
    row: Review,
    judgement: deciding.Judgement,
    outcome: deciding.Outcome,
    entry_id: int,
) -> Reviewed:
    """Write what an outcome leads to."""
    item.looked_at = writing.now
    if item.age != outcome.age:
        writing.record("age_changed", {"item": item.pk, "from": str(item.age), "to": str(outcome.age)})
        item.age = outcome.age
    item.save(update_fields=["looked_at", "age"])
    found_before = item.content is not None and has_finding(item.content)
    if item.age == Age.ADULT:
        withdraw_finding(writing, item, cleared=False)
    protects_children = Age.CHILD in pack.harm(harm_of_clause(pack, row.clause)).ages
    if deciding.makes_finding(judgement, outcome.age, protects_children):
        make_finding(writing, item, case, row.clause, review=row)
    reported_meanwhile = _keep_looks(writing, item, outcome, entry_id, row)
    standing = standing_decision(item.content_id)
    if outcome.verdict is Verdict.VIOLATING:
        decision = effects.decide_violating(writing, item, case, row.clause, "reviews", row.began_at)
        if outcome.confirmed_by_two:
            effects.confirm_by_two(writing, item, case, decision)
        if found_before != has_finding(decision.content):
            follow_finding(writing, decision)
        answer_appeals(writing, item, Verdict.VIOLATING, entry_id)
    elif outcome.verdict is Verdict.NOT_VIOLATING:
        if standing is not None and standing.verdict == Verdict.VIOLATING:
            overturn(writing, item, standing)
        withdraw_finding(writing, item, cleared=True)
        effects.decide_not_violating(writing, item, case, row.clause, row.began_at)
        if reported_meanwhile:
            begin_round(
                writing, item, "repeated"
            )  # the look that these reports are owed is one of a new round
        answer_appeals(writing, item, Verdict.NOT_VIOLATING, entry_id)
    elif outcome.lifted and _is_interim(item):
        item.nobody_in_it_at = writing.now
        item.save(update_fields=["nobody_in_it_at"])
        writing.record("hiding_lifted", {"item": item.pk, "review": row.pk})
        effects.lift(writing, item, case, "lifted")
    _owe_next(writing, item, case, pack, outcome)
    end_hidden(writing, item)
    return Reviewed(
        item.content_id or 0,
        outcome.verdict,
        outcome.confirmed_by_two,
        outcome.lifted and outcome.verdict is None,
    )


def _is_interim(item: Item) -> bool:
    return item.interim_since is not None and item.wanted in (Visibility.HIDDEN, Visibility.LIMITED)


def _keep_looks(writing: Writing, item: Item, outcome: deciding.Outcome, entry_id: int, row: Review) -> bool:
    """Close what this judgement kept. Reports that came after the look began are owed a look of their own.

    Whether there are such.
    """
    subject = f"item:{item.pk}"
    kept = {"look"}
    if row.tie:
        kept.add("settle_tie")
    if outcome.verdict is not None:
        kept.add("decide")
    if outcome.need in (deciding.Need.NOBODY, deciding.Need.TIE):
        kept.add("second_look")
    obligations.keep_all(kept, subject, now=writing.now, proof_entry_id=entry_id)
    later = ReportedItem.objects.filter(item=item, report__received_at__gt=row.began_at)
    newest = later.order_by("-report__received_at").values_list("report__received_at", flat=True).first()
    if newest is not None and outcome.verdict is not Verdict.VIOLATING:
        due_at = newest + timedelta(minutes=15)
        writing.owe([Owed(kind="look", subject=subject, by=By.PEOPLE, due_at=due_at)])
    return newest is not None


def _owe_next(writing: Writing, item: Item, case: Case, pack: Pack, outcome: deciding.Outcome) -> None:
    """Owe the next person's judgement. It looks like a first one to whoever makes it (rule 10)."""
    subject = f"item:{item.pk}"
    event = "on_differ" if outcome.need is deciding.Need.TIE else "on_report"
    dos = pack.owes(case.harm, event, facts_of_item(item), regimes())
    if outcome.need is deciding.Need.TIE:
        if case.closed_at is not None:  # the first one's yes had decided it
            reopen(case, writing.now)
        due_at = writing.now + within(dos, "settle_tie", TIE_WITHIN)
        writing.owe([Owed(kind="settle_tie", subject=subject, by=By.OTHER_PEOPLE, due_at=due_at)])
    elif outcome.need is deciding.Need.SECOND and outcome.verdict is None:
        contested = Obligation.objects.filter(
            kind__in=("decide_appeal", "decide_complaint"), subject=subject, state="owed"
        )
        if contested.exists():
            return  # that asks for the second person as it did for the first, with the same time
        due_at = writing.now + within(dos, "decide", DECIDE_WITHIN)
        writing.owe([Owed(kind="decide", subject=subject, by=By.OTHER_PEOPLE, due_at=due_at)])


def remove_undecided(item_id: int, *, obligation_id: int, now: datetime) -> bool:
    """Remove what a complete removal request asked for and nobody decided by hour 40 (rule 14).

    No decision: the law's deadline acts, and people may still decide either way. Whether it removed anything.
    """
    with transaction.atomic():
        item = locked(item_id)
        writing = Writing(actor="worker", now=now, cause=f"item:{item_id}", case=item.case)
        undecided = (
            is_media(item.kind) and item.wanted != Visibility.GONE and not _answered(item, obligation_id)
        )
        if undecided:
            drop_untold(writing, item, ["interim"])
            want(writing, item, Visibility.GONE, why="law", due_at=now + timedelta(minutes=5))
            if item.case is not None:
                facts = facts_of_item(item, complete=True)
                dos = pack_of(item.case).owes(item.case.harm, "on_undecided_removed", facts, regimes())
                writing.owe(owed_by_pack(dos, event_at=now, item=item, case=item.case))
                tell_by_pack(writing, dos, reports=reports_naming([item.pk]), item=item)
                if item.content is not None:
                    share_with_copies(writing, item.content, pack_of(item.case), item.case)
        entry_id = writing.record("interim_set", {"item": item.pk, "hour_40": undecided})
        writing.finish(entry_id)
        obligations.keep(obligation_id, now=now, proof_entry_id=entry_id)
        return undecided


def _answered(item: Item, obligation_id: int) -> bool:
    """Whether people decided about an item since its complete request came. An older refusal answers nothing."""
    decision = standing_decision(item.content_id)
    if decision is None:
        return False
    owed_at = Obligation.objects.values_list("owed_at", flat=True).get(pk=obligation_id)
    return decision.answers_reports_before >= owed_at
