"""Receiving a report: what it must have, its words sealed, its digest, and the same request sent again."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from answerable.cases import codes
from answerable.cases.inputs import LINKS_LIMIT, STATEMENT_LIMIT, Filed, FiledItem, Refused, ReportIn
from answerable.cases.models import IdempotencyKey, Report
from answerable.db import personal
from answerable.db.models import PersonalText
from answerable.db.prepared import first, prepared
from answerable.db.rows import insert
from answerable.policy import Pack
from answerable.policy.words import Age, Interim


@dataclass(frozen=True, slots=True)
class Sealed:
    """A report's words, encrypted before the transaction begins."""

    statement: PersonalText | None
    contact: PersonalText | None
    signature: PersonalText | None


def check(report_in: ReportIn, pack: Pack) -> None:
    """Refuse what can't be kept whole. The doors check the same first, and say it better."""
    if report_in.harm not in pack.harms:
        raise Refused(f"There is no harm {report_in.harm!r}: choose one of {', '.join(pack.harms)}.")
    if len(report_in.statement) > STATEMENT_LIMIT:
        raise Refused(f"The statement is too long: write at most {STATEMENT_LIMIT} characters.")
    if len(report_in.links) > LINKS_LIMIT:
        raise Refused(f"There are too many links: send at most {LINKS_LIMIT} in one report.")
    if not (report_in.links or report_in.statement.strip() or report_in.claims):
        raise Refused("Say where it is, or describe it: the report is empty.")


def seal(report_in: ReportIn, pack: Pack, now: datetime) -> Sealed:
    def one(kind: str, text: str) -> PersonalText | None:
        return personal.seal(kind, text, erase_after=now + pack.erase_after(kind)) if text.strip() else None

    return Sealed(
        one("statement", report_in.statement),
        one("contact", report_in.contact),
        one("signature", report_in.signature),
    )


def save_texts(sealed: Sealed) -> None:
    texts = [text for text in (sealed.statement, sealed.contact, sealed.signature) if text is not None]
    insert(*texts)


def is_complete(report_in: ReportIn) -> bool:
    """Whether a removal request is complete (rule 14): its four elements, or a child's place alone.

    `unsure` is treated as `child` (rule 13). Presence only; truth isn't judged.
    """
    located = any(link.typed for link in report_in.links) or bool(report_in.statement.strip())
    if report_in.age is not Age.ADULT:
        return located
    signed = bool(report_in.signature.strip() and report_in.contact.strip())
    return located and signed and report_in.good_faith


def missing_elements(report: Report, *, located: bool) -> list[str]:
    """What a removal request lacks to be complete, by its names in the pack (rule 14). A child needs the place only."""
    there = {
        "signature": report.signed,
        "location": located or report.statement_id is not None,
        "good_faith": report.good_faith,
        "contact": report.contact_id is not None,
    }
    needed = there if report.age == Age.ADULT else ("location",)
    return [name for name in needed if not there[name]]


def create_report(
    report_in: ReportIn, sealed: Sealed, code_hash: str, digest: str, pack: Pack, now: datetime
) -> Report:
    earlier = report_in.earlier_report_id
    report = Report(
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
    insert(report)
    return report


def digest_of(report_in: ReportIn, salt: str, now: datetime) -> str:
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


def code_for(report_in: ReportIn) -> str:
    """A fresh code; the same one for the same request, so that a double click doesn't lose it."""
    if report_in.code or report_in.idempotency is None:
        return report_in.code or codes.new_code()
    scope, key, _ = report_in.idempotency
    return codes.derived_code(f"report:{scope}:{key}")


@prepared
def _answered(scope: str, key: str) -> "QuerySet[IdempotencyKey]":
    return IdempotencyKey.objects.filter(scope=scope, key=key)


def answered_before(report_in: ReportIn, code: str) -> Filed | None:
    if report_in.idempotency is None:
        return None
    scope, key, body_digest = report_in.idempotency
    known = first(_answered(scope, key))
    if known is None:
        return None
    if known.body_digest != body_digest:
        raise Refused("This key was used for another request: send a new one.")
    items = tuple(
        FiledItem(report_in.links[i[0]].typed, i[1], Interim(i[2]) if i[2] else None, i[3], i[4])
        for i in known.response["items"]
    )
    return Filed(
        known.response["report_id"],
        code,
        known.response["entry_id"],
        items,
        tuple(known.response["owed"]),
        repeated=True,
    )


def remember(report_in: ReportIn, filed: Filed, now: datetime) -> None:
    if report_in.idempotency is None:
        return
    scope, key, body_digest = report_in.idempotency
    typed = [link.typed for link in report_in.links]
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
                # The number of the link, not the link: these rows stay when what was typed is erased.
                [
                    typed.index(i.link),
                    i.state,
                    str(i.interim) if i.interim else "",
                    i.item_id,
                    i.look_within_seconds,
                ]
                for i in filed.items
            ],
        },
    )
