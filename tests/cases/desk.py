"""A desk at work, for tests of commands: short words for what its people and its platform do."""

import hashlib
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from answerable.cases import commands
from answerable.cases.inputs import Filed, ItemIn, Link, MatchIn, Prints, ReportIn, Reviewed, ReviewIn
from answerable.cases.models import Item, Person
from answerable.obligations.models import Obligation
from answerable.policy import baseline, store
from answerable.policy.words import Age, CopyKind, Relation, Verdict, Visibility

CLAUSES = {"csam": "csam.depiction", "ncii": "ncii.shared"}


def prints(name: str, pdq: int | None = None) -> Prints:
    """The fingerprints of a file of that name; `pdq` sets that many low bits of an else empty hash."""
    sha256 = hashlib.sha256(name.encode()).hexdigest()
    md5 = hashlib.md5(name.encode()).hexdigest()
    whole = None if pdq is None else ((1 << pdq) - 1).to_bytes(32, "big")
    return Prints(sha256=sha256, md5=md5, pdq=whole, pdq_quality=None if pdq is None else 100)


class Clock:
    """The time of a test: it moves only when told."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def pass_(self, **by: float) -> datetime:
        """Let time pass, and give the new time."""
        self.now += timedelta(**by)
        return self.now


class TestDesk:
    """Uri's uploads, Dana's reports, the reviewers' judgements, as the doors would hand them to commands."""

    __test__ = False

    def __init__(self, now: datetime) -> None:
        self.clock = Clock(now)
        with transaction.atomic():
            store.activate(baseline(), now)

    def upload(self, ref: str, *, file: str | None = None, account: str = "uri", **facts: Any) -> Item:
        """Register an upload; returns its item."""
        fingerprints = facts.pop("prints", None) or prints(file or ref)
        item_in = ItemIn(
            platform="sample",
            ref=ref,
            account_ref=account,
            url=f"http://127.0.0.1:8402/p/{ref}",
            prints=fingerprints,
            **facts,
        )
        registered = commands.register_item(item_in, now=self.clock.now)
        return Item.objects.get(pk=registered.item_id)

    def report(self, *refs: str, harm: str = "csam", age: Age = Age.CHILD, **facts: Any) -> Filed:
        """File a report that names these items."""
        facts.setdefault("relation", Relation.DEPICTED)
        kind = facts.pop("kind", "image")
        links = tuple(Link(f"http://127.0.0.1:8402/p/{ref}", "sample", ref, kind) for ref in refs)
        return commands.file_report(ReportIn(harm=harm, age=age, links=links, **facts), now=self.clock.now)

    def judge(
        self,
        person: Person,
        item: Item | str,
        verdict: Verdict,
        *,
        age: Age = Age.CHILD,
        clause: str = "csam.depiction",
        **facts: Any,
    ) -> Reviewed:
        """One person's judgement of an item's present content."""
        row = self.item(item) if isinstance(item, str) else self.item(item.ref)
        assert row.content_id is not None
        facts.setdefault("began_at", self.clock.now)
        review_in = ReviewIn(
            content_ids=(row.content_id,),
            person_id=person.pk,
            verdict=verdict,
            age=age,
            clause=clause,
            reason="as the clause says",
            **facts,
        )
        return commands.review(review_in, now=self.clock.now)[0]

    def yes(self, person: Person, item: Item | str, **facts: Any) -> Reviewed:
        """`violating`."""
        return self.judge(person, item, Verdict.VIOLATING, **facts)

    def no(self, person: Person, item: Item | str, **facts: Any) -> Reviewed:
        """`not_violating`."""
        return self.judge(person, item, Verdict.NOT_VIOLATING, **facts)

    def find_copies(self, ref: str, **distances: int) -> int:
        """Let the worker find these copies of an item: `ref=distance`, 0 for the identical file."""
        obligation = Obligation.objects.get(
            kind="find_copies", subject=f"item:{self.item(ref).pk}", state="owed"
        )
        matches = []
        for other, distance in distances.items():
            kind = CopyKind.NEAR if distance else CopyKind.EXACT
            matches.append(MatchIn(self.item(other).content_id or 0, kind, distance))
        return commands.copies_found(
            self.item(ref).pk, matches=matches, obligation_id=obligation.pk, now=self.clock.now
        )

    def platform_obeys(self) -> None:
        """The worker made every item as wanted, and looked."""
        for item in Item.objects.exclude(wanted_serial=0):
            commands.item_seen(
                item.pk,
                visibility=Visibility(item.wanted),
                serial=item.wanted_serial,
                asked_at=self.clock.now,
                acknowledged_at=self.clock.now,
                seen_at=self.clock.now,
                now=self.clock.now,
            )

    def item(self, ref: str) -> Item:
        """The item as it is now."""
        return Item.objects.select_related("case", "content").get(platform="sample", ref=ref)

    def wanted(self, ref: str) -> str:
        """The visibility wanted for an item now."""
        return self.item(ref).wanted

    def owed(self, ref: str | None = None) -> set[str]:
        """The kinds owed, of one item or in all."""
        rows = Obligation.objects.filter(state="owed")
        if ref is not None:
            number = Item.objects.values_list("pk", flat=True).get(platform="sample", ref=ref)
            rows = rows.filter(subject=f"item:{number}")
        return set(rows.values_list("kind", flat=True))
