"""Accepting a report: one transaction holds the report, what it is owed, and the hiding (rules 1, 2, 5)."""

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from answerable.cases import codes
from answerable.cases.commands.grouping import case_for, items_at, open_case, reached
from answerable.cases.commands.protecting import protect_item
from answerable.cases.commands.telling import tell_by_pack, tell_reports
from answerable.cases.commands.writing import Writing, facts_of, owed_by_pack, regimes, within
from answerable.cases.inputs import LINKS_LIMIT, STATEMENT_LIMIT, Filed, FiledItem, Refused, ReportIn
from answerable.cases.kinds import is_media
from answerable.cases.models import Case, Claim, IdempotencyKey, Person, Report, ReportedItem
from answerable.cases.rules import protecting
from answerable.db import personal
from answerable.db.models import PersonalText
from answerable.obligations import Owed
from answerable.policy import Pack, store
from answerable.policy.words import By, Danger, Interim, Visibility
from answerable.settings.config import config

RESOLVE_WITHIN = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A report's words, encrypted before the transaction begins."""

    statement: PersonalText | None
    contact: PersonalText | None
    signature: PersonalText | None


def file_report(report_in: ReportIn, *, now: datetime) -> Filed:
    """Accept a report. When this returns, it is on disk with everything that it is owed.

    Raises Refused where something is missing or too long; then nothing was written.
    """
    _check(report_in)
    code = _code(report_in)
    sealed = _seal(report_in, now)
    salt = secrets.token_bytes(16).hex()
    digest = _digest(report_in, salt, now)
    with transaction.atomic():
        known = _answered_before(report_in, code)
        if known is not None:
            return known
        return _file(report_in, sealed, code, digest, salt, now)


def _file(report_in: ReportIn, sealed: Sealed, code: str, digest: str, salt: str, now: datetime) -> Filed:
    pack = store.active()
    _save_texts(sealed)
    report = _create_report(report_in, sealed, codes.code_hash(code), digest, pack, now)
    writing = Writing(actor=_actor(report_in), now=now, cause=f"report:{report.pk}")
    items = items_at([link for link in report_in.links if link.platform and link.ref], now)
    opened: list[Case] = []
    filed: list[FiledItem] = []
    cases: dict[int, Case] = {}
    reported: list[ReportedItem] = []
    seen: set[int] = set()
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
        report.case = opened[0] if opened else open_case(writing, report.harm, pack)
        report.save(update_fields=["case"])
        cases[report.case.pk] = report.case
    for case in cases.values():
        reached(case, report.harm, pack, now)
    _save_reported(reported)
    Claim.objects.bulk_create(
        [Claim(report=report, kind=c.kind, value=c.value) for c in report_in.claims], ignore_conflicts=True
    )
    writing.case = next(iter(cases.values()))
    _owe_report(writing, report, reported, pack, itemless=not seen)
    entry_id = _record(writing, report, salt, reported, report_in)
    tell_reports(writing, [report], "acknowledged", {}, owed_kind="acknowledge")
    kinds = writing.finish(entry_id)
    answer = Filed(report.pk, code, entry_id, tuple(filed), tuple(sorted(set(kinds))))
    _remember(report_in, answer, now)
    return answer


def _owe_report(
    writing: Writing, report: Report, reported: Sequence[ReportedItem], pack: Pack, *, itemless: bool
) -> None:
    """What is owed to the reporter and for the whole report, each once."""
    case = writing.case
    known = any(row.item is not None for row in reported)
    facts = facts_of(
        report,
        media=any(row.item is not None and is_media(row.item.kind) for row in reported),
        located=bool(report.statement_id) or bool(reported),
        known=known,
    )
    missing = ",".join(missing_elements(report, located=bool(reported)))
    events = ["on_report"]
    if report.danger != Danger.NONE:
        events.append("on_danger")
    if report.complete:
        events.append("on_complete_request")
    for event in events:
        dos = pack.owes(report.harm, event, facts, regimes())
        if event == "on_danger" and not somebody_is_on_call():
            dos = [do for do in dos if do.do not in ("page_people", "tell_reporter")]
            contact = config().desk.emergency_contact
            tell_reports(writing, [report], "nobody_on_call", {"emergency_contact": contact})
        tell_by_pack(writing, dos, reports=[report], params={"missing": missing})
        writing.owe(owed_by_pack(dos, event_at=report.received_at, report=report, case=case))
        if event != "on_report":
            for row in reported:
                if row.item is not None and row.item.wanted != Visibility.GONE:
                    writing.owe(owed_by_pack(dos, event_at=report.received_at, item=row.item))
    if itemless and not any(row.state == "resolving" for row in reported):
        look = within(pack.owes(report.harm, "on_report", facts, regimes()), "look", protecting.LOOK_SOON)
        writing.owe([_people("read_report", report, look)])
    for row in reported:
        if row.state == "resolving":
            writing.owe(
                [
                    Owed(
                        kind="resolve",
                        subject=f"reported_item:{row.pk}",
                        by=By.WORKER,
                        due_at=report.received_at + RESOLVE_WITHIN,
                        platform=row.platform,
                        urgency=0,
                    )
                ]
            )
    if report.claims.exists():
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


def _people(kind: str, report: Report, within_time: timedelta) -> Owed:
    return Owed(
        kind=kind, subject=f"report:{report.pk}", by=By.PEOPLE, due_at=report.received_at + within_time
    )


def _check(report_in: ReportIn) -> None:
    """Refuse what can't be kept whole. The doors check the same first, and say it better."""
    pack = store.active()
    if report_in.harm not in pack.harms:
        raise Refused(f"There is no harm {report_in.harm!r}: choose one of {', '.join(pack.harms)}.")
    if len(report_in.statement) > STATEMENT_LIMIT:
        raise Refused(f"The statement is too long: write at most {STATEMENT_LIMIT} characters.")
    if len(report_in.links) > LINKS_LIMIT:
        raise Refused(f"There are too many links: send at most {LINKS_LIMIT} in one report.")
    if not (report_in.links or report_in.statement.strip() or report_in.claims):
        raise Refused("Say where it is, or describe it: the report is empty.")


def _seal(report_in: ReportIn, now: datetime) -> Sealed:
    pack = store.active()

    def one(kind: str, text: str) -> PersonalText | None:
        return personal.seal(kind, text, erase_after=now + pack.erase_after(kind)) if text.strip() else None

    return Sealed(
        one("statement", report_in.statement),
        one("contact", report_in.contact),
        one("signature", report_in.signature),
    )


def _save_texts(sealed: Sealed) -> None:
    texts = [text for text in (sealed.statement, sealed.contact, sealed.signature) if text is not None]
    if texts:
        PersonalText.objects.bulk_create(texts)


def is_complete(report_in: ReportIn) -> bool:
    """Whether all four elements of a removal request are there (rule 14). Presence only; truth isn't judged."""
    return bool(
        report_in.signature.strip()
        and (any(link.typed for link in report_in.links) or report_in.statement.strip())
        and report_in.good_faith
        and report_in.contact.strip()
    )


def somebody_is_on_call() -> bool:
    """Whether a page would reach anybody: an address to page, and a person on call (rule 19)."""
    return bool(config().alerts.urls) and Person.objects.filter(on_call=True, active=True).exists()


def missing_elements(report: Report, *, located: bool) -> list[str]:
    """The elements of a complete removal request that a report lacks, by their names in the pack (rule 14)."""
    there = {
        "signature": report.signed,
        "location": located or report.statement_id is not None,
        "good_faith": report.good_faith,
        "contact": report.contact_id is not None,
    }
    return [name for name, present in there.items() if not present]


def _create_report(
    report_in: ReportIn, sealed: Sealed, code_hash: str, digest: str, pack: Pack, now: datetime
) -> Report:
    earlier = report_in.earlier_report_id
    return Report.objects.create(
        received_at=now,
        harm=report_in.harm,
        relation=report_in.relation,
        age=report_in.age,
        danger=report_in.danger,
        language=report_in.language,
        channel=report_in.channel,
        token=report_in.token,
        verified=report_in.verified,
        signed=bool(report_in.signature.strip()),
        good_faith=report_in.good_faith,
        complete=is_complete(report_in),
        statement=sealed.statement,
        contact=sealed.contact,
        signature=sealed.signature,
        earlier_id=earlier,
        digest=digest,
        code_hash=code_hash,
        pack_digest=pack.digest,
        facts=[report_in.new_fact] if earlier and report_in.new_fact else [],
    )


def _save_reported(rows: list[ReportedItem]) -> None:
    unique: dict[str, ReportedItem] = {}
    for row in rows:
        unique.setdefault(row.link, row)
    rows[:] = list(unique.values())
    ReportedItem.objects.bulk_create(rows)


def _digest(report_in: ReportIn, salt: str, now: datetime) -> str:
    """SHA-256 over everything that was received, with a salt, so that no one can guess short words from it."""
    whole = {
        "salt": salt,
        "received_at": now.isoformat(),
        "harm": report_in.harm,
        "relation": str(report_in.relation),
        "age": str(report_in.age),
        "danger": str(report_in.danger),
        "links": [link.typed for link in report_in.links],
        "statement": report_in.statement,
        "contact": report_in.contact,
        "signature": report_in.signature,
        "good_faith": report_in.good_faith,
    }
    text = json.dumps(whole, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _record(
    writing: Writing, report: Report, salt: str, reported: Sequence[ReportedItem], report_in: ReportIn
) -> int:
    """The entry that the receipt proves. No case in it: a receipt says nothing of joining (rule 17)."""
    case, writing.case = writing.case, None
    entry_id = writing.record(
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
    return entry_id


def _code(report_in: ReportIn) -> str:
    """A fresh code; the same one for the same request, so that a double click doesn't lose it."""
    if report_in.code or report_in.idempotency is None:
        return report_in.code or codes.new_code()
    scope, key, _ = report_in.idempotency
    return codes.derived_code(f"report:{scope}:{key}")


def _actor(report_in: ReportIn) -> str:
    return f"token:{report_in.token}"[:80] if report_in.token else "reporter"


def _answered_before(report_in: ReportIn, code: str) -> Filed | None:
    if report_in.idempotency is None:
        return None
    scope, key, body_digest = report_in.idempotency
    known = IdempotencyKey.objects.filter(scope=scope, key=key).first()
    if known is None:
        return None
    if known.body_digest != body_digest:
        raise Refused("This key was used for another request: send a new one.")
    items = tuple(
        FiledItem(i[0], i[1], Interim(i[2]) if i[2] else None, i[3], i[4]) for i in known.response["items"]
    )
    return Filed(
        known.response["report_id"],
        code,
        known.response["entry_id"],
        items,
        tuple(known.response["owed"]),
        repeated=True,
    )


def _remember(report_in: ReportIn, filed: Filed, now: datetime) -> None:
    if report_in.idempotency is None:
        return
    scope, key, body_digest = report_in.idempotency
    IdempotencyKey.objects.create(
        scope=scope,
        key=key,
        body_digest=body_digest,
        at=now,
        response={
            "report_id": filed.report_id,
            "entry_id": filed.entry_id,
            "owed": list(filed.owed_kinds),
            "items": [
                [i.link, i.state, str(i.interim) if i.interim else "", i.item_id, i.look_within_seconds]
                for i in filed.items
            ],
        },
    )
