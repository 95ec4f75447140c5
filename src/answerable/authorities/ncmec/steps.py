"""Asking NCMEC for one step of a filing. What stands on disk before it, and after, is for `commands`."""

from datetime import timedelta
from typing import Final

import structlog
from django.conf import settings

from answerable import clock
from answerable.authorities.base import AuthorityError, Unreachable
from answerable.authorities.files import BytesGone, bytes_of
from answerable.authorities.findings import ChildFinding
from answerable.authorities.holders import known
from answerable.authorities.ncmec.build import details_of, is_reported, name_of
from answerable.authorities.ncmec.client import CyberTipline
from answerable.authorities.ncmec.codes import AlreadyFinished, AlreadyRetracted, ReportUnknown, TryAgain
from answerable.authorities.ncmec.facts import class_of, clause_of, nobody_asked
from answerable.authorities.ncmec.schema import NotValid
from answerable.cases import commands
from answerable.cases.filing_inputs import Asking, Heard
from answerable.cases.models import Filing, FilingFile
from answerable.cases.rules.filing import Outcome, Step
from answerable.db import personal
from answerable.media import MediaError
from answerable.platforms.base import PlatformError

LARGE_BYTES: Final = 8 * 1024 * 1024
"""A step of ten seconds sends no more; nor what nobody said the size of."""
BYTES_WITHIN: Final = timedelta(hours=2)
"""So long a platform that doesn't answer is asked for a file. Its report stays open for 24 hours."""

log = structlog.get_logger(__name__)


def is_large(asking: Asking) -> bool:
    """Whether the step sends a file that may take longer than an obligation's ten seconds."""
    if asking.next.step is not Step.UPLOAD:
        return False
    return (_file(asking).content.size or LARGE_BYTES) >= LARGE_BYTES


def take(
    asking: Asking, client: CyberTipline, *, obligation_id: int | None, seconds_for_bytes: float
) -> None:
    """Ask for a step that stands on disk as asked, and write down what came of it.

    Raises AuthorityError, PlatformError and MediaError where it is to be tried again: either nothing was done, and
    the step no longer stands as asked, or what became of it is found out first.
    """
    try:
        report_id, file_id = _ask(asking, client, seconds_for_bytes)
    except BytesGone as error:
        commands.file_missing(asking, str(error), obligation_id=obligation_id, now=clock.now())
    except (PlatformError, MediaError) as error:
        if _too_long_without_bytes(asking):
            why = f"the platform did not give it: {type(error).__name__}"
            commands.file_missing(asking, why, obligation_id=obligation_id, now=clock.now())
            return
        commands.step_not_done(asking, now=clock.now())
        raise
    except NotValid as error:
        _to_people(asking, f"The document is not valid: {error}", obligation_id)
    except AuthorityError as error:
        _refused(asking, error, obligation_id, client.heard)
    else:
        commands.end_step(
            asking,
            Outcome.DONE,
            report_id=report_id,
            file_id=file_id,
            request_id=client.request_id,
            heard=client.heard,
            obligation_id=obligation_id,
            now=clock.now(),
        )


def _refused(asking: Asking, error: AuthorityError, obligation_id: int | None, heard: Heard | None) -> None:
    """What an error makes of a step. Raises it where it is to be tried again."""
    outcome = None
    if isinstance(error, AlreadyFinished):
        outcome = Outcome.FILED
    elif isinstance(error, ReportUnknown | AlreadyRetracted):
        outcome = Outcome.GONE
    if outcome is not None:
        commands.end_step(
            asking,
            outcome,
            request_id=error.request_id,
            heard=heard,
            obligation_id=obligation_id,
            now=clock.now(),
        )
        return
    if not error.retry:
        log.error("a filing is left to people", filing=asking.filing_id, why=str(error))
        _to_people(asking, str(error), obligation_id, heard)
        return
    # After NCMEC's own fault what became of a step is found out by taking the report back. That itself stands until it
    # is answered: forgotten, the report would go on from where nobody knows that it is.
    certain = isinstance(error, Unreachable) or (
        isinstance(error, TryAgain) and asking.next.step is Step.SUBMIT
    )
    if certain and asking.next.step is not Step.RETRACT:
        commands.step_not_done(asking, now=clock.now())
    raise error


def _ask(asking: Asking, client: CyberTipline, seconds_for_bytes: float) -> tuple[int | None, str]:
    """Ask. The number of the report that was opened, or the token of the file that was sent."""
    step, report_id = asking.next.step, asking.report_id
    if step is Step.SUBMIT:
        filing = Filing.objects.select_related("document").get(pk=asking.filing_id)
        if filing.document is None:
            raise NotValid("it was erased")
        return client.submit_xml(personal.open_text(filing.document).encode()), ""
    if report_id is None:
        raise ValueError(f"{step} takes a report that is open")
    if step is Step.RETRACT:
        client.retract(report_id)
    elif step is Step.FINISH:
        held = client.finish(report_id)
        ours = FilingFile.objects.filter(filing_id=asking.filing_id).exclude(file_id="")
        if set(held) != set(ours.values_list("file_id", flat=True)):
            log.error("NCMEC holds other files than were sent", filing=asking.filing_id, report=report_id)
    else:
        file = _file(asking)
        account = file.content.item.account
        if step is Step.UPLOAD:
            with bytes_of(file.content, seconds=seconds_for_bytes) as data:
                return None, client.upload(report_id, data, name_of(file)).file_id
        is_named = account is not None and is_reported(account)
        asked = is_named and not nobody_asked(account, [ChildFinding.of(file.finding)])
        holder = known(account) if asked else None
        ncmec = settings.CONFIG.authorities.ncmec
        stated = class_of(file.finding) if ncmec is not None and ncmec.classify else ""
        client.file_info(details_of(file, report_id, clause_of(file.finding), holder, stated))
    return None, ""


def _to_people(asking: Asking, why: str, obligation_id: int | None, heard: Heard | None = None) -> None:
    commands.leave_to_people(asking, why, obligation_id=obligation_id, heard=heard, now=clock.now())


def _too_long_without_bytes(asking: Asking) -> bool:
    changed_at = Filing.objects.values_list("changed_at", flat=True).get(pk=asking.filing_id)
    return changed_at is not None and clock.now() - changed_at > BYTES_WITHIN


def _file(asking: Asking) -> FilingFile:
    files = FilingFile.objects.select_related("content__item__account", "finding__review")
    return files.get(filing_id=asking.filing_id, number=asking.next.file)
