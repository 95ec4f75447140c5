"""A filing step by step: each is on disk as asked before the authority is asked, and what came of it after."""

from datetime import datetime, timedelta

from django.db import transaction

from answerable import obligations
from answerable.cases.commands import heard as answers
from answerable.cases.commands.filing import owe_correction
from answerable.cases.commands.reporting import DOCUMENT_KEPT, drop, owe_step, settle, to_people
from answerable.cases.commands.writing import Writing
from answerable.cases.filing_inputs import Asking, Heard
from answerable.cases.models import Filing
from answerable.cases.queries import filings
from answerable.cases.rules import filing as rules
from answerable.cases.rules.filing import Outcome, Step
from answerable.db.models import PersonalText
from answerable.obligations.models import Obligation

FIRST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(minutes=5)


def begin_step(filing_id: int, *, obligation_id: int | None, now: datetime) -> Asking | None:
    """Write down which step is asked now. None: nothing is to be asked, and `obligation_id` is kept."""
    with transaction.atomic():
        filing = _locked(filing_id)
        writing = _writing(filing, now)
        if filing.state != "sending":
            _keep(writing, filing, obligation_id, "over")
            return None
        stands = filings.stands(filing)
        step = rules.next_step(stands, now)
        if rules.was_lost(stands):  # it is open there under a number that nobody knows, and will expire
            writing.record("filing_reset", {"filing": filing.pk, "why": "no_number_came"})
        if step.step is None:
            drop(writing, filing, "no_longer_wanted")
            _keep(writing, filing, obligation_id, "dropped")
            return None
        filing.step, filing.serial = step.name, filing.serial + 1
        filing.save(update_fields=["step", "serial"])
        event: dict[str, object] = {"filing": filing.pk, "step": step.name, "serial": filing.serial}
        if filing.report_id is not None:
            event["report"] = str(filing.report_id)
        writing.record("filing_asked", event)
        return Asking(filing.pk, filing.serial, step, filing.report_id)


def end_step(
    asking: Asking,
    outcome: Outcome,
    *,
    obligation_id: int | None,
    now: datetime,
    report_id: int | None = None,
    file_id: str = "",
    request_id: str = "",
    heard: Heard | None = None,
) -> bool:
    """Write down what came of a step (anything but `not_done`) and what was answered, and owe the next.

    False: a newer step was asked meanwhile, and nothing changes.
    """
    text = answers.sealed(heard)
    with transaction.atomic():
        filing = _locked(asking.filing_id)
        if filing.serial != asking.serial or not filing.step:
            return False
        writing = _writing(filing, now)
        answers.note(writing, filing, asking, heard, text)
        writing.record(
            "filing_answered",
            {
                "filing": filing.pk,
                "step": asking.next.name,
                "outcome": str(outcome),
                "report": str(report_id or filing.report_id or ""),
                "request": request_id,
                **answers.digests(heard),
            },
        )
        filing.step, filing.uploading = "", False
        if outcome is Outcome.FILED or (outcome is Outcome.DONE and asking.next.step is Step.FINISH):
            _finished(writing, filing)
        elif outcome is Outcome.GONE or (outcome is Outcome.DONE and asking.next.step is Step.RETRACT):
            _reset(writing, filing)
        else:
            _advance(filing, asking, now, report_id, file_id)
            owe_step(writing, filing)
        filing.save()
        _keep(writing, filing, obligation_id, "answered")
        return True


def leave_to_people(
    asking: Asking, why: str, *, obligation_id: int | None, now: datetime, heard: Heard | None = None
) -> None:
    """An authority refuses for good: people file it. What is open there expires unfinished."""
    text = answers.sealed(heard)
    with transaction.atomic():
        filing = _locked(asking.filing_id)
        if filing.serial != asking.serial:
            return
        writing = _writing(filing, now)
        if heard is not None:
            answers.note(writing, filing, asking, heard, text)
            event = {"filing": filing.pk, "step": asking.next.name, "outcome": "refused"}
            writing.record("filing_answered", {**event, **answers.digests(heard)})
        filing.step, filing.report_id, filing.opened_at, filing.changed_at = "", None, None, None
        filing.save()
        filing.files.update(file_id="", sent_at=None, told_at=None)
        to_people(writing, filing, why)
        _keep(writing, filing, obligation_id, "by_hand")


def step_not_done(asking: Asking, *, now: datetime) -> None:
    """Nothing of a step arrived anywhere, for certain: the same may be asked again. It stays owed."""
    with transaction.atomic():
        filing = _locked(asking.filing_id)
        if filing.serial != asking.serial:
            return
        filing.step = ""
        filing.save(update_fields=["step"])
        event = {"filing": filing.pk, "step": asking.next.name, "outcome": str(Outcome.NOT_DONE)}
        _writing(filing, now).record("filing_answered", event)


def file_missing(asking: Asking, why: str, *, obligation_id: int | None, now: datetime) -> None:
    """The bytes of a file can't be had: it is filed with its hashes alone, as the report says."""
    with transaction.atomic():
        filing = _locked(asking.filing_id)
        if filing.serial != asking.serial:
            return
        filing.files.filter(number=asking.next.file, file_id="").update(missing=why[:120])
        filing.step, filing.uploading = "", False  # NCMEC was never asked
        filing.save(update_fields=["step", "uploading"])
        writing = _writing(filing, now)
        event = {"filing": filing.pk, "step": asking.next.name, "outcome": "no_bytes"}
        writing.record("filing_answered", event)
        owe_step(writing, filing)
        _keep(writing, filing, obligation_id, "missing")


def hand_to_uploader(asking: Asking, *, obligation_id: int, now: datetime) -> None:
    """A file is too large for a step of ten seconds: a thread that has the time sends it."""
    with transaction.atomic():
        filing = _locked(asking.filing_id)
        if filing.serial != asking.serial:
            return
        filing.step, filing.uploading = "", True
        filing.save(update_fields=["step", "uploading"])
        _keep(_writing(filing, now), filing, obligation_id, "uploading")


def take_from_uploader(filing_id: int, *, now: datetime) -> None:
    """A long upload was interrupted: what became of it is asked as after any interrupted step."""
    with transaction.atomic():
        filing = _locked(filing_id)
        filing.uploading = False
        filing.save(update_fields=["uploading"])
        writing = _writing(filing, now)
        owe_step(writing, filing)
        writing.finish()


def _advance(filing: Filing, asking: Asking, now: datetime, report_id: int | None, file_id: str) -> None:
    files = filing.files.filter(number=asking.next.file)
    match asking.next.step:
        case Step.SUBMIT:
            filing.report_id, filing.opened_at, filing.changed_at = report_id, now, now
        case Step.UPLOAD:
            files.update(file_id=file_id, sent_at=now)
            filing.changed_at = now
        case Step.DETAILS:
            files.update(told_at=now)
            filing.changed_at = now


def _reset(writing: Writing, filing: Filing) -> None:
    """The authority has nothing unfinished of it any more: begin anew, or end where it isn't wanted any more."""
    event = {"filing": filing.pk, "report": str(filing.report_id or ""), "why": "taken_back"}
    writing.record("filing_reset", event)
    filing.report_id = filing.opened_at = filing.changed_at = None
    filing.resets += 1
    filing.files.update(file_id="", sent_at=None, told_at=None)
    filing.save()
    if not filings.stands(filing).wanted:
        drop(writing, filing, "no_longer_wanted")
    elif filing.resets > rules.MOST_RESETS:
        to_people(writing, filing, "It was begun anew too often without an end.")
    else:
        owe_step(writing, filing, _wait(filing.resets))


def _finished(writing: Writing, filing: Filing) -> None:
    """The authority has it. What was withdrawn meanwhile is corrected at once (rule 15)."""
    filing.state, filing.finished_at = "finished", writing.now
    filing.save()
    if filing.document_id is not None:
        kept = {filing.document_id, *filing.answers.values_list("text_id", flat=True)}
        PersonalText.objects.filter(pk__in=kept).update(erase_after=writing.now + DOCUMENT_KEPT)
    writing.record("filing_finished", {"filing": filing.pk, "report": str(filing.report_id)})
    obligation = Obligation.objects.select_for_update().get(pk=filing.obligation_id)
    if obligation.state == "owed":
        settle(writing, obligation, filing.authority, filing.environment)
    withdrawn = filing.files.filter(finding__withdrawn_at__isnull=False).select_related("finding").first()
    if filing.purpose == "report" and withdrawn is not None and filing.environment == "production":
        owe_correction(writing, withdrawn.finding, obligation)


def _wait(times: int) -> timedelta:
    return min(LONGEST_WAIT, FIRST_WAIT * (1 << min(times, 10)))


def _keep(writing: Writing, filing: Filing, obligation_id: int | None, how: str) -> None:
    """Close the step that was claimed, then owe what follows: of one filing at most one step is owed."""
    if obligation_id is not None:
        event = {"filing": filing.pk, "how": how}
        entry_id = writing.record("obligation_kept", {"obligation": obligation_id, **event})
        obligations.keep(obligation_id, now=writing.now, proof_entry_id=entry_id)
    writing.finish()


def _writing(filing: Filing, now: datetime) -> Writing:
    return Writing(actor="worker", now=now, cause=f"filing:{filing.pk}", case=filing.case)


def _locked(filing_id: int) -> Filing:
    return Filing.objects.select_for_update(of=("self",)).select_related("case").get(pk=filing_id)
