"""What a removal request still lacked, given afterwards: nothing is ever closed as incomplete (rule 14)."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from answerable.cases.commands.grouping import lock
from answerable.cases.commands.receiving import missing_elements
from answerable.cases.commands.rounds import begin_round, standing_decision
from answerable.cases.commands.telling import tell_by_pack
from answerable.cases.commands.writing import Writing, facts_of, owed_by_pack, regimes
from answerable.cases.inputs import NotFound, Refused
from answerable.cases.kinds import is_media
from answerable.cases.models import Item, Report
from answerable.db import personal
from answerable.db.models import PersonalText
from answerable.policy import Do, Facts, Pack, store
from answerable.policy.words import Verdict, Visibility

ELEMENT_LIMIT = 300


def complete_request(
    report_id: int, *, now: datetime, signature: str = "", good_faith: bool = False, contact: str = ""
) -> bool:
    """Take elements of a removal request that a report lacked; whether it is complete now.

    What is there already stays as it was. When the last one comes, what a complete request is owed counts
    from the report's receipt; where people had refused meanwhile, a new round begins and it counts from now.
    Presence only: nobody judges truth, no document is asked.
    """
    if max(len(signature), len(contact)) > ELEMENT_LIMIT:
        raise Refused(f"That is too long: write at most {ELEMENT_LIMIT} characters.")
    pack = store.active()
    texts = {
        kind: personal.seal(kind, text, erase_after=now + pack.erase_after(kind))
        for kind, text in (("signature", signature), ("contact", contact))
        if text.strip()
    }
    with transaction.atomic():
        report = Report.objects.select_for_update(of=("self",)).filter(pk=report_id).first()
        if report is None:
            raise NotFound(f"There is no report {report_id}.")
        if report.withdrawn_at is not None:
            raise Refused("This report was withdrawn. You can send a new one.")
        before = (report.complete, report.formal)
        given = _take(report, texts, good_faith=good_faith)
        if not given:
            return report.complete
        writing = Writing(actor="reporter", now=now, cause=f"report:{report.pk}")
        items = [item for item in map(lock, _item_ids(report)) if item is not None]
        writing.case = items[0].case if items else report.case
        entry_id = writing.record(
            "request_completed", {"report": report.pk, "given": given, "complete": report.complete}
        )
        if (report.complete, report.formal) != before:
            owe_complete(writing, report, items)
        writing.finish(entry_id)
        return report.complete


def _take(report: Report, texts: dict[str, PersonalText], *, good_faith: bool) -> list[str]:
    """Write the elements that were missing; their names."""
    given = []
    if "signature" in texts and not report.signed:
        report.signature, report.signed = _saved(texts["signature"]), True
        given.append("signature")
    if "contact" in texts and report.contact_id is None:
        report.contact = _saved(texts["contact"])
        given.append("contact")
    if good_faith and not report.good_faith:
        report.good_faith = True
        given.append("good_faith")
    report.complete = not missing_elements(report, located=report.reported_items.exists())
    report.save(update_fields=["signature", "signed", "contact", "good_faith", "complete"])
    return given


def _saved(text: PersonalText) -> PersonalText:
    PersonalText.objects.bulk_create([text])
    return text


def owe_complete(writing: Writing, report: Report, items: list[Item]) -> None:
    """Owe what a complete request is owed, for the report and for each of its items that isn't gone."""
    pack = store.pack(report.pack_digest)
    facts = facts_of(
        report, media=any(is_media(item.kind) for item in items), located=True, known=bool(items)
    )
    dos = pack.owes(report.harm, "on_complete_request", facts, regimes())
    tell_by_pack(writing, dos, reports=[report], params={"missing": ""})
    writing.owe(owed_by_pack(dos, event_at=report.received_at, report=report, case=writing.case))
    for item in items:
        if item.wanted == Visibility.GONE:
            continue
        writing.case = item.case
        event_at = report.received_at
        decision = standing_decision(item.content_id)
        if decision is not None and decision.verdict == Verdict.NOT_VIOLATING:
            if not report.formal:
                continue  # a place alone asks for no removal of what people cleared (rule 6)
            begin_round(writing, item, "answer")
            event_at = writing.now
            writing.owe(
                [
                    one
                    for one in owed_by_pack(
                        pack.owes(report.harm, "on_report", facts, regimes()), event_at=event_at, item=item
                    )
                    if one.kind == "decide"
                ]
            )
        own = dos_of_item(pack, report, "on_complete_request", facts, dos, item)
        writing.owe(owed_by_pack(own, event_at=event_at, item=item))


def dos_of_item(
    pack: Pack, report: Report, event: str, facts: Facts, dos: Sequence[Do], item: Item
) -> Sequence[Do]:
    """What an event of a report owes for one of its items; `dos` is what it owes with the report's own facts."""
    if is_media(item.kind) == facts.media:
        return dos
    own = facts.model_copy(update={"media": is_media(item.kind)})
    return pack.owes(report.harm, event, own, regimes())


def _item_ids(report: Report) -> list[int]:
    rows = report.reported_items.filter(item__isnull=False).order_by("item_id")
    return list(rows.values_list("item_id", flat=True))
