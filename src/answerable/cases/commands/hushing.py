"""Telling account holders waits while a verified authority's order says so, and no longer (rules 16 and 23)."""

from datetime import datetime, timedelta

from answerable.cases.commands.writing import Writing
from answerable.cases.models import AuthorityRequest, Item, Notice, Person, RequestSilence
from answerable.cases.queries import requests
from answerable.obligations import Owed
from answerable.obligations.models import Obligation
from answerable.obligations.owed import BY_HAND, by_hand
from answerable.policy.words import By

TELL_WITHIN = timedelta(hours=24)
TELL = "tell_holder"


def silence(
    writing: Writing, row: AuthorityRequest, person: Person, *, until: datetime, ground: str
) -> RequestSilence:
    """Let every notice about what a verified request covers wait until then. The caller asked the rules."""
    made = RequestSilence.objects.create(
        request=row, placed_at=writing.now, placed_by=person, until=until, ground=ground[:200]
    )
    writing.record(
        "notices_silenced",
        {
            "request": row.pk,
            "silence": made.pk,
            "until": until.isoformat(timespec="seconds"),
            "ground": made.ground,
        },
    )
    for notice in requests.untold_notices(requests.items_of(row)):
        keep_back(writing, notice, notice.item)
    return made


def keep_back(writing: Writing, notice: Notice, item: Item) -> bool:
    """Let one notice wait for as long as an order forbids it, and log that. Whether one does."""
    standing = requests.silences(item, writing.now).order_by("-until").first()
    if standing is None:
        return False
    owed = _owed(notice.pk)
    if owed is None or (
        owed.kind == TELL and owed.not_before is not None and owed.not_before >= standing.until
    ):
        return owed is not None
    was = owed.not_before
    params = {**owed.params, "silenced": standing.pk, "was": was.isoformat() if was is not None else None}
    writing.release(TELL, owed.subject.partition("/")[0], "silenced")
    writing.record(
        "notice_delayed",
        {
            "notice": notice.pk,
            "item": item.pk,
            "ground": standing.ground,
            "until": standing.until.isoformat(timespec="seconds"),
        },
        case_id=item.case_id,
    )
    writing.owe([_telling(notice, item, owed, standing.until + TELL_WITHIN, standing.until, params)])
    return True


def end_silences(writing: Writing, row: AuthorityRequest) -> None:
    """End what a request ordered before its day: what waited only for it is told, as the policy pack times it."""
    ending = list(row.silences.filter(ended_at__isnull=True, until__gt=writing.now))
    for one in ending:
        one.ended_at = writing.now
        one.save(update_fields=["ended_at"])
        writing.record("notices_unsilenced", {"request": row.pk, "silence": one.pk})
    numbers = {one.pk for one in ending}
    for notice in requests.untold_notices(requests.items_of(row) if ending else []):
        owed = _owed(notice.pk)
        if owed is None or owed.params.get("silenced") not in numbers:
            continue
        was = owed.params.get("was")
        wait = max(writing.now, datetime.fromisoformat(was)) if was else None
        params = {name: owed.params[name] for name in owed.params if name not in ("silenced", "was")}
        writing.release(TELL, owed.subject, "superseded")
        due_at = (wait or writing.now) + TELL_WITHIN
        writing.owe([_telling(notice, notice.item, owed, due_at, wait, params)])


def is_silenced(obligation: Obligation, now: datetime) -> bool:
    """Whether what a person would do by hand tells an account holder what an order forbids to tell now."""
    if obligation.kind != BY_HAND or obligation.params.get("kind") != TELL:
        return False
    number = int(obligation.subject.partition("/")[0].partition(":")[2])
    return requests.silences(Notice.objects.select_related("item").get(pk=number).item, now).exists()


def _owed(notice_id: int) -> Obligation | None:
    """What is owed of a notice, by the worker or by hand in its place."""
    subject = f"notice:{notice_id}"
    rows = Obligation.objects.select_for_update().filter(state="owed")
    mine = rows.filter(kind=TELL, subject=subject).first()
    return mine or rows.filter(kind=BY_HAND, subject=by_hand(TELL, subject)).first()


def _telling(
    notice: Notice,
    item: Item,
    owed: Obligation,
    due_at: datetime,
    not_before: datetime | None,
    params: dict[str, object],
) -> Owed:
    return Owed(
        kind=TELL,
        subject=f"notice:{notice.pk}",
        by=By.WORKER,
        due_at=due_at,
        not_before=not_before,
        platform=item.platform,
        regime=owed.regime,
        params=params,
    )
