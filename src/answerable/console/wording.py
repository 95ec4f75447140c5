"""How this door says the words of the rest: short sentences for tired people."""

from answerable.policy.words import Age, Danger, Relation, Verdict

JUDGE = "Look at this item"
"""Every judgement asks for this and nothing else: a second review can't be told from a first."""

FILINGS = {
    "drafted": "waits until somebody agrees",
    "sending": "being sent",
    "finished": "finished",
    "dropped": "dropped",
    "by_hand": "to be filed by people",
}

STEPS = {
    "filing_drafted": "Drafted",
    "filing_approved": "A person agreed",
    "filing_asked": "Asked to",
    "filing_answered": "Answered:",
    "filing_reset": "Begins anew:",
    "filing_finished": "Finished",
    "filing_dropped": "Dropped:",
    "filing_by_hand": "Left to people",
}

ASKED = {
    "submit": "open a report",
    "upload": "take file",
    "details": "take the details of file",
    "finish": "finish it",
    "retract": "take it back",
}

OUTCOMES = {
    "done": "done",
    "not_done": "nothing arrived there; it is asked again",
    "gone": "it has no such unfinished report any more",
    "filed": "it had finished it already",
    "no_bytes": "the file can't be had; its hashes are sent",
    "no_number_came": "a number never came, so that report can't be finished by anybody",
    "taken_back": "what was open there is gone",
    "no_longer_wanted": "it is no longer owed",
    "redrafted": "drafted anew",
    "facts_changed": "what it says is no longer so; drafted anew",
}

DUTIES = {
    "read_answer": "Read an answer",
    "read_report": "Read a report",
    "judge_account": "Say whose account it is",
    "answer_danger": "Somebody may be in danger: answer now",
    "emergency_duty": "Tell the emergency contact that the law names",
    "page_people": "Call the person on duty",
    "agree_contact": "Somebody asks to open a contact: agree, or decline",
    "open_contact": "Open the contact that you asked for",
    "agree_evidence": "A custodian asks to take evidence: agree, or decline",
    "open_evidence": "Take the evidence that you asked for",
    "check_request": "Verify an authority's request by a contact that you find yourself",
    "answer_request": "Answer an authority's request",
    "capture": "Capture the evidence before it is removed",
    "clear_evidence": "Destroy the evidence that nobody needs any more",
    "scrub_evidence": "Compare all evidence with its digests",
    "erase_words": "A reporter asks to have everything erased: agree, or decline",
    "agree_erasure": "Agree as a second person that a reporter's words are erased, or decline",
    "confirm_ending": "Look again before this matter ends",
    "do_by_hand": "Do by hand what the platform's connection can't",
    "report_authority": "Report to the authority",
    "correct_authority": "Correct a report to the authority",
    "send_letter": "Send a letter to the authority",
    "enter_receipt": "Enter the authority's receipt of a letter, or that it came back",
    "deliver_reasons": "Deliver statements of reasons to the database of the EU",
    "preserve": "Preserve the evidence",
    "destroy_preserved": "Destroy what was preserved",
    "remove": "Remove it and look that it is gone",
    "restore": "Put it back",
    "hide": "Hide it until people decide",
    "limit": "Show it behind a notice until people decide",
    "erase": "Take it away for good on the platform, now that two people confirmed",
    "freeze": "Have the platform keep the bytes",
    "find_copies": "Search for copies",
    "block_identical": "Block the same file",
    "unblock": "Let the same file be posted again",
    "look": "A first look",
    "decide": "A decision",
    "second_look": "A second look by somebody else",
    "settle_tie": "Settle what two people judged differently",
    "remove_if_undecided": "Remove it if nobody has decided",
    "tell_reporter": "Tell the reporter",
    "tell_holder": "Tell the account holder",
    "decide_complaint": "Decide about a complaint",
    "decide_appeal": "Decide about an appeal",
    "erase_text": "Erase what the reporter wrote",
}

RELATIONS = {
    Relation.DEPICTED: "says: this is me",
    Relation.GUARDIAN: "says: this is my child",
    Relation.REPRESENTATIVE: "says: I act for the person shown",
    Relation.WITNESS: "saw it",
    Relation.TRUSTED_FLAGGER: "trusted flagger",
    Relation.AUTHORITY: "authority",
    Relation.PLATFORM_USER: "user of the platform",
}
AGES = {Age.CHILD: "a child", Age.UNSURE: "not sure, treated as a child", Age.ADULT: "an adult"}
DANGERS = {Danger.NONE: "", Danger.SOON: "danger soon", Danger.NOW: "danger now"}
VERDICTS = {Verdict.VIOLATING: "Violating", Verdict.NOT_VIOLATING: "Not violating"}
CLASSES = {
    "": "Not stated",
    "A1": "A1: before puberty, rank 1",
    "A2": "A2: before puberty, rank 2",
    "B1": "B1: puberty began, rank 1",
    "B2": "B2: puberty began, rank 2",
}
MISSING = {
    "not_found_there": "It is not there",
    "nobody_identifiable": "Nobody in it can be recognised",
    "not_intimate": "It is not intimate",
    "published_with_consent": "It was published with consent",
}
HOLDERS = {
    "offender": "The one who did this",
    "depicted": "The person shown in the item",
    "taken_over": "Nobody of theirs: the account was taken over",
    "outrage": "Somebody who shared it in outrage or to warn",
    "unsure": "I can't tell",
}
CONTACT_FOR = {
    "danger": "Somebody is in danger",
    "authority": "An authority that is told needs it",
    "request": "The removal request can't be answered without it",
    "court": "A court or the law asks for it",
}
OPENED_FOR = {
    "authority": "An authority asks for it",
    "court": "A court or the law asks for it",
    "appeal": "A decision is contested",
    "audit": "It is looked whether the evidence is right",
    "restore": "It is encrypted anew, or put back",
}
KEPT_FOR = {
    "law": "Decline: a law obliges us to keep it",
    "claims": "Decline: it is needed for a legal claim",
    "pressed": "Decline: somebody seems to press them",
}
ASKS = {
    "preserve": "Keep everything (preservation)",
    "extend": "Keep everything for longer",
    "remove": "Remove it (an order)",
    "disclose": "Hand out facts or files",
    "emergency": "Hand out facts at once: somebody is in danger",
    "silence": "Don't tell the account holder",
    "lift": "An earlier request is lifted",
}
CAME = {
    "mail": "By mail",
    "letter": "By letter",
    "fax": "By fax",
    "portal": "Through a portal",
    "phone": "By phone",
    "in_person": "In person",
    "report": "As a report here",
}
UNFIT = {
    "false": "It is false: nobody there asked for it",
    "unreached": "Nobody could be reached who confirms it",
    "no_basis": "The law that it names doesn't allow it, or doesn't bind this desk",
    "too_wide": "It asks for more than it may",
    "not_held": "The desk has nothing of what it names",
    "taken_back": "The authority took it back",
}
STATES = {"owed": "owed", "kept": "kept", "kept_late": "kept late", "released": "released"}

LETTERS = {
    "queued": "waits to be sent",
    "accepted": "sent, no receipt yet",
    "received": "received, as they say",
    "bounced": "came back",
    "by_hand": "people tell the authority in its place",
    "dropped": "dropped, never sent or sent anew",
}


def duty(kind: str) -> str:
    """What there is to do. A kind without a sentence of its own is shown by its name."""
    return DUTIES.get(kind, kind.replace("_", " ").capitalize())
