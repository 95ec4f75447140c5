"""Answering what was contested: appeals of account holders and complaints of reporters get the decision's outcome."""

from datetime import timedelta

from answerable import obligations
from answerable.cases.commands.ordering import tell_that_it_stands
from answerable.cases.commands.rounds import standing_decision
from answerable.cases.commands.telling import tell_by_pack, tell_reports
from answerable.cases.commands.writing import Writing
from answerable.cases.models import Appeal, Item
from answerable.cases.queries.requests import is_ordered_gone
from answerable.policy import Do
from answerable.policy.words import By, Verdict

ANSWER_APPEAL_WITHIN = timedelta(hours=24)


def answer_appeals(writing: Writing, item: Item, verdict: Verdict, entry_id: int) -> None:
    """Answer the appeals and complaints that wait for this decision, and tell who made them."""
    open_appeals = list(Appeal.objects.filter(item=item, outcome="", round__lte=item.round))
    for appeal in open_appeals:
        stays = (appeal.kind == "appeal") == (verdict is Verdict.VIOLATING)
        close_appeal(writing, appeal, "upheld" if stays else "reversed")
    if open_appeals:
        obligations.keep_all(
            {"decide_appeal", "decide_complaint"},
            f"item:{item.pk}",
            now=writing.now,
            proof_entry_id=entry_id,
        )


def close_appeal(writing: Writing, appeal: Appeal, outcome: str) -> None:
    """Close one with its outcome, `upheld` or `reversed`, and tell who made it."""
    appeal.outcome, appeal.decided_at = outcome, writing.now
    appeal.save(update_fields=["outcome", "decided_at"])
    writing.record("appeal_decided", {"appeal": appeal.pk, "kind": appeal.kind, "outcome": outcome})
    if appeal.report is not None and appeal.report.withdrawn_at is None:
        reply = "complaint_upheld" if outcome == "reversed" else "complaint_rejected"
        decision = standing_decision(appeal.item.content_id)
        clause = {"clause": decision.clause} if decision is not None else {}
        tell_reports(writing, [appeal.report], reply, clause)
    elif appeal.kind == "appeal" and outcome == "reversed" and is_ordered_gone(appeal.item_id):
        tell_that_it_stands(writing, appeal.item)
    elif appeal.kind == "appeal" and outcome == "upheld":  # reversed, the overturning tells it
        params: dict[str, str | int] = {
            "notice": "appeal_rejected",
            "law": "Regulation (EU) 2022/2065, Art. 20(5)",
        }
        told = Do(do="tell_holder", by=By.WORKER, within=ANSWER_APPEAL_WITHIN, params=params)
        tell_by_pack(writing, [told], item=appeal.item)
