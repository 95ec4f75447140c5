"""The only writers of a case. Each command is one transaction: it asks the rules, writes the change, what is owed
for it, and the audit entries. Doors and handlers call nothing else.
"""

from answerable.cases.commands.again import erase_again, standing_again
from answerable.cases.commands.answering import answer_report, appeal, complain, withdraw_report
from answerable.cases.commands.aside import hidden_captured, hidden_not_captured, to_capture_hidden
from answerable.cases.commands.asking import AskedOutcome, account_asked
from answerable.cases.commands.backfilling import begin_backfill, end_backfill, register_backfilled
from answerable.cases.commands.banking import change_list
from answerable.cases.commands.capturing import (
    capture_kept,
    captured,
    evidence_read,
    left_to_people,
    object_checked,
    preserved,
    resealed,
    scrubbed,
    sweep_refused,
)
from answerable.cases.commands.claiming import claimed_found
from answerable.cases.commands.completing import complete_request
from answerable.cases.commands.contacts import answer_contact, ask_contact, open_contact
from answerable.cases.commands.copying import copies_found
from answerable.cases.commands.custody import (
    add_recipient,
    answer_evidence,
    ask_evidence,
    end_recipient,
    evidence_given,
    hold_evidence,
    release_hold,
    verify_recipient,
)
from answerable.cases.commands.deciding import share_decision
from answerable.cases.commands.delivering import (
    drop_delivery,
    owe_deliveries,
    reasons_delivered,
    retry_refused,
)
from answerable.cases.commands.desk import (
    judge_account,
    look_at,
    mark_kept,
    open_personal,
    read_answer,
    write_message,
)
from answerable.cases.commands.destroying import begin_destroying, destroyed, end_destroying
from answerable.cases.commands.elsewhere import act_on_copies
from answerable.cases.commands.ending import end_withdrawn
from answerable.cases.commands.feedback import begin_telling, source_not_told, source_told
from answerable.cases.commands.fetching import item_fetched, item_screened
from answerable.cases.commands.following import (
    count_views,
    delete_item,
    match_told,
    resolved,
    uploads_screened,
)
from answerable.cases.commands.growing import act_on_found, lists_held_back, lists_searched
from answerable.cases.commands.handing import evidence_handed_out, may_hand_out
from answerable.cases.commands.intake import file_report
from answerable.cases.commands.judging import remove_undecided, review
from answerable.cases.commands.listing import (
    end_entries,
    list_alarmed,
    list_tried,
    make_list,
    start_over,
    store_page,
    turn_list,
)
from answerable.cases.commands.looking import look_put_off, seen_again
from answerable.cases.commands.naming import name_item
from answerable.cases.commands.opening import note_status_read, open_report
from answerable.cases.commands.packaging import (
    answer_package,
    list_package,
    may_give,
    open_package,
    package_given,
)
from answerable.cases.commands.policies import activate_policy, applied_to_open, apply_to_open
from answerable.cases.commands.posting import (
    begin_letter,
    draft_letter,
    letter_accepted,
    letter_refused,
    owe_corrections,
    post_alarm,
    settle_letters,
)
from answerable.cases.commands.preparing import sheet_opened
from answerable.cases.commands.questions import (
    owe_questions,
    shield_answered,
    shield_not_asked,
    take_up_hashes,
)
from answerable.cases.commands.registering import register_item
from answerable.cases.commands.reporting import (
    approve_filing,
    draft_filings,
    drop_unwanted,
    redraft_filing,
)
from answerable.cases.commands.requesting import open_request, receive_request
from answerable.cases.commands.returning import letter_bounced, send_again
from answerable.cases.commands.searching import copies_searched
from answerable.cases.commands.seeing import (
    cannot,
    done,
    holder_told,
    item_missing,
    item_seen,
    may_tell,
    nobody_paged,
)
from answerable.cases.commands.serials import serial_passed
from answerable.cases.commands.silence import platform_silent
from answerable.cases.commands.stepping import (
    begin_step,
    end_step,
    file_missing,
    hand_to_uploader,
    leave_to_people,
    step_not_done,
    take_from_uploader,
)
from answerable.cases.commands.undoing import undo_shared
from answerable.cases.commands.verifying import (
    check_request,
    grant_request,
    keep_silent,
    refuse_request,
    request_answered,
)
from answerable.cases.commands.watching import (
    news_heard,
    news_taken,
    news_unheard,
    watch_alarmed,
    watch_failed,
)
from answerable.cases.commands.words import answer_erasure, ask_erasure, erase_due, erase_links_due
from answerable.cases.queries.consequences import consequences

__all__ = [
    "AskedOutcome",
    "account_asked",
    "act_on_copies",
    "act_on_found",
    "activate_policy",
    "add_recipient",
    "answer_contact",
    "answer_erasure",
    "answer_evidence",
    "answer_package",
    "answer_report",
    "appeal",
    "applied_to_open",
    "apply_to_open",
    "approve_filing",
    "ask_contact",
    "ask_erasure",
    "ask_evidence",
    "begin_backfill",
    "begin_destroying",
    "begin_letter",
    "begin_step",
    "begin_telling",
    "cannot",
    "capture_kept",
    "captured",
    "change_list",
    "check_request",
    "claimed_found",
    "complain",
    "complete_request",
    "consequences",
    "copies_found",
    "copies_searched",
    "count_views",
    "delete_item",
    "destroyed",
    "done",
    "draft_filings",
    "draft_letter",
    "drop_delivery",
    "drop_unwanted",
    "end_backfill",
    "end_destroying",
    "end_entries",
    "end_recipient",
    "end_step",
    "end_withdrawn",
    "erase_again",
    "erase_due",
    "erase_links_due",
    "evidence_given",
    "evidence_handed_out",
    "evidence_read",
    "file_missing",
    "file_report",
    "grant_request",
    "hand_to_uploader",
    "hidden_captured",
    "hidden_not_captured",
    "hold_evidence",
    "holder_told",
    "item_fetched",
    "item_missing",
    "item_screened",
    "item_seen",
    "judge_account",
    "keep_silent",
    "leave_to_people",
    "left_to_people",
    "letter_accepted",
    "letter_bounced",
    "letter_refused",
    "list_alarmed",
    "list_package",
    "list_tried",
    "lists_held_back",
    "lists_searched",
    "look_at",
    "look_put_off",
    "make_list",
    "mark_kept",
    "match_told",
    "may_give",
    "may_hand_out",
    "may_tell",
    "name_item",
    "news_heard",
    "news_taken",
    "news_unheard",
    "nobody_paged",
    "note_status_read",
    "object_checked",
    "open_contact",
    "open_package",
    "open_personal",
    "open_report",
    "open_request",
    "owe_corrections",
    "owe_deliveries",
    "owe_questions",
    "package_given",
    "platform_silent",
    "post_alarm",
    "preserved",
    "read_answer",
    "reasons_delivered",
    "receive_request",
    "redraft_filing",
    "refuse_request",
    "register_backfilled",
    "register_item",
    "release_hold",
    "remove_undecided",
    "request_answered",
    "resealed",
    "resolved",
    "retry_refused",
    "review",
    "scrubbed",
    "seen_again",
    "send_again",
    "serial_passed",
    "settle_letters",
    "share_decision",
    "sheet_opened",
    "shield_answered",
    "shield_not_asked",
    "source_not_told",
    "source_told",
    "standing_again",
    "start_over",
    "step_not_done",
    "store_page",
    "sweep_refused",
    "take_from_uploader",
    "take_up_hashes",
    "to_capture_hidden",
    "turn_list",
    "undo_shared",
    "uploads_screened",
    "verify_recipient",
    "watch_alarmed",
    "watch_failed",
    "withdraw_report",
    "write_message",
]
