"""Drafting what is owed to NCMEC: one report for each account, with that account's files and no other's."""

from collections.abc import Sequence
from datetime import datetime

import structlog
from pydantic import ValidationError

from answerable.authorities.findings import ChildFinding
from answerable.authorities.ncmec import schema
from answerable.authorities.ncmec.build import NoIncident, correction_of, report_of
from answerable.authorities.ncmec.facts import Matter, matter_of
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
    for number in Filing.objects.filter(authority=AUTHORITY, state="drafted").values_list("pk", flat=True):
        commands.drop_unwanted(number, now=now)
    made = 0
    for kind in ("report_authority", "correct_authority"):
        for obligation in filings.owed_to(AUTHORITY, kind):
            drafts = drafts_for(obligation, config, ncmec)
            if not drafts and not _may_be_kept(obligation, ncmec):
                continue
            made += len(
                commands.draft_filings(
                    obligation.pk,
                    drafts,
                    authority=AUTHORITY,
                    environment=ncmec.environment,
                    at_once=ncmec.send == "at_once",
                    now=now,
                )
            )
    return made


def drafts_for(obligation: Obligation, config: Config, ncmec: Ncmec) -> list[FilingDraft]:
    """What is still to be filed for it."""
    case_id = obligation.case_id or 0
    if obligation.kind == "correct_authority":
        wrong = filings.to_correct(case_id, AUTHORITY, ncmec.environment)
        return [_correction(filing, ncmec) for filing in wrong]
    by_account: dict[int, list[ChildFinding]] = {}
    accounts: dict[int, Account | None] = {}
    for number, row in enumerate(filings.pending(case_id, AUTHORITY, ncmec.environment), 1):
        account = row.content.item.account
        key = account.pk if account is not None else -number  # nobody knows whose: each by itself
        accounts[key] = account
        by_account.setdefault(key, []).append(ChildFinding.of(row))
    return [
        report_draft(accounts[key], findings, case_id, config, ncmec) for key, findings in by_account.items()
    ]


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
    try:
        report = correction_of(filing, ncmec)
        schema.validate(report.as_xml("report"))
        document = report.xml().decode()
    except (ValidationError, schema.NotValid, NoIncident):
        by_hand = UNFIT
    return FilingDraft(
        purpose="correction",
        account_id=filing.account_id,
        document=document,
        corrects_id=filing.pk,
        by_hand=by_hand,
    )


def _may_be_kept(obligation: Obligation, ncmec: Ncmec) -> bool:
    """Whether nothing is left of it, though it is owed: then it is kept. What people file by hand they close."""
    if ncmec.environment != "production":
        return False
    ours = Filing.objects.filter(obligation_id=obligation.pk, state="finished", environment="production")
    return ours.exists() and filings.is_settled(obligation, AUTHORITY, ncmec.environment)
