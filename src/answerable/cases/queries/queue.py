"""What waits for people: one row per item, message, account or duty, in order of what is due (rule 10).

A second review looks exactly like a first. So the row of an item depends on nothing that a reviewer did in
the present round: all obligations to judge it make one row, with one wording, and its time is that of the
first look that was owed in this round, kept or not. Whoever may still judge an item of a case sees of that
case nothing that follows from judgements.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from answerable.cases.kinds import BY_JUDGING
from answerable.cases.models import Case, Item, Person, Review
from answerable.cases.queries.people import is_custodian, may_handle
from answerable.cases.queries.standing import Standing, may_read_answer, may_see, standing
from answerable.cases.queries.taking_part import had_part_in_account
from answerable.obligations.models import Obligation
from answerable.policy.words import By

FIRST_ASKED = BY_JUDGING - {"second_look", "settle_tie"}
"""Those that are owed whether or not anybody judged."""
OF_CUSTODIANS = frozenset({"agree_evidence", "open_evidence"})
"""Handing out evidence: the first for every custodian but who asked, the second for who asked."""
OF_TWO = frozenset({"agree_contact", "open_contact", "agree_erasure"})
"""What takes two: those that agree for everybody but who asked, the others for who asked."""
OF_REQUESTS = frozenset({"check_request", "answer_request"})
"""Authorities' requests: for whoever may verify and answer them."""
BEFORE_A_LOOK = (
    OF_TWO
    | OF_REQUESTS
    | frozenset(
        {
            "answer_danger",
            "emergency_duty",
            "read_answer",
            "read_report",
            "page_people",
            "confirm_ending",
            "erase_words",
        }
    )
)
"""Duties that follow from what was reported, not from a judgement: a blind reviewer may see them."""
FOR_WHOEVER_IS_ON_CALL = frozenset({"answer_danger", "emergency_duty"})
"""Duties that a page calls somebody to: calling a person in danger takes no qualification to see images (rule 19)."""
OWN_PAGE = {
    "read_answer": "report",
    "judge_account": "account",
    "agree_evidence": "evidence",
    "open_evidence": "evidence",
    "check_request": "request",
    "answer_request": "request",
}
"""Duties that are done where their subject is shown; the others have a page of their own."""
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Row:
    """One thing to do. `page` and `pk` say where it is done; `kind` is `judge` for every judgement."""

    page: str
    pk: int
    kind: str
    case_id: int | None
    harm: str
    due_at: datetime
    regime: str = ""

    def is_late(self, now: datetime) -> bool:
        """Whether its time has passed."""
        return now > self.due_at


@dataclass(frozen=True, slots=True)
class _Owed:
    pk: int
    kind: str
    by: str
    subject: str
    case_id: int | None
    due_at: datetime
    regime: str
    params: Mapping[str, object]

    @property
    def tells_nothing(self) -> bool:
        """Whether it follows from what was reported alone, so that it betrays no judgement."""
        by_hand = self.kind == "do_by_hand" and self.params.get("kind") in ("hide", "limit")
        return by_hand or self.kind in BEFORE_A_LOOK

    def moved(self, root: Mapping[int, int]) -> "_Owed":
        """The same, in the case that its own was joined into."""
        return self if self.case_id is None else replace(self, case_id=root.get(self.case_id, self.case_id))

    @property
    def place(self) -> tuple[str, int]:
        """The table and the number that the subject names: "item:42", or "case_regime:12/us"."""
        name, _, rest = self.subject.partition(":")
        return name, int(rest.partition("/")[0])


def rows(person: Person, *, now: datetime) -> list[Row]:
    """What this person may keep now, first what is due first."""
    root = roots()
    owed = [one.moved(root) for one in _owed(now)]
    cases = Case.objects.in_bulk({o.case_id for o in owed if o.case_id is not None})
    qualified = {case.pk for case in cases.values() if may_see(person, case)}
    found = _judgements(person, owed)
    blind_cases = {row.case_id for row in found}
    judged = Review.objects.filter(person=person).values_list("case_id", flat=True).distinct()
    part = {root.get(case_id, case_id) for case_id in judged}
    for duty in owed:
        if duty.kind in BY_JUDGING:
            continue
        if duty.kind in OF_TWO and (duty.params["asked_by"] == person.pk) != (duty.kind == "open_contact"):
            continue
        if duty.kind in OF_CUSTODIANS and not _is_for(person, duty):
            continue
        if duty.kind in OF_REQUESTS and not may_handle(person):
            continue
        called = (
            duty.kind in OF_CUSTODIANS | OF_REQUESTS
            or (person.on_call and duty.kind in FOR_WHOEVER_IS_ON_CALL)
            or duty.kind == "open_contact"
        )
        if duty.case_id is not None and duty.case_id not in qualified and not called:
            continue
        if duty.case_id in blind_cases and not duty.tells_nothing:
            continue
        if duty.kind == "read_answer":
            if not may_read_answer(person, duty.place[1]):
                continue
        elif duty.kind == "judge_account" and duty.by == By.OTHER_PEOPLE:
            if had_part_in_account(person, Obligation.objects.get(pk=duty.pk)):
                continue
        elif duty.by == By.OTHER_PEOPLE and duty.case_id in part:
            continue
        found.append(_duty_row(duty, cases))
    return sorted(found, key=lambda row: (row.due_at, row.page, row.pk))


def may_see_judgements(person: Person, case: Case, *, now: datetime) -> bool:
    """Whether others' judgements in this case, and what follows from them, may be shown to this person."""
    return not blind_items(person, case, now=now)


def settles(person: Person, item: Item, *, now: datetime) -> bool:
    """Whether a judgement by this person would settle what two judged differently. Never shown to anybody."""
    owed = {o.kind for o in _owed(now, subjects=[f"item:{item.pk}"])}
    position = standing(person, [item]).get(item.pk)
    return "settle_tie" in owed and position is not None and position.may_settle


def blind_items(person: Person, case: Case, *, now: datetime) -> list[int]:
    """Items of this case that wait for a judgement which this person may give, by number."""
    numbers = case.items.values_list("pk", flat=True)  # a join moves items, not obligations
    owed = _owed(now, subjects=[f"item:{number}" for number in numbers])
    return sorted(row.pk for row in _judgements(person, owed))


def roots() -> dict[int, int]:
    """Where joined cases went, by number: the case that stands in the end."""
    into = dict(Case.objects.exclude(joined_into=None).values_list("pk", "joined_into_id"))
    found: dict[int, int] = {}
    for case_id in into:
        end = case_id
        while (following := into.get(end)) is not None:
            end = following
        found[case_id] = end
    return found


def _owed(now: datetime, *, subjects: Collection[str] | None = None) -> list[_Owed]:
    """What people owe now; of all that, or about these subjects."""
    open_ones = Obligation.objects.filter(state="owed", by__in=[By.PEOPLE, By.OTHER_PEOPLE])
    if subjects is not None:
        open_ones = open_ones.filter(subject__in=subjects)
    columns = ("pk", "kind", "by", "subject", "case_id", "due_at", "regime", "params")
    values = open_ones.exclude(not_before__gt=now).values_list(*columns)
    return [_Owed(*value) for value in values]


def _judgements(person: Person, owed: Iterable[_Owed]) -> list[Row]:
    """One row per item that waits for a judgement which this person may give."""
    waiting: dict[int, list[_Owed]] = {}
    for one in owed:
        if one.kind in BY_JUDGING and one.place[0] == "item":
            waiting.setdefault(one.place[1], []).append(one)
    items = Item.objects.select_related("case").filter(pk__in=waiting)
    positions = standing(person, items)
    allowed = {
        item.pk: item
        for item in items
        if item.pk in positions and _may_judge(positions[item.pk], waiting[item.pk])
    }
    due = _first_due(allowed, waiting)
    return [
        Row("item", pk, "judge", item.case_id, item.case.harm if item.case else "", due[pk])
        for pk, item in allowed.items()
    ]


def _may_judge(position: Standing, owed: list[_Owed]) -> bool:
    """A tie takes a lead who has not seen the case; without one, anybody who is qualified and may judge."""
    if any(o.kind == "settle_tie" for o in owed):
        return position.may_settle
    return position.may_judge


def _first_due(items: Mapping[int, Item], waiting: Mapping[int, list[_Owed]]) -> dict[int, datetime]:
    """When the first look of the present round was due, whether or not it was kept since."""
    began: dict[int, datetime] = {}
    earlier = Review.objects.filter(content__item__in=items).values_list("content__item_id", "round", "at")
    for item_id, number, at in earlier:
        if number < items[item_id].round:
            began[item_id] = max(at, began.get(item_id, _BEGINNING))
    due: dict[int, datetime] = {}
    subjects = {f"item:{pk}": pk for pk in items}
    asked = Obligation.objects.filter(kind__in=FIRST_ASKED, subject__in=list(subjects))
    for subject, owed_at, due_at in asked.values_list("subject", "owed_at", "due_at"):
        pk = subjects[subject]
        if owed_at >= began.get(pk, _BEGINNING):
            due[pk] = min(due_at, due.get(pk, due_at))
    return {pk: due.get(pk) or min(o.due_at for o in waiting[pk]) for pk in items}


def _is_for(person: Person, duty: _Owed) -> bool:
    """Whether a custodian's duty is this one's."""
    asked = duty.params["asked_by"] == person.pk
    return is_custodian(person) and asked == (duty.kind == "open_evidence")


def _duty_row(duty: _Owed, cases: Mapping[int, Case]) -> Row:
    case = cases.get(duty.case_id) if duty.case_id is not None else None
    harm = case.harm if case is not None else ""
    name, number = duty.place
    page = OWN_PAGE.get(duty.kind, "duty")
    there = page == name or duty.kind in OF_CUSTODIANS | OF_REQUESTS
    return Row(page, number if there else duty.pk, duty.kind, duty.case_id, harm, duty.due_at, duty.regime)
