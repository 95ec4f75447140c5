"""People on call for what floods bring: thousands of judgements, through the commands, not through pages.

A process of its own on the replay's desk. It reads one order a line, JSON, and answers one line. It looks and
judges as the console does, with the same commands, rules and log entries; only the pages are left out.
"""

import json
import sys
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from answerable.cases.inputs import ReviewIn

BATCH = 10
"""Items judged in one go: each go is one transaction, and SQLite has one writer."""


def run() -> None:
    """Answer orders until the end of input."""
    from answerable.settings.start import prepare  # noqa: PLC0415

    prepare()
    for line in sys.stdin:
        order = json.loads(line)
        print(json.dumps(obey(order)), flush=True)


def obey(order: dict[str, Any]) -> dict[str, int]:
    """`{"person": "Ravi", "violating": [item, ...], "duties": bool, "within_minutes": 20}`: all that waits for them."""
    from answerable import clock  # noqa: PLC0415
    from answerable.cases.models import Person  # noqa: PLC0415
    from answerable.cases.queries.queue import rows  # noqa: PLC0415

    person = Person.objects.get(pseudonym=order["person"])
    now = clock.now()
    soon = now + timedelta(minutes=order["within_minutes"])
    found = [row for row in rows(person, now=now) if row.due_at <= soon]
    items = [row.pk for row in found if row.page == "item"]
    duties = [row.pk for row in found if row.page == "duty"] if order["duties"] else []
    judged = sum(judge(person.pk, part, set(order["violating"]), now) for part in _parts(items))
    return {"judged": judged, "kept": sum(keep(person.pk, pk) for pk in duties)}


def judge(person_id: int, items: list[int], violating: set[int], began_at: datetime) -> int:
    """Look at each of these items, then judge each; how many judgements were taken."""
    from answerable import clock  # noqa: PLC0415
    from answerable.cases import commands  # noqa: PLC0415
    from answerable.cases.inputs import AlreadyDone, ReviewIn  # noqa: PLC0415
    from answerable.cases.models import Item  # noqa: PLC0415
    from answerable.policy import store  # noqa: PLC0415
    from answerable.policy.words import Age, Verdict  # noqa: PLC0415

    commands.look_at(items, person_id=person_id, revealed=True, now=began_at)
    contents: dict[tuple[bool, str], list[int]] = {}
    for item in Item.objects.select_related("case").filter(pk__in=items, case__isnull=False):
        if item.content_id is not None and item.case is not None:
            clause = store.pack(item.case.pack_digest).harm(item.case.harm).clauses[0].id
            contents.setdefault((item.pk in violating, clause), []).append(item.content_id)
    taken = 0
    for (is_violating, clause), content_ids in contents.items():
        review = ReviewIn(
            content_ids=tuple(content_ids),
            person_id=person_id,
            verdict=Verdict.VIOLATING if is_violating else Verdict.NOT_VIOLATING,
            age=Age.CHILD if is_violating else Age.UNSURE,
            clause=clause,
            reason="Judged in the replay.",
            began_at=began_at,
        )
        try:
            taken += len(commands.review(review, now=clock.now()))
        except AlreadyDone:
            if len(content_ids) > 1:  # one of them was decided meanwhile: take the others by themselves
                taken += sum(_one(review, content_id) for content_id in content_ids)
    return taken


def _one(review: "ReviewIn", content_id: int) -> int:
    """Give the same judgement of one content alone; 0 where it was decided meanwhile."""
    from answerable import clock  # noqa: PLC0415
    from answerable.cases import commands  # noqa: PLC0415
    from answerable.cases.inputs import AlreadyDone  # noqa: PLC0415

    try:
        return len(commands.review(replace(review, content_ids=(content_id,)), now=clock.now()))
    except AlreadyDone:
        return 0


def keep(person_id: int, obligation_id: int) -> int:
    """Mark one duty kept; 0 where somebody was faster."""
    from answerable import clock  # noqa: PLC0415
    from answerable.cases import commands  # noqa: PLC0415
    from answerable.cases.inputs import Refused  # noqa: PLC0415

    try:
        commands.mark_kept(
            obligation_id, person_id=person_id, reference=f"REPLAY-{obligation_id}", now=clock.now()
        )
    except Refused:
        return 0
    return 1


def _parts(items: list[int]) -> Iterable[list[int]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]
