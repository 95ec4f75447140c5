"""Keeping what is owed of evidence: capture, preserve, destroy, and looking whether everything is still whole."""

from typing import Final

import structlog

from answerable import clock
from answerable.cases import commands
from answerable.cases.models import Case, Decision, ItemContent
from answerable.cases.queries import evidence
from answerable.db import deadline
from answerable.evidence import keys, scrub, stores
from answerable.evidence.capture import capture as take_down
from answerable.evidence.capture import capture_hidden as take_down_hidden
from answerable.evidence.errors import CaptureFirst, EvidenceError, NotStored
from answerable.evidence.store import name_of
from answerable.media import MediaError, TooSlow
from answerable.obligations import registry
from answerable.obligations.models import Obligation
from answerable.platforms.base import PlatformError
from answerable.policy.words import By

CAPTURE_SECONDS: Final = 8.0
LONGEST_CAPTURE_SECONDS: Final = 1800.0
LARGE_BYTES: Final = 8 * 1024 * 1024
"""What may take longer than an obligation's ten seconds is left to a thread that has the time."""
log = structlog.get_logger(__name__)
NO_VAULT: Final = "no custodian's key is configured ([evidence] in answerable.toml)"


class TakesLonger(CaptureFirst):
    """The file is large: it is being captured by a thread that has the time."""


class NotSeenYet(EvidenceError):
    """What was hidden has not been fetched yet: it is captured once it is known what its bytes are."""


class StillThere(NotStored):
    """What was to be destroyed is still there: look who else writes to the folder of the evidence."""


def capture(obligation: Obligation) -> None:
    """Capture what was decided `violating` of an item, before it is removed. Raises EvidenceError and others."""
    item_id = int(obligation.subject.partition(":")[2])
    for decision in evidence.waiting(item_id):
        if is_large(decision):
            raise TakesLonger
        _capture(decision, deadline.remaining_seconds(CAPTURE_SECONDS))
    commands.capture_kept(obligation.pk, now=clock.now())


def capture_hidden(obligation: Obligation) -> None:
    """Capture what is hidden and undecided, where its platform can't keep it. Raises NotSeenYet, TakesLonger, and as
    `capture`.
    """
    content = _hidden_content(obligation)
    if content is None:
        return
    if (content.size or 0) >= LARGE_BYTES and evidence.in_store(content.sha256, stores.WORKING) is None:
        raise TakesLonger
    take_down_hidden(content, obligation.pk, deadline.remaining_seconds(CAPTURE_SECONDS))


def _hidden_content(obligation: Obligation) -> ItemContent | None:
    """What is to be captured of a hidden item; None: nothing any more, and that is written down."""
    item = commands.to_capture_hidden(int(obligation.subject.partition(":")[2]))
    if item is None:
        commands.hidden_not_captured(
            obligation.pk, "it is no longer hidden undecided as a child's", now=clock.now()
        )
        return None
    if item.content is None:
        raise NotSeenYet
    return item.content


def capture_large() -> int:
    """Capture what takes longer than an obligation's ten seconds. How many obligations were kept.

    Raises the last of what went wrong, once all had their turn.
    """
    waiting = Obligation.objects.filter(kind="capture", state="owed", by=By.WORKER).order_by("pk")
    kept = 0
    wrong: Exception | None = None
    for obligation in waiting[:100]:
        decisions = evidence.waiting(int(obligation.subject.partition(":")[2]))
        if TooSlow.__name__ not in obligation.last_error and not any(map(is_large, decisions)):
            continue
        try:
            for decision in decisions:
                _capture(decision, LONGEST_CAPTURE_SECONDS)
        except (EvidenceError, PlatformError, MediaError) as error:
            log.warning("not captured yet", obligation=obligation.pk, why=type(error).__name__)
            wrong = error
            continue
        commands.capture_kept(obligation.pk, now=clock.now())
        kept += 1
    for obligation in Obligation.objects.filter(kind="capture_hidden", state="owed").order_by("pk")[:100]:
        if any(one.__name__ in obligation.last_error for one in (TakesLonger, TooSlow)):
            try:
                content = _hidden_content(obligation)
                if content is not None:
                    take_down_hidden(content, obligation.pk, LONGEST_CAPTURE_SECONDS)
            except (EvidenceError, PlatformError, MediaError) as error:
                log.warning("not captured yet", obligation=obligation.pk, why=type(error).__name__)
                wrong = error
                continue
            kept += 1
    if wrong is not None:
        raise wrong
    return kept


def is_large(decision: Decision) -> bool:
    """Whether its bytes may take longer than an obligation's ten seconds."""
    owed = evidence.media_are_owed(decision.case)
    return owed and (decision.content.size or 0) >= LARGE_BYTES and not stores.there(decision.content.sha256)


def preserve(obligation: Obligation) -> None:
    """Look that all that a law has preserved lies in the vault. Raises CaptureFirst where it doesn't yet."""
    if not stores.custodians():
        commands.left_to_people(obligation.pk, NO_VAULT, now=clock.now())
        return
    case = Case.objects.get(pk=obligation.case_id or 0)
    media = "media" in str(obligation.params.get("what", ""))
    for decision in evidence.to_preserve(case, media=media):
        subject = f"item:{decision.content.item_id}"
        if Obligation.objects.filter(kind="capture", subject=subject, state="owed").exists() or is_large(
            decision
        ):
            raise CaptureFirst
        take_down(decision, with_media=media, within_seconds=deadline.remaining_seconds(CAPTURE_SECONDS))
    for one in evidence.of_case(case.pk).filter(destroyed_at__isnull=True):
        for sha256 in {one.media_sha256, one.facts_sha256, one.manifest_sha256} - {""}:
            _into_vault(sha256)
    commands.preserved(obligation.pk, now=clock.now())


def destroy(obligation: Obligation) -> None:
    """Destroy what nobody needs any more, and look that it is gone. Raises StillThere, NotStored."""
    while to_go := commands.begin_destroying(obligation.pk, now=clock.now()):
        for one in to_go:
            name = name_of(one.sha256, one.sealed_sha256)
            stores.store(one.store).destroy(name)
            if stores.store(one.store).has(name):
                raise StillThere(name)
        commands.destroyed(obligation.pk, to_go, now=clock.now())
    keys.destroy_unused(clock.now())
    if obligation.kind == "destroy_preserved" and evidence.people_preserve(obligation):
        commands.left_to_people(obligation.pk, "people preserved it", now=clock.now())
        return
    commands.end_destroying(obligation.pk, now=clock.now())


def _capture(decision: Decision, within_seconds: float) -> None:
    with_media = evidence.media_are_owed(decision.case)
    take_down(decision, with_media=with_media, within_seconds=within_seconds)


def _into_vault(sha256: str) -> None:
    """What was captured before there was a custodian comes into the vault, too."""
    if evidence.in_store(sha256, stores.VAULT) is not None:
        return
    stored = evidence.in_store(sha256, stores.WORKING)
    if stored is None:
        raise CaptureFirst(sha256[:12])
    commands.resealed(stores.copy_to_vault(stored), replaces=None, now=clock.now())


registry.kind("capture", by=By.WORKER, handler=capture)
registry.kind("capture_hidden", by=By.WORKER, handler=capture_hidden)
registry.kind("preserve", by=By.WORKER, handler=preserve)
registry.kind("destroy_preserved", by=By.WORKER, handler=destroy)
registry.kind("scrub_evidence", by=By.WORKER, handler=scrub.keep)
registry.kind("clear_evidence", by=By.WORKER, handler=destroy)
