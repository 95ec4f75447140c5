"""Kinds of obligations that no outside party keeps: those of people, those kept at once, and the desk's own."""

from answerable import clock
from answerable.cases import commands
from answerable.cases.kinds import AT_ONCE
from answerable.obligations import paging, registry
from answerable.obligations.models import Obligation
from answerable.policy.words import By
from answerable.settings.config import config

PEOPLE_KINDS = (
    "look",
    "decide",
    "answer_danger",
    "emergency_duty",
    "judge_account",
    "read_report",
    "do_by_hand",
    "report_authority",
    "correct_authority",
    "enter_receipt",
    "confirm_ending",
    "agree_contact",
    "open_contact",
    "agree_evidence",
    "open_evidence",
    "erase_words",
    "agree_erasure",
    "check_request",
    "answer_request",
)
OTHER_PEOPLE_KINDS = ("second_look", "settle_tie", "read_answer", "decide_appeal", "decide_complaint")


def keep_at_once(obligation: Obligation) -> None:
    """Keep what the command that owed it had already done when it was written (see `kinds.AT_ONCE`)."""
    commands.done(obligation.pk, record="obligation_kept", event={"kind": obligation.kind}, now=clock.now())


def remove_if_undecided(obligation: Obligation) -> None:
    """At hour 40 of a complete removal request that nobody decided: remove (rule 14)."""
    item_id = int(obligation.subject.partition(":")[2])
    commands.remove_undecided(item_id, obligation_id=obligation.pk, now=clock.now())


def act_on_copies(obligation: Obligation) -> None:
    """Let what two people confirmed hold in the next places where the identical file stands."""
    commands.act_on_copies(obligation.pk, now=clock.now())


def share_decision(obligation: Obligation) -> None:
    """Let the next places of the identical file share a decision."""
    commands.share_decision(obligation.pk, now=clock.now())


def undo_shared(obligation: Obligation) -> None:
    """Take back what was decided of the next places of the identical file."""
    commands.undo_shared(obligation.pk, now=clock.now())


def page_people(obligation: Obligation) -> None:
    """Page the people on call. The text names a number and a kind, never a person or a place (rule 20)."""
    why = str(obligation.params.get("why", "danger"))
    try:
        reached = paging.page(
            "Answerable: somebody is needed now",
            f"{why}: {obligation.subject}, due {obligation.due_at:%H:%M} UTC\n{config().desk.staff_url}",
        )
    except paging.NobodyToPage:
        commands.nobody_paged(obligation.pk, now=clock.now())
        return
    commands.done(obligation.pk, record="obligation_alarmed", event={"reached": reached}, now=clock.now())


for _kind in sorted(AT_ONCE):
    registry.kind(_kind, by=By.WORKER, handler=keep_at_once)
for _kind in PEOPLE_KINDS:
    registry.kind(_kind, by=By.PEOPLE)
for _kind in OTHER_PEOPLE_KINDS:
    registry.kind(_kind, by=By.OTHER_PEOPLE)
registry.kind("page_people", by=By.WORKER, handler=page_people)
registry.kind("undo_shared", by=By.WORKER, handler=undo_shared)
registry.kind("share_decision", by=By.WORKER, handler=share_decision)
registry.kind("act_on_copies", by=By.WORKER, handler=act_on_copies)
registry.kind("remove_if_undecided", by=By.WORKER, handler=remove_if_undecided)
