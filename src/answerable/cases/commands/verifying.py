"""Two people reach the authority, each by a contact of their own; only then is more done on its word (rule 23)."""

import json
from datetime import datetime, timedelta

from django.db import transaction

from answerable import obligations
from answerable.cases.commands import hushing
from answerable.cases.commands.custody import end_hold, trusted
from answerable.cases.commands.grouping import lock
from answerable.cases.commands.ordering import tell_of_order
from answerable.cases.commands.telling import drop_untold
from answerable.cases.commands.wanting import want
from answerable.cases.commands.writing import Writing
from answerable.cases.inputs import STATEMENT_LIMIT, AlreadyDone, NotFound, Refused
from answerable.cases.models import AuthorityRequest, Item, Person, RequestCheck
from answerable.cases.models.requests import GRANTED, REFUSED
from answerable.cases.queries import requests
from answerable.cases.request_inputs import Asks, Unfit
from answerable.cases.rules import requests as rules
from answerable.cases.rules.protecting import LOOK_SOON
from answerable.db import personal
from answerable.db.models import PersonalText
from answerable.obligations import Owed
from answerable.policy import store
from answerable.policy.words import By, Visibility

REMOVE_WITHIN = timedelta(minutes=5)
NOT_YET = "Two people have to verify this request first, each by a contact that they found themselves."


def check_request(request_id: int, *, person_id: int, contact: str, found: str, now: datetime) -> bool:
    """Say that this person reached the authority, and that it confirmed the request. Whether two have by now.

    `contact`: which number or address; `found`: where it was found. What stands in the request, or in the one that it
    extends or lifts, verifies nothing. Raises Refused, NotFound, AlreadyDone.
    """
    if not rules.says_enough(contact) or not found.strip():
        raise Refused("Write the contact that you used, and where you found it.")
    if len(contact) + len(found) > STATEMENT_LIMIT:
        raise Refused(f"This is too long: write at most {STATEMENT_LIMIT} characters.")
    said = json.dumps({"contact": contact.strip(), "found": found.strip()}, ensure_ascii=False)
    text = personal.seal("request", said, erase_after=now + store.active().erase_after("log"))
    with transaction.atomic():
        person, row = trusted(person_id), _open(request_id)
        if row.verified_at is not None:
            raise AlreadyDone("Two people verified this already.")
        if row.checks.filter(person=person).exists():
            raise AlreadyDone("You did this already: another one has to verify it, too.")
        if rules.stands_in(contact, _texts(row)):
            raise Refused(
                "This contact stands in the request itself: it leads back to whoever wrote it. Find another one, in a"
                " public register or on a site that you reached by yourself."
            )
        PersonalText.objects.bulk_create([text])
        check = RequestCheck.objects.create(request=row, person=person, at=now, words=text)
        writing = _writing(person, row, now)
        entry_id = writing.record("request_checked", {"request": row.pk, "check": check.pk})
        people = sorted(row.checks.values_list("person_id", flat=True))
        verified = len(people) >= rules.PEOPLE_TO_VERIFY
        if verified:
            row.verified_at = now
            row.save(update_fields=["verified_at"])
            entry_id = writing.record("request_verified", {"request": row.pk, "people": people})
            obligations.keep_all("check_request", _subject(row), now=now, proof_entry_id=entry_id)
        writing.finish(entry_id)
        return verified


def refuse_request(request_id: int, *, person_id: int, unfit: Unfit, reason: str, now: datetime) -> None:
    """Refuse a request, as another one than who typed it in. What it held back or kept ends.

    Of a request that two people didn't verify nobody outside is told. What it hid is hidden until people looked, as
    with any report: that look is owed. Raises Refused, NotFound, AlreadyDone.
    """
    if not reason.strip() or len(reason) > STATEMENT_LIMIT:
        raise Refused(f"Write why: one sentence is enough, and at most {STATEMENT_LIMIT} characters.")
    text = personal.seal("reason", reason, erase_after=now + store.active().erase_after("reason"))
    with transaction.atomic():
        person, row = trusted(person_id), _open(request_id)
        if row.entered_by_id == person.pk:
            raise Refused("Whoever entered a request doesn't refuse it: another one of the desk does.")
        PersonalText.objects.bulk_create([text])
        writing = _writing(person, row, now)
        row.unfit, row.reason = str(unfit), text
        _close(row, REFUSED, person, now)
        _end_holds(writing, row, person)
        hushing.end_silences(writing, row)
        entry_id = writing.record("request_refused", {"request": row.pk, "why": str(unfit)})
        writing.release("check_request", _subject(row), "refused")
        if row.verified_at is None:
            writing.release("answer_request", _subject(row), "not_verified")
        writing.finish(entry_id)


def keep_silent(request_id: int, *, person_id: int, until: datetime, ground: str, now: datetime) -> None:
    """Hold notices to account holders back until then, as a verified request orders. Raises Refused and others."""
    with transaction.atomic():
        person, row = trusted(person_id), _open(request_id)
        _ask(rules.Effect.SILENCE, row)
        longest = requests.orders_of(store.pack(row.pack_digest), row.regime).silence
        if longest is None:
            raise Refused(
                f"The policy pack names no time for which an order under {row.regime} may silence the desk."
            )
        if until.utcoffset() is None or not now < until <= now + longest:
            raise Refused(
                f"It ends in the future, after {longest.days} days at most: then it is asked for again."
            )
        if not ground.strip():
            raise Refused("Write the article of the law that forbids to tell: it stands in the log.")
        writing = _writing(person, row, now)
        hushing.silence(writing, row, person, until=until, ground=ground.strip())
        _grant(writing, row, person)


def grant_request(request_id: int, *, person_id: int, now: datetime) -> None:
    """Do what a verified request asks for: keep on, remove, or lift an earlier one. Raises Refused and others."""
    with transaction.atomic():
        person, row = trusted(person_id), _open(request_id)
        writing = _writing(person, row, now)
        removed: list[Item] = []
        match Asks(row.asks):
            case Asks.PRESERVE | Asks.EXTEND:
                if row.verified_at is None:
                    raise Refused(NOT_YET)
            case Asks.REMOVE:
                _ask(rules.Effect.REMOVE, row)
                removed = _remove(writing, row)
            case Asks.LIFT:
                _ask(rules.Effect.END_HOLD, row)
                _lift(writing, row, person)
            case Asks.SILENCE:
                raise Refused("Say until when, and on which ground.")
            case _:
                raise Refused("This is answered by a package that a second person agreed to.")
        grant(writing, row, person)
        for item in removed:  # as an order that was carried out: which one, its notice says
            writing.case = item.case
            tell_of_order(writing, item)
        writing.finish()


def request_answered(request_id: int, *, person_id: int, reference: str, now: datetime) -> None:
    """The authority was told what became of its request, by a contact that was verified. Raises Refused and others."""
    if not reference.strip():
        raise Refused("Write how, and under which reference: without it nobody can check that it was done.")
    with transaction.atomic():
        person = trusted(person_id)
        row = locked(request_id)
        if row.answered_at is not None:
            raise AlreadyDone("It was answered already.")
        if row.verified_at is None:
            raise Refused(
                "Nobody is answered whom two people didn't verify: it would tell an impostor what we have."
            )
        if row.closed_at is None:
            raise Refused("Decide about it first.")
        row.answered_at = now
        row.save(update_fields=["answered_at"])
        writing = _writing(person, row, now)
        seconds = int((now - row.received_at).total_seconds())
        entry_id = writing.record(
            "request_answered", {"request": row.pk, "outcome": row.outcome, "seconds": seconds}
        )
        obligations.keep_all(
            "answer_request",
            _subject(row),
            now=now,
            proof_entry_id=entry_id,
            reference=reference.strip()[:200],
        )
        writing.finish(entry_id)


def grant(writing: Writing, row: AuthorityRequest, person: Person) -> None:
    """Close an open request as granted, in the caller's transaction, which asked the rules."""
    _close(row, GRANTED, person, writing.now)
    writing.record("request_granted", {"request": row.pk, "asks": str(row.asks)})


def _grant(writing: Writing, row: AuthorityRequest, person: Person) -> None:
    grant(writing, row, person)
    writing.finish()


def _close(row: AuthorityRequest, outcome: str, person: Person, now: datetime) -> None:
    row.outcome, row.closed_at, row.closed_by = outcome, now, person
    row.save(update_fields=["outcome", "closed_at", "closed_by", "unfit", "reason"])


def _remove(writing: Writing, row: AuthorityRequest) -> list[Item]:
    """Take from everyone what an order names: items, one by one; never an account, nor what it didn't name.

    Those that this took.
    """
    removed = []
    for number in row.named.order_by("item_id").values_list("item_id", flat=True):
        item = lock(number)
        if item is None:
            continue
        writing.case = item.case
        drop_untold(writing, item, ["interim"])
        if want(writing, item, Visibility.GONE, why="order", due_at=writing.now + REMOVE_WITHIN):
            removed.append(item)
    writing.case = row.case
    return removed


def _lift(writing: Writing, row: AuthorityRequest, person: Person) -> None:
    earlier = row.earlier
    if earlier is None:
        raise Refused("It says no longer which request it lifts.")
    if earlier.regime != row.regime or earlier.country != row.country:
        raise Refused("Another authority's request is lifted by that authority alone.")
    _end_holds(writing, earlier, person)
    hushing.end_silences(writing, earlier)
    if earlier.asks == Asks.REMOVE and earlier.outcome == GRANTED:
        writing.owe(  # nothing comes back by itself: people look whether it may
            Owed(kind="look", subject=f"item:{number}", by=By.PEOPLE, due_at=writing.now + LOOK_SOON)
            for number in earlier.named.values_list("item_id", flat=True)
        )


def _end_holds(writing: Writing, row: AuthorityRequest, person: Person) -> None:
    for one in row.holds.select_related("hold__case").filter(hold__released_at__isnull=True):
        end_hold(writing, one.hold, person)


def _texts(row: AuthorityRequest) -> list[str]:
    """All that a request says, and the one that it extends or lifts. Raises Refused where it was erased."""
    found: list[str] = []
    asked: AuthorityRequest | None = row
    while asked is not None:
        if asked.words is None and asked is row:
            raise Refused(
                "The words of this request were erased: nothing shows any more which contacts it gave."
            )
        for said in requests.open_text(asked.words).values():
            found += said if isinstance(said, list) else [str(said)]
        asked = asked.earlier
    return found


def _ask(effect: rules.Effect, row: AuthorityRequest) -> None:
    if row.verified_at is None:
        raise Refused(NOT_YET)
    if not rules.may(effect, requests.standing_of(row)):
        raise Refused("This is not what the request asks for.")


def locked(request_id: int) -> AuthorityRequest:
    """A request, locked. Raises NotFound."""
    rows = AuthorityRequest.objects.select_for_update(of=("self",)).select_related("words", "case", "earlier")
    row = rows.filter(pk=request_id).first()
    if row is None:
        raise NotFound(f"There is no request {request_id}.")
    return row


def _open(request_id: int) -> AuthorityRequest:
    row = locked(request_id)
    if row.closed_at is not None:
        raise AlreadyDone("Somebody decided about this request already.")
    return row


def _subject(row: AuthorityRequest) -> str:
    return f"authority_request:{row.pk}"


def _writing(person: Person, row: AuthorityRequest, now: datetime) -> Writing:
    return Writing(actor=f"person:{person.pk}", now=now, cause=_subject(row), case=row.case)
