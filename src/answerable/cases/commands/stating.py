"""Statements of reasons: each made with the notice that tells it, ended with its restriction (DSA, Art. 17).

Only where the desk is a provider under the law of the EU. What a public database is to have is owed once for all that
waits: one obligation, so that never two of them ask it at a time.
"""

import secrets
from dataclasses import fields
from datetime import timedelta
from typing import Any, Final

from django.db.models import QuerySet

from answerable.cases.commands.harms import harm_decided
from answerable.cases.commands.writing import Writing, facts_of_item, pack_of, regimes
from answerable.cases.models import Decision, Item, Notice, Report, StatementOfReasons
from answerable.cases.queries.listed import rests_on_list
from answerable.cases.queries.reasons import waiting
from answerable.cases.queries.requests import law_of, order_about
from answerable.cases.rules import reasons as rules
from answerable.cases.rules.reasons import Circumstance, Reasons, Redress, Restriction
from answerable.db.prepared import prepared
from answerable.db.rows import insert
from answerable.obligations import Owed
from answerable.policy.pack import applies
from answerable.policy.words import By, Visibility
from answerable.settings.config import config

LAW: Final = "eu"
DELIVER_WITHIN: Final = timedelta(hours=24)
"""What the law calls without undue delay (Art. 24(5)): a day after the holder could know it."""
_ELEMENTS: Final = tuple(one.name for one in fields(Reasons) if one.name != "redress")


def state_reasons(writing: Writing, notice: Notice, item: Item) -> None:
    """Write down why, with the notice that says it. `item` as it is after the change, in its case."""
    if not applies(LAW, regimes()) or item.case is None:
        return
    if notice.kind in rules.LIFTING:
        _state_lifting(writing, notice, item)
    elif notice.kind in rules.RESTRICTING:
        _state_restriction(writing, notice, item)


def end_reasons(writing: Writing, item: Item) -> None:
    """What restricted an item's visibility until now no longer does."""
    _end(writing, StatementOfReasons.objects.filter(item=item).exclude(restriction=Restriction.SUSPENDED))


def end_suspension(writing: Writing, account_id: int) -> None:
    """An account is no longer suspended."""
    of_account = StatementOfReasons.objects.filter(account_id=account_id, restriction=Restriction.SUSPENDED)
    _end(writing, of_account)


def reasons_told(writing: Writing, notice: Notice) -> None:
    """A holder got a notice: from now on its statement may be public, unless it is about what is still checked."""
    row = StatementOfReasons.objects.filter(notice=notice, lifts__isnull=True).first()
    if row is None:
        return
    ordered = row.circumstance == Circumstance.ORDERED
    if rules.may_be_published(
        rules.Lasts(row.lasts), told=True, over=row.ends_at is not None, ordered=ordered
    ):
        row.ready_at = writing.now
        row.save(update_fields=["ready_at"])
        owe_delivery(writing)


def anything_waits() -> bool:
    """Whether the configured database lacks anything that it may have. Only reads."""
    database = config().authorities.dsa
    return database is not None and waiting(database.environment, database.since).exists()


def owe_delivery(writing: Writing) -> bool:
    """Owe the configured database what waits for it. Whether anything does."""
    database = config().authorities.dsa
    if database is None or not applies(LAW, regimes()):
        return False
    left = waiting(database.environment, database.since)
    first = left.values_list("ready_at", flat=True).first()
    if first is None:
        return False
    about, writing.case = writing.case, None
    writing.owe(
        [
            Owed(
                kind="deliver_reasons",
                subject=f"database:{database.environment}",
                by=By.WORKER,
                due_at=first + DELIVER_WITHIN,
                regime=LAW,
            )
        ]
    )
    writing.case = about
    return True


def _state_restriction(writing: Writing, notice: Notice, item: Item) -> None:
    case = item.case
    if case is None:
        return
    decision = None
    if notice.kind == rules.INTERIM:
        harm, said = case.harm, _of_hiding(writing, item)
    elif notice.kind == "removed_undecided":
        harm, said = case.harm, rules.of_deadline(_law(item), _came_from(writing, item))
    elif notice.kind == rules.ORDERED:
        order = order_about(item.pk, writing.now)
        if order is None:
            return
        harm, said = case.harm, rules.of_order(law_of(order, "en")[:300])
    else:
        decision = _decision(item)
        if decision is None:
            return
        harm = harm_decided(decision.case, decision.clause)
        said = _of_decision(writing, notice.kind, decision, item)
    if item.wanted_serial > 1 and said.restriction is not Restriction.SUSPENDED:
        end_reasons(writing, item)
    _write(writing, notice, item, said, harm=harm, decision=decision)


def _state_lifting(writing: Writing, notice: Notice, item: Item) -> None:
    of_account = notice.kind in rules.OF_ACCOUNTS
    told = StatementOfReasons.objects.filter(notice__told_at__isnull=False, lifts__isnull=True)
    if of_account:
        told = told.filter(account_id=notice.account_id, restriction=Restriction.SUSPENDED)
    else:
        told = told.filter(item=item).exclude(restriction=Restriction.SUSPENDED)
    lifted = told.select_related("decision").order_by("-pk").first()
    if lifted is None:  # what was told before this desk was under that law
        return
    said = rules.of_lifting(said_by(lifted), overturned=notice.kind != "restored")
    _write(writing, notice, item, said, harm=lifted.harm, decision=lifted.decision, lifts=lifted)


def said_by(row: StatementOfReasons) -> Reasons:
    """The elements of a statement as values."""
    redress = tuple(Redress(word) for word in row.redress.split())
    return Reasons(
        restriction=Restriction(row.restriction),
        lasts=rules.Lasts(row.lasts),
        circumstance=rules.Circumstance(row.circumstance),
        came_from=rules.CameFrom(row.came_from),
        found_by_software=row.found_by_software,
        decided=rules.Decided(row.decided),
        ground=rules.Ground(row.ground),
        clause=row.clause,
        law=row.law,
        territory=row.territory,
        redress=redress,
    )


def _write(
    writing: Writing,
    notice: Notice,
    item: Item,
    said: Reasons,
    *,
    harm: str,
    decision: Decision | None,
    lifts: StatementOfReasons | None = None,
) -> None:
    elements: dict[str, Any] = {name: getattr(said, name) for name in _ELEMENTS}
    case = decision.case if decision is not None else item.case
    row = StatementOfReasons(
        notice=notice,
        account_id=notice.account_id,
        item=item,
        case=item.case,
        decision=decision,
        lifts=lifts,
        puid=secrets.token_hex(16),
        pack_digest=case.pack_digest if case is not None else "",
        at=writing.now,
        harm=harm,
        age=item.age,
        item_kind=item.kind,
        content_on=(item.posted_at or item.registered_at).date(),
        redress=" ".join(said.redress),
        **elements,
    )
    insert(row)


def _of_hiding(writing: Writing, item: Item) -> Reasons:
    return rules.of_hiding(Visibility(item.wanted), item.wanted_why, _came_from(writing, item))


def _of_decision(writing: Writing, kind: str, decision: Decision, item: Item) -> Reasons:
    hid_before = item.interim_times > 0
    if kind in rules.OF_ACCOUNTS:
        return rules.of_suspension(decision.clause, _came_from(writing, item), hid_before=hid_before)
    listed = rests_on_list(decision)
    source = _came_from(writing, item)
    return rules.of_removal(decision.clause, decision.basis, source, listed=listed, hid_before=hid_before)


def _decision(item: Item) -> Decision | None:
    standing = Decision.objects.filter(content__item=item, verdict="violating", overturned_at__isnull=True)
    return standing.select_related("case").order_by("-at", "-pk").first()


def _came_from(writing: Writing, item: Item) -> rules.CameFrom:
    """Whether anybody notified this very item; the report that is being taken up is not tied to it yet."""
    kind, _, number = writing.cause.partition(":")
    said = _said_by(int(number)) if kind == "report" and item.wanted_why == "report" else []
    if item.wanted_serial > 1 or not said:
        said = said + _said_of(item.pk)
    return rules.came_from(said)


@prepared
def _said_by(report_id: int) -> "QuerySet[Report, tuple[str, bool]]":
    return Report.objects.filter(pk=report_id).values_list("relation", "verified")


@prepared
def _said_of(item_id: int) -> "QuerySet[Report, tuple[str, bool]]":
    return Report.objects.filter(reported_items__item_id=item_id).values_list("relation", "verified")


def _law(item: Item) -> str:
    """The laws that set the time limit, as the pack names them."""
    case = item.case
    if case is None:
        return ""
    dos = pack_of(case).owes(case.harm, "on_complete_request", facts_of_item(item, complete=True), regimes())
    laws = [str(do.params["law"]) for do in dos if do.do == "remove_if_undecided" and "law" in do.params]
    return "; ".join(dict.fromkeys(laws))[:300]


def _end(writing: Writing, rows: QuerySet[StatementOfReasons]) -> None:
    open_rows = rows.filter(ends_at__isnull=True, lifts__isnull=True)
    ending = list(open_rows.values_list("pk", "ready_at", "notice__told_at", "circumstance"))
    if not ending:
        return
    StatementOfReasons.objects.filter(pk__in=[pk for pk, *_ in ending]).update(ends_at=writing.now)
    ready = [
        pk
        for pk, ready_at, told_at, circumstance in ending
        if ready_at is None and told_at is not None and circumstance != Circumstance.ORDERED
    ]
    if ready:
        StatementOfReasons.objects.filter(pk__in=ready).update(ready_at=writing.now)
        owe_delivery(writing)
