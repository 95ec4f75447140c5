"""Accepting a report: one transaction holds the report, what it is owed, and the hiding (rules 1, 2, 5)."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from answerable.cases import codes
from answerable.cases.commands.completing import dos_of_item
from answerable.cases.commands.grouping import case_for, items_at, open_case, reached
from answerable.cases.commands.naming import resolving
from answerable.cases.commands.protecting import protect_item, waits_for_look
from answerable.cases.commands.receiving import (
    Sealed,
    answered_before,
    check,
    code_for,
    create_report,
    digest_of,
    missing_elements,
    remember,
    save_texts,
    seal,
)
from answerable.cases.commands.rounds import standing_decision
from answerable.cases.commands.telling import tell_by_pack, tell_reports
from answerable.cases.commands.writing import (
    Writing,
    facts_of,
    facts_of_item,
    owed_by_pack,
    regimes,
    within,
)
from answerable.cases.inputs import Filed, FiledItem, ReportIn
from answerable.cases.kinds import is_media
from answerable.cases.models import Case, Claim, Report, ReportedItem
from answerable.cases.queries.status import somebody_on_call
from answerable.cases.rules import protecting
from answerable.db.rows import insert, update
from answerable.obligations import Owed
from answerable.policy import Do, Pack, store
from answerable.policy.words import By, Danger, Visibility
from answerable.settings.config import config


def file_report(report_in: ReportIn, *, now: datetime) -> Filed:
    """Accept a report. When this returns, it is on disk with everything that it is owed.

    Raises Refused where something is missing or too long; then nothing was written.
    """
    pack = store.active()
    check(report_in, pack)
    code = code_for(report_in)
    sealed = seal(report_in, pack, now)
    salt = secrets.token_bytes(16).hex()
    digest = digest_of(report_in, salt, now)
    try:
        with transaction.atomic():
            known = answered_before(report_in, code)
            return known or _file(report_in, sealed, pack, code, digest, salt, now)
    except IntegrityError:
        # The same request twice at once: PostgreSQL lets both begin, and the later one meets the other's row.
        known = answered_before(report_in, code)
        if known is None:
            raise
        return known


def _file(
    report_in: ReportIn, sealed: Sealed, pack: Pack, code: str, digest: str, salt: str, now: datetime
) -> Filed:
    save_texts(sealed)
    report = create_report(report_in, sealed, codes.code_hash(code), digest, pack, now)
    writing = Writing(actor=_actor(report_in), now=now, cause=f"report:{report.pk}", gathers=True)
    items = items_at([link for link in report_in.links if link.platform and link.ref], now)
    opened: list[Case] = []
    filed: list[FiledItem] = []
    cases: dict[int, Case] = {}
    reported: list[ReportedItem] = []
    seen: set[int] = set()
    cleared: set[int] = set()
    for link in report_in.links:
        item = items.get((link.platform, link.ref))
        row = ReportedItem(report=report, link=link.typed[:2000], platform=link.platform, item=item)
        reported.append(row)
        if item is None:
            row.state = "resolving" if link.platform else "unknown_site"
            filed.append(FiledItem(link.typed, row.state, None, None, 0))
            continue
        if item.pk in seen:
            reported.pop()
            continue
        seen.add(item.pk)
        case = case_for(writing, item, report.harm, pack, opened)
        cases[case.pk] = case
        writing.case = case
        protection = protect_item(writing, report, item, pack)
        row.interim = str(protection.interim)
        if protection.why == protecting.CLEARED:
            cleared.add(item.pk)
        filed.append(
            FiledItem(
                link.typed,
                "known",
                protection.interim,
                item.pk,
                int(protection.look_within.total_seconds()),
            )
        )
    if not cases:
        report.case = open_case(writing, report.harm, pack, reports=1)
        update(report, "case")
        opened.append(report.case)
        cases[report.case.pk] = report.case
    for case in cases.values():
        if case not in opened:
            reached(writing, case, report.harm, pack)
    _save_reported(reported)
    if report_in.claims:
        Claim.objects.bulk_create(
            [Claim(report=report, kind=c.kind, value=c.value) for c in report_in.claims],
            ignore_conflicts=True,
        )
    writing.case = next(iter(cases.values()))
    _owe_report(writing, report, reported, pack, cleared, claimed=bool(report_in.claims))
    _record(writing, report, salt, reported, report_in)
    tell_reports(writing, [report], "acknowledged", {}, owed_kind="acknowledge")
    _answer_removed(writing, report, reported, pack)
    _say_what_is_not_hidden(writing, report, reported)
    entry_id = writing.write_down()["report_received"]
    kinds = writing.finish(entry_id)
    answer = Filed(report.pk, code, entry_id, tuple(filed), tuple(sorted(set(kinds))))
    remember(report_in, answer, now)
    return answer


def _owe_report(
    writing: Writing,
    report: Report,
    reported: Sequence[ReportedItem],
    pack: Pack,
    cleared: set[int],
    *,
    claimed: bool,
) -> None:
    """What is owed to the reporter and for the whole report, each once.

    `cleared`: items that people cleared, about which this report brings nothing new (rule 6).
    """
    case = writing.case
    items = [row.item for row in reported if row.item is not None]
    known = bool(items)
    facts = facts_of(
        report,
        media=any(is_media(item.kind) for item in items),
        located=bool(report.statement_id) or bool(reported),
        known=known,
    )
    missing = ",".join(missing_elements(report, located=bool(reported)))
    events = ["on_report"]
    if report.danger != Danger.NONE:
        events.append("on_danger")
    # A place alone asks for no removal of what people cleared: only a look follows from a repetition (rule 6).
    asked = items if report.formal else [item for item in items if item.pk not in cleared]
    if report.complete and (asked or not items):
        events.append("on_complete_request")
    for event in events:
        dos = pack.owes(report.harm, event, facts, regimes())
        if event == "on_danger" and not somebody_on_call():
            dos = [do for do in dos if do.do not in ("page_people", "tell_reporter")]
            contact = config().desk.emergency_contact
            tell_reports(writing, [report], "nobody_on_call", {"emergency_contact": contact})
        tell_by_pack(writing, dos, reports=[report], params={"missing": missing})
        writing.owe(owed_by_pack(dos, event_at=report.received_at, report=report, case=case))
        if event != "on_report":
            for item in asked if event == "on_complete_request" else items:
                if item.wanted != Visibility.GONE:
                    own = dos_of_item(pack, report, event, facts, dos, item)
                    writing.owe(owed_by_pack(own, event_at=report.received_at, item=item))
    if not items and not any(row.state == "resolving" for row in reported):
        look = within(pack.owes(report.harm, "on_report", facts, regimes()), "look", protecting.LOOK_SOON)
        writing.owe([_people("read_report", report, look)])
    writing.owe(resolving(row, report.received_at) for row in reported if row.state == "resolving")
    if claimed:
        writing.owe(
            [
                Owed(
                    kind="find_claimed",
                    subject=f"report:{report.pk}",
                    by=By.WORKER,
                    due_at=report.received_at + timedelta(minutes=5),
                )
            ]
        )


def _say_what_is_not_hidden(writing: Writing, report: Report, reported: Sequence[ReportedItem]) -> None:
    """A site that isn't ours, and what stays visible until a person looked: told at once."""
    if any(row.state == "unknown_site" for row in reported):
        tell_reports(writing, [report], "unknown_site", {})
    if any(waits_for_look(row) for row in reported):
        tell_reports(writing, [report], "waits_for_look", {})


def _answer_removed(writing: Writing, report: Report, reported: Sequence[ReportedItem], pack: Pack) -> None:
    """Tell of what was decided and removed before this report, as whoever reported it then was told."""
    told: dict[str, Do] = {}
    for row in reported:
        if row.item is None or row.item.wanted_why != "decision":
            continue
        decision = standing_decision(row.item.content_id)
        listed = decision is not None and decision.by_match
        facts = facts_of_item(row.item, danger=Danger(report.danger), listed=listed)
        for do in pack.owes(report.harm, "on_violating", facts, regimes()):
            if do.do == "tell_reporter":
                told.setdefault(str(do.params["reply"]), do)
    tell_by_pack(writing, told.values(), reports=[report])


def _people(kind: str, report: Report, within_time: timedelta) -> Owed:
    return Owed(
        kind=kind, subject=f"report:{report.pk}", by=By.PEOPLE, due_at=report.received_at + within_time
    )


def _save_reported(rows: list[ReportedItem]) -> None:
    unique: dict[str, ReportedItem] = {}
    for row in rows:
        unique.setdefault(row.link, row)
    rows[:] = list(unique.values())
    insert(*rows)


def _record(
    writing: Writing, report: Report, salt: str, reported: Sequence[ReportedItem], report_in: ReportIn
) -> None:
    """The entry that the receipt proves. No case in it: a receipt says nothing of joining (rule 17)."""
    case, writing.case = writing.case, None
    writing.record(
        "report_received",
        {
            "report": report.pk,
            "received_at": report.received_at.isoformat(timespec="milliseconds"),
            "digest": report.digest,
            "digest_salt": salt,
            "harm": report.harm,
            "relation": str(report.relation),
            "age": str(report.age),
            "danger": str(report.danger),
            "complete": report.complete,
            "channel": report.channel,
            "pack": report.pack_digest,
            "links": [
                hashlib.sha256(f"{salt}:{row.link}".encode("utf-8", "replace")).hexdigest()
                for row in reported
            ],
            "claims": len(report_in.claims),
        },
    )
    writing.case = case


def _actor(report_in: ReportIn) -> str:
    return f"token:{report_in.token}"[:80] if report_in.token else "reporter"
