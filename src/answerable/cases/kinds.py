"""The kinds of obligations that a case can owe: what each is about, and who can keep it.

A worker's kinds get their handlers from the parties (`platforms.handlers`, `matching.handlers`); the kinds
marked `at once` are kept by the command that owes them, in its own transaction.
"""

from typing import Final

SUBJECTS: Final[dict[str, str]] = {
    "hide": "item",
    "limit": "item",
    "restore": "item",
    "remove": "item",
    "fetch_item": "item",
    "screen_item": "item",
    "freeze": "item",
    "erase": "item",
    "find_copies": "item",
    "act_on_copies": "decision",
    "share_decision": "decision",
    "undo_shared": "decision",
    "block_identical": "item",
    "unblock": "item",
    "remove_if_undecided": "item",
    "look": "item",
    "decide": "item",
    "second_look": "item",
    "settle_tie": "item",
    "decide_appeal": "item",
    "decide_complaint": "item",
    "resolve": "reported_item",
    "find_claimed": "report",
    "acknowledge": "report",
    "tell_reporter": "report",
    "read_answer": "report",
    "answer_danger": "report",
    "confirm_ending": "report",
    "read_report": "report",
    "agree_contact": "report",
    "open_contact": "report",
    "erase_words": "report",
    "agree_erasure": "report",
    "do_by_hand": "item",
    "erase_text": "report",
    "page_people": "report",
    "settle_there": "item",
    "tell_holder": "notice",
    "tell_source": "entry",
    "ask_shield": "hash_question",
    "judge_account": "account",
    "suspend_account": "account",
    "search_account": "account",
    "lift_account_effects": "account",
    "report_authority": "case_regime",
    "correct_authority": "case_regime",
    "emergency_duty": "case_regime",
    "preserve": "case_regime",
    "destroy_preserved": "case_regime",
    "file_step": "filing",
    "deliver_reasons": "database",
    "send_letter": "letter",
    "enter_receipt": "letter",
    "capture": "item",
    "capture_hidden": "item",
    "clear_evidence": "content",
    "scrub_evidence": "evidence",
    "agree_evidence": "case",
    "open_evidence": "case",
    "check_request": "authority_request",
    "answer_request": "authority_request",
}
"""What the subject of each kind is. `case_regime` is one per case and body of law: "case_regime:12/us".

Of `deliver_reasons` there is one for all that waits: "database:production".
Of `emergency_duty` there is one for each authority, too: "case_regime:12/us/ncmec"."""

KEPT_APART: Final = frozenset({"destroy_preserved"})
"""Of these there is one for each filing or decision: "case_regime:12/us/filing-57". Merged, the earliest would end
the keeping of all."""

AT_ONCE: Final = frozenset(
    {
        "acknowledge",
        "tell_reporter",
        "block_identical",
        "unblock",
        "search_account",
        "erase_text",
    }
)
"""Kept in the transaction that owes them: what a reporter is told stands on their status page at once."""

BY_JUDGING: Final = frozenset(
    {"look", "decide", "second_look", "settle_tie", "decide_appeal", "decide_complaint"}
)
"""Kept by a review, never by a mark."""

BY_THEIR_OWN_COMMAND: Final = BY_JUDGING | {
    "read_answer",
    "judge_account",
    "confirm_ending",
    "agree_contact",
    "open_contact",
    "agree_evidence",
    "open_evidence",
    "erase_words",
    "agree_erasure",
    "check_request",
    "answer_request",
}

WANTED_BY_KIND: Final = {"hide": "hidden", "limit": "limited", "restore": "visible", "remove": "gone"}
KIND_BY_WANTED: Final = {wanted: kind for kind, wanted in WANTED_BY_KIND.items()}

MEDIA_KINDS: Final = frozenset({"image", "video", "profile"})
"""Kinds of item that are one piece of media (of a profile: its picture), which alone may be hidden unlooked."""


def is_media(kind: str) -> bool:
    """Whether an item of that kind may be hidden before anybody looked (rule 5)."""
    return kind in MEDIA_KINDS
