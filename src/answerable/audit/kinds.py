"""The kinds of entries that the audit log may hold. An unknown kind is an error.

A kind is `sealed` where its event may later be erased, by schedule or by two roles with a reason: those that
carry a digest of what a person wrote. Looks and decisions are not: a misdeed can't be erased (rule 21).
Whether a kind is sealed never changes: each entry carries it since its insert. A new meaning is a new kind.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from answerable.audit.errors import UnknownKind


@dataclass(frozen=True)
class Kind:
    """One kind of entry."""

    name: str
    sealed: bool
    about: str


_SEALED = {
    "report_received": "a report was accepted",
    "answer_received": "a reporter answered",
    "complaint_received": "a reporter contested a decision",
    "appeal_received": "an account holder contested a decision",
    "message_sent": "the desk wrote to a reporter",
    "request_received": "an authority's request was entered, or something more about it",
    "evidence_captured": "evidence was captured: digests of each object, and of the manifest",
    "hidden_captured": "the media of what is hidden and undecided were captured: their digests",
}

_WHOLE = {
    # reports and cases
    "report_withdrawn": "a reporter withdrew a report",
    "erasure_asked": "a reporter asked that what they wrote is erased",
    "erasure_answered": "a person agreed that a reporter's words are erased, or declined",
    "matter_ended": "what an adult withdrew was ended, after a look and seven days",
    "answer_read": "a person read an answer",
    "case_opened": "a case opened",
    "case_reopened": "a case began a new round",
    "case_closed": "a case closed",
    "case_changed": "a report raised a case's harm, or opened it again",
    "cases_joined": "a case was joined into an older one",
    "request_completed": "a removal request got elements that it lacked",
    "danger_answered": "a person took up a danger",
    "status_opened": "a status page was opened with its access code",
    "code_erased": "an access code was erased",
    # items
    "item_joined": "an item came into a case",
    "item_named": "a person found the item that a report is about",
    "item_resolved": "a link led to an item, or to none",
    "interim_set": "an item is hidden or limited before a decision",
    "wanted_changed": "another visibility is wanted for an item",
    "item_asked": "a platform was asked for a visibility",
    "item_acknowledged": "a platform acknowledged",
    "item_seen": "a look at the platform saw an item's visibility",
    "item_reappeared": "a later look no longer found an item as it was wanted",
    "reports_settled": "the platform's own reports on an item were closed, or opened again",
    "watch_alarmed": "people were paged that a platform's reports don't arrive",
    "item_fetched": "an item's content was fetched and fingerprinted",
    "item_content_changed": "an item's content changed",
    "item_edited": "a platform said that an item was edited",
    "item_deleted": "a platform said that an item was deleted",
    "item_erased": "what can't be undone was done on a platform, after two people confirmed",
    "item_frozen": "a platform froze an item's bytes",
    "age_changed": "an item's age changed",
    "copies_found": "copies of an item were searched for",
    # judging
    "review_made": "a person judged an item's content",
    "decision_made": "a decision followed",
    "decision_confirmed": "a second person confirmed a decision",
    "decision_overturned": "a decision was overturned",
    "appeal_decided": "an appeal or a complaint was decided",
    "hiding_lifted": "one qualified person lifted a hiding: nobody is in the item",
    "finding_made": "a filing to an authority can rest on this",
    "finding_withdrawn": "a finding no longer holds",
    "account_asked": "a platform was asked what it knows of an account that is reported to an authority",
    "filing_drafted": "a report to an authority was drafted",
    "filing_approved": "a person agreed that a draft is sent as it is",
    "filing_asked": "an authority was asked for the next step of a filing",
    "filing_answered": "an authority carried a step of a filing out",
    "filing_reset": "what an authority had of an unfinished filing is gone; it begins anew",
    "filing_finished": "an authority has a filing, finished",
    "filing_dropped": "a filing was dropped before it was finished",
    "filing_by_hand": "a filing must be made by people",
    "sheet_opened": "a person opened what is to be entered at an authority that people tell",
    "letter_drafted": "a mail to an authority was written and queued",
    "letter_asked": "our mail server was asked to take a letter",
    "letter_accepted": "our mail server took a letter",
    "letter_received": "a person entered an authority's receipt of a letter",
    "letter_bounced": "a letter came back",
    "letter_by_hand": "people must tell an authority in a letter's place",
    "letter_dropped": "a letter was dropped before it was sent",
    "reasons_delivered": "the public database has statements of reasons, or refused them",
    "reasons_retried": "what the public database refused is delivered once more",
    "account_judged": "a person answered whose account it is",
    "account_effects": "holds, strikes or a suspension on an account",
    # looks
    "looked_at": "a person opened items, blurred",
    "revealed": "a person saw an item's media",
    "contact_asked": "a person asked a second one to agree that a contact is opened",
    "contact_answered": "a second person agreed that a contact is opened, or declined",
    "text_opened": "a person opened a statement, contact, message or reason",
    "searched": "a person searched",
    # obligations
    "obligation_kept": "an obligation was kept",
    "obligation_released": "an obligation was released",
    "obligation_alarmed": "people were paged about an obligation",
    "notice_told": "an account holder was told",
    "notice_delayed": "telling an account holder waits, on a ground",
    # evidence
    "hidden_not_captured": "the media of what is hidden and undecided were not captured, and why",
    "hidden_ended": "media captured before anybody had decided are no longer kept as such, and why",
    "evidence_read": "the working store was read",
    "evidence_asked": "a custodian asked another one to agree that evidence is opened",
    "evidence_answered": "another custodian agreed that evidence is opened, or declined",
    "evidence_opened": "encrypted evidence was handed to the custodian who asked for it",
    "evidence_exported": "evidence was written into a file for somebody outside",
    "evidence_held": "people said that nothing of a case's evidence is destroyed",
    "evidence_hold_released": "a hold on a case's evidence was released",
    "evidence_kept_on": "evidence was not destroyed when its time came: it is needed still",
    "evidence_destroying": "evidence is to be destroyed",
    "evidence_destroyed": "evidence was destroyed, and seen to be gone",
    "evidence_resealed": "objects of the working store were encrypted anew, to this month's key",
    "evidence_faulty": "an object of the evidence is missing or was changed, or is whole again",
    "evidence_scrubbed": "every object of the evidence was compared with its digest",
    "evidence_recipient": "an authority's key was added, verified or ended",
    # authorities' requests
    "request_opened": "a person opened the words of an authority's request",
    "request_checked": "a person reached an authority by a contact that they found themselves",
    "request_verified": "two people reached an authority, each by a contact of their own",
    "request_refused": "an authority's request was refused, or found to be false",
    "request_granted": "what a verified authority asked for is done",
    "request_answered": "an authority was told what became of its request",
    "notices_silenced": "telling account holders waits, as a verified authority ordered",
    "notices_unsilenced": "an order not to tell account holders has ended",
    "package_listed": "what an authority is to be given was listed",
    "package_confirmed": "a second person agreed to what an authority is to be given, or not",
    "package_given": "what was listed and agreed was encrypted to an authority's key and handed out",
    # fingerprints
    "source_told": "the source of a hash list was told what people here found about its record",
    "list_matched": "a list that the policy pack trusts holds an item's very file, and decides it",
    "list_withdrawn": "what a list had decided is no longer on one that decides: people look",
    "list_changed": "a hash list was made, read, turned off or on, or people were paged about it",
    "list_searched": "what came onto hash lists was searched for among everything registered before",
    "list_found": "an item registered before matches a fingerprint that came onto a list",
    "lists_held_back": "people were paged that more items match a list than are hidden unlooked",
    "shield_asked": "Arachnid Shield was asked about hashes, and what came back was kept",
    "known_changed": "a fingerprint came onto or off a hash list",
    "screened_hold": "an upload is held for a look",
    "screened_block": "an upload was blocked",
    "bank_changed": "a bank of the platform's own was made, changed or deleted",
    "match_told": "a key was told what a screening had matched",
    "upload_released": "a held upload was released",
    # the desk
    "backfill_begun": "the hashing of an existing library began, or began anew",
    "backfill_ended": "an existing library was hashed to its end",
    "policy_activated": "a policy pack became the desk's",
    "policy_applied": "a newer policy pack was applied to an open case",
    "checklist_confirmed": "a person stated a line of the checklist for going live",
    "checklist_taken_back": "what was stated of a line was taken back",
    "checklist_tried": "the desk tried something of the checklist: an authority, the pagers, the whole log",
    "person_changed": "a person of the desk, their roles or qualifications changed",
    "signed_in": "a person signed in",
    "sign_in_refused": "a sign-in was refused",
    "api_key_changed": "an API key was made, changed or revoked",
    "text_erased": "personal texts were erased",
    "links_erased": "links were erased as they had been typed",
    "forgotten": "sealed parts of entries were erased",
}

KINDS: Mapping[str, Kind] = {
    **{name: Kind(name, True, about) for name, about in _SEALED.items()},
    **{name: Kind(name, False, about) for name, about in _WHOLE.items()},
}


def kind(name: str) -> Kind:
    """The kind of that name. Raises UnknownKind."""
    try:
        return KINDS[name]
    except KeyError:
        raise UnknownKind(name) from None
