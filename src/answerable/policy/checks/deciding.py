"""Who may decide what: rules 6, 8, 10, 12 and 13, as a pack can break them."""

from collections.abc import Iterator

from answerable.policy.checks.lists import is_claimed
from answerable.policy.checks.places import cases, every_entry, names_in, true_of
from answerable.policy.errors import Hole
from answerable.policy.pack import Pack
from answerable.policy.shapes import Harm, ListMatch, Refusal
from answerable.policy.source import Path
from answerable.policy.words import Age, By, Event, Interim

YOUNG = frozenset({Age.CHILD, Age.UNSURE})
CHILD_HARM = "csam"
NEEDED_HARMS = (CHILD_HARM, "ncii")

BY_PEOPLE = frozenset(
    {
        "look",
        "decide",
        "second_look",
        "settle_tie",
        "read_answer",
        "judge_account",
        "answer_danger",
        "decide_appeal",
        "decide_complaint",
        "confirm_ending",
        "emergency_duty",
    }
)
BY_OTHERS = frozenset({"second_look", "settle_tie", "read_answer", "decide_appeal", "decide_complaint"})

# Of copies the worker hides, limits, removes and blocks, as `copies` and the decision say; the entries say how fast.
OF_COPIES = frozenset({"hide", "limit", "remove", "block_identical"})
OWN_DECIDING = "own.confirmed_by_two"

PLATFORMS_OWN = "hma"

# What may follow from which events only: a reporter's words never decide, and no act on an account follows
# from a report alone.
_AFTER_A_DECISION = frozenset(
    {Event.ON_VIOLATING, Event.ON_CONFIRMED_BY_TWO, Event.ON_COPY, Event.ON_OFFENDER}
)
ONLY_AFTER: dict[str, frozenset[Event]] = {
    "remove": _AFTER_A_DECISION,
    "block_identical": _AFTER_A_DECISION,
    "capture": frozenset({Event.ON_VIOLATING}),
    "remove_if_undecided": frozenset({Event.ON_COMPLETE_REQUEST}),
    "restore": frozenset({Event.ON_NOT_VIOLATING, Event.ON_OVERTURNED}),
    "unblock": frozenset({Event.ON_NOT_VIOLATING, Event.ON_OVERTURNED}),
    "lift_account_effects": frozenset({Event.ON_NOT_VIOLATING, Event.ON_OVERTURNED}),
    "suspend_account": frozenset({Event.ON_OFFENDER}),
    "search_account": frozenset({Event.ON_OFFENDER}),
    "judge_account": _AFTER_A_DECISION,
    "report_authority": _AFTER_A_DECISION,
    "destroy_preserved": frozenset({Event.ON_FILED, Event.ON_VIOLATING}),
    "correct_authority": frozenset({Event.ON_OVERTURNED}),
}


def holes(pack: Pack) -> Iterator[Hole]:
    """Every way in which this pack lets the wrong one decide."""
    for name in NEEDED_HARMS:
        if name not in pack.harms:
            yield pack.source.hole(("harms",), f"the harm {name!r} is missing")
    for harm_id, harm in pack.harms.items():
        path: Path = ("harms", harm_id)
        yield from _refusals(pack, path, harm)
        yield from _confirming(pack, path, harm)
        yield from _exceptions(pack, path, harm_id, harm)
        yield from _clauses(pack, path, harm_id, harm)
        yield from _interim(pack, path, harm_id, harm)
    yield from _entries(pack)


def _refusals(pack: Pack, path: Path, harm: Harm) -> Iterator[Hole]:
    yield from _complete(pack, (*path, "refuse"), harm.refuse)
    if harm.refuse.people < 2:
        yield pack.source.hole(
            (*path, "refuse", "people"),
            "a refusal for a child or an unsure age takes two qualified people at least",
        )
    if harm.refuse_adult is None:
        return
    yield from _complete(pack, (*path, "refuse_adult"), harm.refuse_adult)
    if Age.ADULT not in harm.ages:
        yield pack.source.hole((*path, "refuse_adult"), "this harm has no adults")


def _complete(pack: Pack, path: Path, rule: Refusal) -> Iterator[Hole]:
    if (rule.complete or rule.people) < 2:
        yield pack.source.hole(
            path,
            "a refusal of a complete removal request takes two qualified people: write `complete: 2`",
        )


def _confirming(pack: Pack, path: Path, harm: Harm) -> Iterator[Hole]:
    if harm.confirm.people != 1:
        yield pack.source.hole(
            (*path, "confirm", "people"),
            "one qualified person's `violating` removes, and a second one is always asked: write `people: 1`",
        )
    seen: set[str] = set()
    for index, match in enumerate(harm.confirm.or_match):
        place = (*path, "confirm", "or_match", index)
        if match.exact is not True:
            yield pack.source.hole(place, f"a match with {match.list!r} decides only where it is exact")
        if match.list in seen:
            yield pack.source.hole(place, f"{match.list!r} stands there twice")
        seen.add(match.list)
        if match.clause is not None and all(match.clause != clause.id for clause in harm.clauses):
            yield pack.source.hole(place, f"this harm has no clause {match.clause!r}")
        why_not = _may_not_decide(pack, match)
        if why_not:
            yield pack.source.hole(place, f"{match.list!r} {why_not}")


def _may_not_decide(pack: Pack, match: ListMatch) -> str:
    """Why a list may not decide (rules 6 and 8); empty where it may."""
    first = match.list.split(".", maxsplit=1)[0]
    if first == "own":
        return "" if match.list == OWN_DECIDING else "was not confirmed by two people: it can't decide"
    if is_claimed(match.list):
        return "is what people said, unseen: it can't decide"
    if first == PLATFORMS_OWN:
        return "is a bank that the platform fills itself: it asks for a look, and can't decide"
    if not pack.trusts(match.list):
        return "decides, and is not refused at upload: write it under `lists`, with `exact: block`"
    return ""


def _exceptions(pack: Pack, path: Path, harm_id: str, harm: Harm) -> Iterator[Hole]:
    if harm_id == CHILD_HARM and harm.exceptions:
        yield pack.source.hole((*path, "exceptions"), "there is no exception to sexual images of a child")
    for index, exception in enumerate(harm.exceptions):
        place = (*path, "exceptions", index)
        if exception.by is By.WORKER:
            yield pack.source.hole(place, f"the exception {exception.id!r} is open to a machine")
        if exception.people < 2:
            yield pack.source.hole(place, f"the exception {exception.id!r} is open to one person alone")
        if not set(exception.ages) <= set(harm.ages):
            yield pack.source.hole(
                place, f"the exception {exception.id!r} is for an age that this harm doesn't have"
            )


def _clauses(pack: Pack, path: Path, harm_id: str, harm: Harm) -> Iterator[Hole]:
    seen: set[str] = set()
    for field in ("clauses", "exceptions"):
        for index, part in enumerate(getattr(harm, field)):
            place = (*path, field, index, "id")
            if not part.id.startswith(f"{harm_id}."):
                yield pack.source.hole(place, f"{part.id!r} begins with the name of its harm: {harm_id}.…")
            if part.id in seen:
                yield pack.source.hole(place, f"{part.id!r} stands there twice")
            seen.add(part.id)


def _interim(pack: Pack, path: Path, harm_id: str, harm: Harm) -> Iterator[Hole]:
    if harm.interim[-1].when is not None:
        yield pack.source.hole(
            (*path, "interim"), "the last entry of `interim` has no `when`: there must be an answer"
        )
    for index, entry in enumerate(harm.interim[:-1]):
        if entry.when is None:
            yield pack.source.hole(
                (*path, "interim", index), "nothing after this entry is ever reached: it has no `when`"
            )
    if harm_id == CHILD_HARM and not set(harm.ages) >= YOUNG:
        yield pack.source.hole((*path, "ages"), "this harm is about children: child and unsure belong to it")
    if harm.ages and (Age.CHILD in harm.ages) != (Age.UNSURE in harm.ages):
        yield pack.source.hole((*path, "ages"), "unsure is treated as child: name both or neither")
    if harm.copies.then is Interim.HIDE:
        yield pack.source.hole(
            (*path, "copies", "then"), "beyond `up_to` copies are limited or looked at, not hidden"
        )


def _without_media(when: str | None) -> bool:
    """Whether an entry can hold where the item is no media."""
    return any(true_of(when, facts) for facts in cases({"media": (False,)}, names_in([when])))


def _entries(pack: Pack) -> Iterator[Hole]:
    for path, entry in every_entry(pack):
        event = Event(str(path[-2]))
        if entry.do in BY_PEOPLE and entry.by is By.WORKER:
            yield pack.source.hole(path, f"{entry.do!r} is for people: write `by: people`")
        if entry.do in BY_OTHERS and entry.by is not By.OTHER_PEOPLE:
            yield pack.source.hole(
                path, f"{entry.do!r} is for those who had no part in it: write `by: other_people`"
            )
        if event is Event.ON_COPY and entry.by is By.WORKER and entry.do not in OF_COPIES:
            yield pack.source.hole(
                path, f"{entry.do!r} is not done for a copy: only {', '.join(sorted(OF_COPIES))}, and looks"
            )
        if entry.do == "remove_if_undecided" and _without_media(entry.when):
            yield pack.source.hole(path, "only media are removed undecided, a text waits for people (rule 5)")
        allowed = ONLY_AFTER.get(entry.do)
        if allowed is not None and event not in allowed:
            where = ", ".join(sorted(allowed))
            yield pack.source.hole(path, f"{entry.do!r} never follows from {event.value}: only from {where}")
