"""Drafts of reports to authorities: written down, agreed to by a person, given up for people to file (rule 13)."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from answerable import obligations
from answerable.cases.commands.filing import owe_after_filing
from answerable.cases.commands.writing import Writing
from answerable.cases.filing_inputs import FilingDraft
from answerable.cases.inputs import AlreadyDone, NotFound, Refused
from answerable.cases.models import Filing, FilingFile, Person
from answerable.cases.queries import filings
from answerable.db import personal
from answerable.db.models import PersonalText
from answerable.obligations import Owed
from answerable.obligations.models import Obligation
from answerable.policy.words import By

STEP_WITHIN = timedelta(minutes=10)
TAKEN_BACK = "it is taken back"
"""Of a correction no bytes are sent: it names what is to be disregarded."""
DOCUMENT_KEPT = timedelta(days=395)
"""A year after the filing, as the law wants it, and the month that people have to destroy what was preserved."""


def draft_filings(
    obligation_id: int,
    drafts: Sequence[FilingDraft],
    *,
    authority: str,
    environment: str,
    at_once: bool,
    now: datetime,
) -> list[int]:
    """Write down what is to be filed for what is owed; `at_once`: it is sent without a person's word.

    With nothing to file, what is owed is kept, in production. Returns the numbers of the filings; none when somebody
    was quicker.
    """
    sealed = [
        (draft, personal.seal("filing", draft.document) if draft.document else None) for draft in drafts
    ]
    with transaction.atomic():
        obligation = Obligation.objects.select_for_update().filter(pk=obligation_id, state="owed").first()
        if obligation is None or obligation.case_id is None:
            return []
        writing = Writing(actor="worker", now=now, cause=f"obligation:{obligation.pk}")
        made = []
        for draft, text in sealed:
            if _is_filed(draft, authority, environment):
                continue
            made.append(_draft(writing, obligation, draft, text, authority, environment, at_once=at_once))
        if not made:
            settle(writing, obligation, authority, environment)
        writing.finish()
        return made


def approve_filing(filing_id: int, *, person_id: int, digest: str, now: datetime) -> None:
    """Agree that a draft is sent exactly as it was shown: `digest` is that of the document on the page."""
    with transaction.atomic():
        person = Person.objects.filter(pk=person_id, active=True).first()
        if person is None or not person.is_qualified(filings.NEEDED_TO_SEND):
            raise Refused("This takes somebody who is qualified for child safety.")
        filing = _drafted(filing_id)
        if filing.digest != digest:
            raise Refused("The draft changed since you opened it: look at it again.")
        writing = Writing(actor=f"person:{person.pk}", now=now, cause=f"filing:{filing.pk}", case=filing.case)
        filing.state, filing.approved_by, filing.approved_at = "sending", person, now
        filing.save(update_fields=["state", "approved_by", "approved_at"])
        writing.record("filing_approved", {"filing": filing.pk, "digest": filing.digest})
        owe_step(writing, filing)
        writing.finish()


def redraft_filing(filing_id: int, *, person_id: int, now: datetime) -> None:
    """Drop a draft, or what people were to file by hand, so that it is drafted anew with what is known now."""
    with transaction.atomic():
        filing = Filing.objects.select_for_update().filter(pk=filing_id).first()
        if filing is None:
            raise NotFound(f"There is no filing {filing_id}.")
        if filing.state not in ("drafted", "by_hand") or filing.report_id is not None:
            raise AlreadyDone("This filing is being sent, or is over.")
        if not Obligation.objects.filter(pk=filing.obligation_id, state="owed").exists():
            raise AlreadyDone("It is no longer owed.")
        writing = Writing(actor=f"person:{person_id}", now=now, cause=f"filing:{filing.pk}", case=filing.case)
        drop(writing, filing, "redrafted")
        writing.finish()


def drop_unwanted(filing_id: int, *, now: datetime, changed: bool = False) -> bool:
    """Drop a draft of what is no longer owed, or rests on a finding that was withdrawn. Whether it was one.

    So is what people were to file by hand and is owed still: its other files are drafted anew. `changed`: by what is
    known now it would be written otherwise, so it is dropped to be drafted anew.
    """
    with transaction.atomic():
        drafts = Filing.objects.select_for_update().filter(pk=filing_id)
        filing = drafts.filter(Q(state="drafted") | Q(state="by_hand", report_id__isnull=True)).first()
        if filing is None or (filings.is_wanted(filing) and not changed):
            return False
        owed = Obligation.objects.filter(pk=filing.obligation_id, state="owed")
        if filing.state == "by_hand" and not owed.exists():
            return False  # people filed it
        writing = Writing(actor="worker", now=now, cause=f"filing:{filing.pk}")
        drop(writing, filing, "facts_changed" if changed else "no_longer_wanted")
        writing.finish()
        return True


def filed_outside(writing: Writing, obligation: Obligation, reference: str) -> None:
    """A person filed outside this software what was owed: its findings count as filed, so that none is filed twice.

    Raises Refused while the desk is sending it.
    """
    authority, case_id = str(obligation.params.get("to", "")), obligation.case_id
    if authority not in filings.FILED_BY_US:
        return
    ours = Filing.objects.select_for_update().filter(obligation_id=obligation.pk)
    if ours.filter(state="sending", environment="production").exists():
        raise Refused(
            "The desk is sending this to the authority just now: wait until it says how that ended."
        )
    ours.filter(state="drafted").update(state="by_hand", why="a person filed it outside")
    if case_id is None or obligation.kind != "report_authority":
        return
    # A reference that is a number is the authority's own, which a later report names.
    number = int(reference) if reference.isascii() and reference.isdigit() and len(reference) < 19 else None
    taken = Filing.objects.filter(authority=authority, environment="production", report_id=number).exists()
    by_account: dict[int | None, list[FilingFile]] = {}
    for finding in filings.pending(case_id, authority, "production"):
        file = FilingFile(finding=finding, content=finding.content, viewed=False)
        by_account.setdefault(finding.content.item.account_id, []).append(file)
    for account_id, files in by_account.items():
        filing = Filing.objects.create(
            authority=authority,
            environment="production",
            purpose="report",
            case_id=case_id,
            account_id=account_id,
            obligation_id=obligation.pk,
            state="by_hand",
            digest="",
            drafted_at=writing.now,
            report_id=number if number and not taken and len(by_account) == 1 else None,
            why="a person filed it outside",
        )
        _save_files(filing, files)


def owe_step(writing: Writing, filing: Filing, wait: timedelta = timedelta(0)) -> None:
    """Owe the next step of a filing to the authority."""
    at = writing.now + wait
    writing.owe(
        [
            Owed(
                kind="file_step",
                subject=f"filing:{filing.pk}",
                by=By.WORKER,
                due_at=at + STEP_WITHIN,
                not_before=at if wait else None,
            )
        ]
    )


def settle(writing: Writing, obligation: Obligation, authority: str, environment: str) -> None:
    """Keep what is owed once nothing of it is left to file. Call it with the obligation's row locked."""
    if environment != "production" or not filings.is_settled(obligation, authority, environment):
        return
    numbers = Filing.objects.filter(obligation_id=obligation.pk, state="finished")
    reference = ", ".join(str(number) for number in numbers.values_list("report_id", flat=True))[:200]
    entry_id = writing.record(
        "obligation_kept",
        {"obligation": obligation.pk, "kind": obligation.kind, "authority": authority},
        case_id=obligation.case_id,
    )
    kept = obligations.keep(obligation, now=writing.now, proof_entry_id=entry_id, reference=reference)
    if kept and obligation.kind == "report_authority":
        owe_after_filing(writing, obligation)


def drop(writing: Writing, filing: Filing, why: str) -> None:
    """Give a filing up: nothing of it is at the authority. Its document is erased, and what was answered."""
    filing.state, filing.why, filing.step, filing.uploading = "dropped", why, "", False
    if filing.document is not None:
        personal.erase(filing.document)
        filing.document = None
    personal.erase_numbered([pk for pk in filing.answers.values_list("text_id", flat=True) if pk is not None])
    filing.save(update_fields=["state", "why", "step", "uploading", "document"])
    filing.files.update(dropped=True)
    writing.record("filing_dropped", {"filing": filing.pk, "why": why}, case_id=filing.case_id)


def to_people(writing: Writing, filing: Filing, why: str) -> None:
    """Leave a filing to people, and page them: what is owed to the authority is owed by them anyway."""
    filing.state, filing.why, filing.uploading = "by_hand", why[:300], False
    filing.save(update_fields=["state", "why", "uploading"])
    writing.record("filing_by_hand", {"filing": filing.pk}, case_id=filing.case_id)
    writing.owe(
        [
            Owed(
                kind="page_people",
                subject=f"filing:{filing.pk}",
                by=By.WORKER,
                due_at=writing.now + timedelta(minutes=1),
                params={"why": "by_hand", "kind": "report_authority"},
            )
        ]
    )


def _is_filed(draft: FilingDraft, authority: str, environment: str) -> bool:
    """Whether somebody was quicker."""
    place = filings.place_of(authority, environment, draft.purpose)
    findings = [file.finding_id for file in draft.files]
    return FilingFile.objects.filter(finding__in=findings, place=place, dropped=False).exists()


def _draft(
    writing: Writing,
    obligation: Obligation,
    draft: FilingDraft,
    text: PersonalText | None,
    authority: str,
    environment: str,
    *,
    at_once: bool,
) -> int:
    if text is not None:
        PersonalText.objects.bulk_create([text])
    filing = Filing.objects.create(
        authority=authority,
        environment=environment,
        purpose=draft.purpose,
        case_id=obligation.case_id or 0,
        account_id=draft.account_id,
        corrects_id=draft.corrects_id,
        obligation_id=obligation.pk,
        state="sending" if at_once and not draft.by_hand else "drafted",
        document=text,
        digest=hashlib.sha256(draft.document.encode()).hexdigest(),
        drafted_at=writing.now,
    )
    files = [
        FilingFile(
            finding_id=file.finding_id,
            content_id=file.content_id,
            viewed=file.viewed,
            public=file.public,
            missing=TAKEN_BACK if draft.corrects_id is not None else "",
        )
        for file in draft.files
    ]
    _save_files(filing, files)
    event = {
        "filing": filing.pk,
        "purpose": filing.purpose,
        "environment": environment,
        "digest": filing.digest,
        "files": [file.finding_id for file in draft.files],
    }
    writing.record("filing_drafted", event, case_id=filing.case_id)
    if draft.by_hand:
        to_people(writing, filing, draft.by_hand)
    elif at_once:
        owe_step(writing, filing)
    return int(filing.pk)


def _save_files(filing: Filing, files: list[FilingFile]) -> None:
    for number, file in enumerate(files, 1):
        file.filing, file.number = filing, number
        file.place = filings.place_of(filing.authority, filing.environment, filing.purpose)
        file.save()


def _drafted(filing_id: int) -> Filing:
    filing = (
        Filing.objects.select_for_update(of=("self",)).select_related("case").filter(pk=filing_id).first()
    )
    if filing is None:
        raise NotFound(f"There is no filing {filing_id}.")
    if filing.state != "drafted":
        raise AlreadyDone("Somebody sent or dropped this draft already.")
    return filing
