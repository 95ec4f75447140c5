"""Telling reporters (their status page, at once) and account holders (a notice, when the law lets it wait no more)."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.db.models import QuerySet

from answerable.cases import codes
from answerable.cases.commands.stating import LAW, end_suspension, state_reasons
from answerable.cases.commands.writing import (
    Writing,
    danger_said,
    facts_of_item,
    harms_said,
    pack_of,
    regimes,
)
from answerable.cases.models import Account, Item, Message, Notice, Report
from answerable.cases.rules import telling
from answerable.db.rows import insert, update
from answerable.obligations import Owed
from answerable.policy import Do, Pack
from answerable.policy.pack import applies
from answerable.policy.words import Age, By, Danger

TELL_WITHIN = timedelta(seconds=60)
LIFTED_WITHIN = timedelta(hours=24)
SUSPENSION, RESTORED = "account_suspended", "account_restored"


def reports_naming(item_ids: Iterable[int]) -> list[Report]:
    """The reports that name any of these items and whose reporters still want to hear."""
    found = Report.objects.filter(
        reported_items__item_id__in=list(item_ids), withdrawn_at__isnull=True
    ).distinct()
    return list(found)


def untold(reports: Iterable[Report], reply: str, *, since: datetime | None = None) -> list[Report]:
    """Those to whom this reply was not said yet (since then): a repetition would tell that somebody else reported."""
    asked = list(reports)
    said = Message.objects.filter(report__in=asked, reply=reply)
    told = set((said.filter(at__gte=since) if since else said).values_list("report_id", flat=True))
    return [report for report in asked if report.pk not in told]


def tell_reports(
    writing: Writing,
    reports: Iterable[Report],
    reply: str,
    params: Mapping[str, str | int],
    *,
    owed_kind: str = "tell_reporter",
) -> None:
    """Put a reply of the pack on the status pages of these reports. It is there when the transaction ends."""
    told = list(reports)
    if not told:
        return
    insert(
        *(
            Message(report=r, at=writing.now, from_reporter=False, reply=reply, params=dict(params))
            for r in told
        )
    )
    if owed_kind != "acknowledge":  # `report_received` records the acknowledgement
        for start in range(0, len(told), 2000):
            part = told[start : start + 2000]
            writing.record("message_sent", {"reply": reply, "reports": [r.pk for r in part]})
    writing.owe(
        Owed(
            kind=owed_kind,
            subject=f"report:{r.pk}",
            by=By.WORKER,
            due_at=writing.now + TELL_WITHIN,
            params={"reply": reply},
        )
        for r in told
    )


def tell_by_pack(
    writing: Writing,
    dos: Iterable[Do],
    *,
    reports: Iterable[Report] = (),
    item: Item | None = None,
    danger: Danger | None = None,
    params: Mapping[str, str | int] | None = None,
) -> None:
    """Tell reporters and the account holder what the pack says after an event.

    `reports` get its replies (with `params`), the holder of `item` its notices, each as the pack times it.
    `danger` None: the worst that any report says of the item.
    """
    told = list(reports)
    for do in dos:
        if do.do == "tell_reporter" and told:
            tell_reports(writing, told, str(do.params["reply"]), params or {})
        elif do.do == "tell_holder" and item is not None and item.account_id is not None:
            _owe_notice(writing, item, do, danger_said(item) if danger is None else danger)


def tell_holder_of_hiding(
    writing: Writing, item: Item, pack: Pack, harm: str, danger: Danger | None = None
) -> None:
    """Owe the notice of an interim hiding, delayed as far as the pack says on its ground (rule 16)."""
    told = item.wanted_serial > 1 and was_told(item)  # at the first change, nobody was
    facts = facts_of_item(item, danger=danger, told=told)
    dos = pack.owes(harm, "on_interim_hidden", facts, regimes())
    tell_by_pack(writing, dos, item=item, danger=danger)


def tell_holder_of_hold(writing: Writing, item: Item) -> None:
    """Owe the holder of an upload that is held what the holder of a hidden one is owed, in the same words and after the
    same wait: in the EU whoever restricts what somebody posted says why (Regulation (EU) 2022/2065, Art. 17).
    """
    if item.case is not None and applies(LAW, regimes()):
        tell_holder_of_hiding(writing, item, pack_of(item.case), item.case.harm)


def was_told(item: Item) -> bool:
    """Whether the account holder was told anything about this item before."""
    return Notice.objects.filter(item=item, told_at__isnull=False).exists()


def suspension_told(account: Account) -> bool:
    """Whether the notice of the present suspension was owed already, however often people answer (rule 12)."""
    told = Notice.objects.filter(account=account, kind=SUSPENSION, decided_at__gte=account.uploads_held_since)
    return told.exists()


def take_back_suspension(writing: Writing, account: Account) -> None:
    """Tell whoever was told of a suspension that it is lifted, and release its notice where it waits (rule 15)."""
    told = Notice.objects.filter(account=account, told_at__isnull=False, kind__in=[SUSPENSION, RESTORED])
    latest = told.select_related("item").order_by("-pk").first()
    if latest is not None and latest.kind == SUSPENSION:
        lifted = Do(do="tell_holder", by=By.WORKER, within=LIFTED_WITHIN, params={"notice": RESTORED})
        tell_by_pack(writing, [lifted], item=latest.item)
    end_suspension(writing, account.pk)
    untold = Notice.objects.filter(account=account, kind=SUSPENSION, told_at__isnull=True)
    _release(writing, untold)


def drop_untold(writing: Writing, item: Item, kinds: Iterable[str]) -> None:
    """Release the notices of these kinds that wait still: what they would say is no longer so (rule 16)."""
    untold = Notice.objects.filter(item=item, kind__in=list(kinds), told_at__isnull=True)
    _release(writing, untold)


def _release(writing: Writing, untold: QuerySet[Notice]) -> None:
    for number in untold.values_list("pk", flat=True):
        writing.release("tell_holder", f"notice:{number}", "superseded")


def _owe_notice(writing: Writing, item: Item, do: Do, danger: Danger) -> None:
    if item.account is None:
        return
    notice = Notice(account=item.account, item=item, kind=str(do.params["notice"]), decided_at=writing.now)
    insert(notice)
    notice.code_hash = codes.code_hash(codes.derived_code(f"notice:{notice.pk}"))
    update(notice, "code_hash")
    state_reasons(writing, notice, item)
    harms = {item.case.harm} if item.case is not None else set[str]()
    if item.wanted_serial > 1:  # at the first change, its case says all that was said
        harms |= harms_said(item)
    _owe_telling(writing, notice, item, do, waits=telling.must_wait(Age(item.age), harms, danger))


def _owe_telling(writing: Writing, notice: Notice, item: Item, do: Do, *, waits: bool) -> None:
    not_before = notice.decided_at + do.after if do.after and waits else None
    if not_before is not None:
        writing.record(
            "notice_delayed",
            {
                "notice": notice.pk,
                "item": item.pk,
                "ground": str(do.params.get("ground", "")),
                "until": not_before.isoformat(timespec="seconds"),
            },
            case_id=item.case_id,
        )
    writing.owe(
        [
            Owed(
                kind="tell_holder",
                subject=f"notice:{notice.pk}",
                by=By.WORKER,
                due_at=notice.decided_at + do.within,
                not_before=not_before,
                platform=item.platform,
                regime=do.regime or "",
                params=do.params,
            )
        ]
    )


DELAYED = {"interim": "on_interim_hidden", "removed": "on_violating"}
"""Notices that a pack may let wait, and the events that owe them."""


def hold_back(writing: Writing, notice: Notice, item: Item) -> bool:
    """Let a notice wait that was owed at once, where by now telling can hurt (rule 16): a child or a danger may
    have been named since. It waits from when it was owed first. Whether it waits now.
    """
    case, event = item.case, DELAYED.get(notice.kind)
    if case is None or event is None:
        return False
    harms, danger = [case.harm, *sorted(harms_said(item) - {case.harm})], danger_said(item)
    if not telling.must_wait(Age(item.age), harms, danger):
        return False
    pack, facts = pack_of(case), facts_of_item(item, danger=danger)
    for harm in harms:
        for do in pack.owes(harm, event, facts, regimes()) if harm in pack.harms else ():
            if do.do == "tell_holder" and do.after and do.params["notice"] == notice.kind:
                writing.release("tell_holder", f"notice:{notice.pk}", "superseded")
                _owe_telling(writing, notice, item, do, waits=True)
                return True
    return False
