"""Drafting what is owed to NCMEC: one report for each account, with that account's files and no other's."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain

import structlog
from pydantic import ValidationError

from answerable.authorities.findings import ChildFinding
from answerable.authorities.holders import WITHOUT_AFTER, Holders, NotYet
from answerable.authorities.ncmec import schema
from answerable.authorities.ncmec.build import NoIncident, NoNumber, correction_of, is_reported, report_of
from answerable.authorities.ncmec.facts import Matter, matter_of, nobody_asked
from answerable.authorities.ncmec.report import Report
from answerable.cases import commands
from answerable.cases.filing_inputs import FileDraft, FilingDraft
from answerable.cases.models import Account, Filing
from answerable.cases.queries import filings
from answerable.obligations.models import Obligation
from answerable.settings.config import Config, Ncmec

AUTHORITY = "ncmec"
UNFIT = "This could not be written as NCMEC's schema asks for it."

log = structlog.get_logger(__name__)


def draft_due(config: Config, now: datetime) -> int:
    """Draft all that is owed to NCMEC and isn't drafted yet; drop drafts of what no longer is. How many were made."""
    ncmec = config.authorities.ncmec
    if ncmec is None:
        return 0
    _look_over_drafts(config, ncmec, now)
    made = 0
    holders = Holders(now)
    for obligation, drafts in chain(_reports(config, ncmec, holders), _corrections(ncmec)):
        filed = commands.draft_filings(
            obligation.pk,
            drafts,
            authority=AUTHORITY,
            environment=ncmec.environment,
            at_once=ncmec.send == "at_once",
            now=now,
        )
        made += len(filed)
    return made


def _look_over_drafts(config: Config, ncmec: Ncmec, now: datetime) -> None:
    """Drop drafts of what is no longer owed, and those that would be written otherwise by now.

    A draft may wait for days, and people may have found meanwhile that the account's holder is the one depicted.
    """
    ours = Filing.objects.filter(authority=AUTHORITY, environment=ncmec.environment)
    by_hand = ours.filter(state="by_hand", purpose="report", files__finding__withdrawn_at__isnull=False)
    for number in by_hand.distinct().values_list("pk", flat=True):
        commands.drop_unwanted(number, now=now)
    for filing in ours.filter(state="drafted").select_related("account", "corrects"):
        if commands.drop_unwanted(filing.pk, now=now):
            continue
        if filing.corrects is not None:  # more of what it corrects may have fallen
            if filings.fallen(filing.corrects):
                commands.drop_unwanted(filing.pk, now=now, changed=True)
            continue
        rows = [file.finding for file in filing.files.select_related("finding__content__item")]
        findings = [ChildFinding.of(row) for row in rows]
        fresh = report_draft(filing.account, findings, filing.case_id, config, ncmec)
        if hashlib.sha256(fresh.document.encode()).hexdigest() != filing.digest:
            commands.drop_unwanted(filing.pk, now=now, changed=True)


def _reports(
    config: Config, ncmec: Ncmec, holders: Holders
) -> Iterator[tuple[Obligation, list[FilingDraft]]]:
    """What is owed and has findings that are in no report; and, without a draft, what is told already.

    One after the other: how many about copies there is room for is asked when those before are written down.
    """
    owed = filings.owed_to(AUTHORITY, "report_authority")
    cases = {one.case_id for one in owed if one.case_id is not None}
    pending = filings.cases_pending(cases, AUTHORITY, ncmec.environment)
    for obligation in owed:
        if obligation.case_id in pending:
            if drafts := drafts_for(obligation, config, ncmec, holders):
                yield obligation, drafts
        elif _is_told(obligation, ncmec):
            yield obligation, []


def _corrections(ncmec: Ncmec) -> Iterator[tuple[Obligation, list[FilingDraft]]]:
    for obligation in filings.owed_to(AUTHORITY, "correct_authority"):
        drafts = corrections_for(obligation, ncmec)
        if drafts or _is_told(obligation, ncmec):
            yield obligation, drafts


def drafts_for(obligation: Obligation, config: Config, ncmec: Ncmec, holders: Holders) -> list[FilingDraft]:
    """What is still to be filed for it, and may be now: all that people's looks found, and of identical files so much
    at once. What the platform knows of an account is waited for a while.
    """
    case_id, where = obligation.case_id or 0, (AUTHORITY, ncmec.environment)
    room = filings.room_for_copies(case_id, *where, per_hour=ncmec.copies_per_hour, now=holders.now)
    rows = filings.first_pending(case_id, *where)
    rows += filings.copies_pending(case_id, *where, accounts=room, due_at=obligation.due_at, now=holders.now)
    by_account: dict[int, list[ChildFinding]] = {}
    accounts: dict[int, Account | None] = {}
    for number, row in enumerate(rows, 1):
        account = row.content.item.account
        key = account.pk if account is not None else -number  # nobody knows whose: each by itself
        accounts[key] = account
        by_account.setdefault(key, []).append(ChildFinding.of(row))
    drafts = []
    for key, findings in by_account.items():
        account = accounts[key]
        if account is not None and is_reported(account) and not nobody_asked(account, findings):
            refs = {finding.row.content.item.ref for finding in findings}
            until = min(finding.row.at for finding in findings) + WITHOUT_AFTER
            try:
                holders.ask(account, refs, case_id, until)
            except NotYet:
                continue
        drafts.append(report_draft(account, findings, case_id, config, ncmec))
    return drafts


def corrections_for(obligation: Obligation, ncmec: Ncmec) -> list[FilingDraft]:
    """What is still to be corrected for it, and may be now: so much at once."""
    where = (AUTHORITY, ncmec.environment)
    wrong = filings.to_correct(obligation.case_id or 0, *where)
    room = filings.room_for_corrections(*where)
    return [_correction(filing, ncmec) for filing in wrong[:room]]


def report_draft(
    account: Account | None, findings: Sequence[ChildFinding], case_id: int, config: Config, ncmec: Ncmec
) -> FilingDraft:
    """The draft about one account; for people to file where it can't be written."""
    earlier = filings.earlier_reports(account.pk if account else None, AUTHORITY, ncmec.environment)
    matter = matter_of(case_id, account, findings, earlier)
    report: Report | None = None
    by_hand = ""
    try:
        report = report_of(matter, config, ncmec)
        schema.validate(report.as_xml("report"))
    except NoIncident as error:
        by_hand = str(error.__doc__)
    except (ValidationError, schema.NotValid) as error:
        log.error("a report to NCMEC could not be written", case=case_id, why=type(error).__name__)
        by_hand = UNFIT
    return FilingDraft(
        purpose="report",
        account_id=account.pk if account else None,
        document=report.xml().decode() if report is not None and not by_hand else "",
        files=_files(matter, ncmec),
        by_hand=by_hand,
    )


def _files(matter: Matter, ncmec: Ncmec) -> tuple[FileDraft, ...]:
    def is_public(platform: str) -> bool:
        known = ncmec.platforms.get(platform)
        return known is not None and known.public

    return tuple(
        FileDraft(
            finding_id=file.finding.row.pk,
            content_id=file.content.pk,
            viewed=bool(file.viewers),
            public=True if file.was_shown and is_public(file.item.platform) else None,
        )
        for file in matter.files
    )


def _correction(filing: Filing, ncmec: Ncmec) -> FilingDraft:
    document, by_hand = "", ""
    fell = filings.fallen(filing)
    try:
        report = correction_of(filing, fell, ncmec)
        schema.validate(report.as_xml("report"))
        document = report.xml().decode()
    except NoNumber as error:
        by_hand = str(error.__doc__)
    except (ValidationError, schema.NotValid, NoIncident):
        by_hand = UNFIT
    return FilingDraft(
        purpose="correction",
        account_id=filing.account_id,
        document=document,
        files=tuple(
            FileDraft(
                finding_id=one.finding_id, content_id=one.content_id, viewed=one.viewed, public=one.public
            )
            for one in fell
        ),
        corrects_id=filing.pk,
        by_hand=by_hand,
    )


def _is_told(obligation: Obligation, ncmec: Ncmec) -> bool:
    """Whether nothing is left of what is owed, and the worker told it: then it is kept. Else people close it."""
    if ncmec.environment != "production":
        return False
    case_id = obligation.case_id or 0
    ours = Filing.objects.filter(case_id=case_id, state="finished", environment="production")
    if obligation.kind == "correct_authority":
        ours = ours.filter(obligation_id=obligation.pk)
    return ours.exists() and filings.is_settled(obligation, AUTHORITY, ncmec.environment)
