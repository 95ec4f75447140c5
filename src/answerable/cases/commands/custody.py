"""Who keeps evidence longer, who opens it and to whom it may be given: each takes people, and each is in the log."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db import transaction

from answerable import obligations
from answerable.cases.commands.writing import Writing
from answerable.cases.evidence_inputs import HeldFor, OpenedFor
from answerable.cases.inputs import AlreadyDone, NotFound, Refused
from answerable.cases.models import AuthorityRequest, Capture, Case, EvidenceHold, EvidenceRecipient, Person
from answerable.cases.queries import evidence
from answerable.cases.queries.people import is_custodian, may_handle
from answerable.cases.rules.keeping import DESTROY_WITHIN
from answerable.obligations import Owed
from answerable.obligations.models import Obligation
from answerable.policy.words import By

AGREE_WITHIN = OPEN_WITHIN = timedelta(days=2)
WAITING = frozenset({"agree_evidence", "open_evidence"})
BOTH = "Objects go to an authority as the answer to its request: name both, its key (--to) and --request."
NO_CUSTODIAN = "This takes a custodian: somebody whom [evidence] of answerable.toml names with a key."


def hold_evidence(
    case_id: int, *, person_id: int, why: HeldFor, now: datetime, until: datetime | None = None
) -> int:
    """Let nothing of a case's evidence be destroyed, until a day or until people release it. The hold's number.

    Raises Refused, NotFound.
    """
    with transaction.atomic():
        person, case = trusted(person_id), _case(case_id)
        if until is not None and until <= now:
            raise Refused("A hold ends in the future.")
        hold = EvidenceHold.objects.create(
            case=case, why=str(why), placed_at=now, placed_by=person, until=until
        )
        event = {"hold": hold.pk, "why": str(why), "until": until.isoformat() if until else None}
        _writing(person, case, now).record("evidence_held", event)
        return int(hold.pk)


def release_hold(hold_id: int, *, person_id: int, now: datetime) -> None:
    """Release a hold, as another one than who placed it: what it kept from being destroyed is destroyed in time.

    Raises Refused, NotFound, AlreadyDone.
    """
    with transaction.atomic():
        person = trusted(person_id)
        hold = EvidenceHold.objects.select_for_update().filter(pk=hold_id).first()
        if hold is None:
            raise NotFound(f"There is no hold {hold_id}.")
        if hold.released_at is not None:
            raise AlreadyDone("This hold was released already.")
        if hold.placed_by_id == person.pk:
            raise Refused("Whoever placed a hold doesn't release it: another one of the desk does.")
        end_hold(_writing(person, hold.case, now), hold, person)


def end_hold(writing: Writing, hold: EvidenceHold, person: Person) -> None:
    """End a hold that stands, in the caller's transaction: what it kept is destroyed in time."""
    hold.released_at, hold.released_by = writing.now, person
    hold.save(update_fields=["released_at", "released_by"])
    writing.record("evidence_hold_released", {"hold": hold.pk}, case_id=hold.case_id)
    waiting = Obligation.objects.filter(kind="destroy_preserved", state="owed", params__was_held=True)
    for owed in waiting.filter(case_id=hold.case_id):
        again = Owed(
            kind=owed.kind,
            subject=owed.subject,
            by=By(owed.by),
            due_at=min(owed.due_at, writing.now + DESTROY_WITHIN),
            not_before=writing.now,
        )
        obligations.owe(
            [again], now=writing.now, cause=writing.cause, case_id=owed.case_id, pack_digest=owed.pack_digest
        )


def ask_evidence(
    case_id: int,
    *,
    person_id: int,
    purpose: OpenedFor,
    now: datetime,
    request_id: int | None = None,
    recipient: str = "",
) -> None:
    """Ask another custodian to agree that a case's evidence is handed out.

    `request_id`: as the answer to that authority's request, encrypted to the verified key of that name (`recipient`),
    and to no other; without both, to the one who asks. Raises Refused, NotFound, AlreadyDone.
    """
    with transaction.atomic():
        person, case = _custodian(person_id), _case(case_id)
        if (request_id is not None) != bool(recipient):
            raise Refused(BOTH)
        if request_id is not None and not AuthorityRequest.objects.filter(pk=request_id).exists():
            raise NotFound(f"There is no request {request_id}.")
        if not Capture.objects.filter(case=case, destroyed_at__isnull=True).exists():
            raise NotFound("Nothing is kept of this case.")
        waiting = _owed(WAITING, case_id)
        others = Person.objects.filter(active=True).exclude(pk=person.pk)
        if waiting is not None and others.filter(pk=waiting.params["asked_by"]).exists():
            raise AlreadyDone("Somebody asked already: it waits for another custodian, or to be opened.")
        writing = _writing(person, case, now)
        writing.release(
            WAITING, f"case:{case.pk}", "asked_anew"
        )  # by the same one, or who asked before has left
        for_request: dict[str, object] = (
            {"request": request_id, "recipient": evidence.verified_recipient(recipient).pk}
            if recipient
            else {}
        )
        writing.record("evidence_asked", {"purpose": str(purpose), **for_request})
        params = {"why": str(purpose), "asked_by": person.pk, **for_request}
        writing.owe([_owed_to("agree_evidence", case, now + AGREE_WITHIN, params)])
        writing.finish()


def answer_evidence(
    case_id: int, *, person_id: int, agreed: bool, now: datetime, asked_id: int | None = None
) -> None:
    """Agree, as another custodian, or decline.

    `asked_id`: the obligation that was read; who asks may have asked for something else since.
    Raises Refused, NotFound, AlreadyDone.
    """
    with transaction.atomic():
        person, case = _custodian(person_id), _case(case_id)
        asked = _owed({"agree_evidence"}, case_id)
        if asked is None:
            raise AlreadyDone("Nobody asks for this evidence now.")
        if asked.params["asked_by"] == person.pk:
            raise Refused("Evidence is opened by two custodians: another one has to agree.")
        if asked_id not in (None, asked.pk):
            raise AlreadyDone("It was asked for anew meanwhile: read what for, and answer that.")
        writing = _writing(person, case, now)
        to_whom = {name: asked.params[name] for name in ("request", "recipient") if name in asked.params}
        event = {"agreed": agreed, "asked_by": asked.params["asked_by"], **to_whom}
        entry_id = writing.record("evidence_answered", event)
        obligations.keep(asked, now=now, proof_entry_id=entry_id)
        if agreed:
            params = {**asked.params, "agreed_by": person.pk}
            writing.owe([_owed_to("open_evidence", case, now + OPEN_WITHIN, params)])
        writing.finish(entry_id)


def evidence_given(
    case_id: int,
    *,
    person_id: int,
    manifest_sha256: str,
    objects: int,
    now: datetime,
    filings: Sequence[int] = (),
) -> int:
    """Evidence was written into a file: what is in it (`manifest_sha256`), by whom. The entry's number.

    Without objects for anybody; with the vault's encrypted ones for the custodian who asked, which takes what another
    one agreed to, and takes it once. `filings`: what was sent to authorities is in it as well.
    What an authority is given: `evidence_handed_out`. Raises Refused, NotFound.
    """
    with transaction.atomic():
        person, case = trusted(person_id), _case(case_id)
        writing = _writing(person, case, now)
        event: dict[str, object] = {
            "manifest": manifest_sha256,
            "objects": objects,
            "recipient": None,
            "filings": list(filings),
        }
        if not objects:
            return writing.record("evidence_exported", event)
        waiting = agreed_opening(case_id, person_id=person.pk)
        event |= {"purpose": waiting.params["why"], "second": waiting.params["agreed_by"]}
        entry_id = writing.record("evidence_opened", event)
        obligations.keep(waiting, now=now, proof_entry_id=entry_id)
        return entry_id


def agreed_opening(
    case_id: int, *, person_id: int, request_id: int | None = None, recipient_id: int | None = None
) -> Obligation:
    """What another custodian agreed that this one takes, once, for that request and key or for none.

    In the caller's transaction. Raises Refused.
    """
    waiting = _owed({"open_evidence"}, case_id)
    if waiting is None or waiting.params["asked_by"] != person_id:
        raise Refused(
            "Another custodian has to agree first: `answerable evidence ask`, then `answerable evidence agree`."
        )
    agreed = waiting.params.get("request")
    if agreed != request_id:
        said = f"for request {agreed}" if agreed is not None else "for no authority's request"
        raise Refused(f"The other custodian agreed to an opening {said}: ask for this one.")
    if waiting.params.get("recipient") != recipient_id:
        raise Refused("The other custodian agreed to another recipient's key: ask for this one.")
    return waiting


def add_recipient(name: str, key: str, *, person_id: int, now: datetime) -> None:
    """Name an authority's public key. Nothing is given to it before another one verified it. Raises Refused."""
    with transaction.atomic():
        person = trusted(person_id)
        if EvidenceRecipient.objects.filter(name=name, ended_at__isnull=True).exists():
            raise Refused("There is a recipient of that name: end it first.")
        row = EvidenceRecipient.objects.create(name=name, key=key, added_at=now, added_by=person)
        event = {"recipient": row.pk, "key": key, "change": "added"}
        Writing(actor=f"person:{person.pk}", now=now, cause="recipient").record("evidence_recipient", event)


def verify_recipient(name: str, key: str, *, person_id: int, now: datetime) -> None:
    """Say, as another one, that this is the authority's key: by a contact that was found independently (rule 23).

    `key` as that contact read it out: it must be the one that was added. Raises Refused, NotFound, AlreadyDone.
    """
    with transaction.atomic():
        person, row = trusted(person_id), _recipient(name)
        if row.verified_at is not None:
            raise AlreadyDone("This key was verified already.")
        if row.added_by_id == person.pk:
            raise Refused("Whoever added a key doesn't verify it: another one of the desk does.")
        if row.key != key:
            raise Refused("This is another key than the one that was added.")
        row.verified_at, row.verified_by = now, person
        row.save(update_fields=["verified_at", "verified_by"])
        event = {"recipient": row.pk, "key": key, "change": "verified"}
        Writing(actor=f"person:{person.pk}", now=now, cause="recipient").record("evidence_recipient", event)


def end_recipient(name: str, *, person_id: int, now: datetime) -> None:
    """Give nothing to this key any more. Raises Refused, NotFound."""
    with transaction.atomic():
        person, row = trusted(person_id), _recipient(name)
        row.ended_at = now
        row.save(update_fields=["ended_at"])
        event = {"recipient": row.pk, "change": "ended"}
        Writing(actor=f"person:{person.pk}", now=now, cause="recipient").record("evidence_recipient", event)


def _recipient(name: str) -> EvidenceRecipient:
    row = EvidenceRecipient.objects.select_for_update().filter(name=name, ended_at__isnull=True).first()
    if row is None:
        raise NotFound(f"There is no recipient named {name!r}.")
    return row


def _custodian(person_id: int) -> Person:
    person = Person.objects.filter(pk=person_id, active=True).first()
    if person is None or not is_custodian(person):
        raise Refused(NO_CUSTODIAN)
    return person


def trusted(person_id: int) -> Person:
    """A custodian, a lead or an administrator. Raises Refused."""
    person = Person.objects.filter(pk=person_id, active=True).first()
    if person is None or not may_handle(person):
        raise Refused("This takes a custodian, a lead or an administrator of the desk.")
    return person


def _case(case_id: int) -> Case:
    case = Case.objects.filter(pk=case_id).first()
    if case is None:
        raise NotFound(f"There is no case {case_id}.")
    return case


def _owed(kinds: Collection[str], case_id: int) -> Obligation | None:
    owed = Obligation.objects.select_for_update().filter(kind__in=kinds, subject=f"case:{case_id}")
    return owed.filter(state="owed").first()


def _writing(person: Person, case: Case, now: datetime) -> Writing:
    return Writing(actor=f"person:{person.pk}", now=now, cause=f"case:{case.pk}", case=case)


def _owed_to(kind: str, case: Case, due_at: datetime, params: dict[str, object]) -> Owed:
    return Owed(kind=kind, subject=f"case:{case.pk}", by=By.PEOPLE, due_at=due_at, params=params)
