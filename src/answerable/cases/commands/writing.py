"""One command's transaction: what it owes and what it records, in the order in which it happened."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Q

from answerable import audit, obligations
from answerable.cases.kinds import AT_ONCE, KEPT_APART, SUBJECTS, is_media
from answerable.cases.models import Case, Item, KnownChange, Report
from answerable.db.rows import insert
from answerable.obligations import Owed
from answerable.policy import Do, Facts, Pack, store
from answerable.policy.words import Age, By, Danger, Relation
from answerable.settings.config import config

KNOWN_CHANGE_LOCK = 0x616E7377
"""PostgreSQL advisory lock: held from taking a `seq` to commit."""
TOLD = frozenset({"acknowledge", "tell_reporter", "tell_holder"})
"""Kinds that put words before somebody: owed together with the words."""
RELEASED_AT_ONCE = 200
"""Releases that one entry of the log can hold."""


@dataclass(slots=True)
class Writing:
    """What one command writes: who acts, when, and what follows. Lives inside one transaction."""

    actor: str
    now: datetime
    cause: str
    case: Case | None = None
    gathers: bool = False
    """Whether entries wait for `write_down`, all in one statement. Who makes such a one must call `finish`."""
    known_changes: list[KnownChange] = field(default_factory=list)
    """What this command puts on our hash lists or takes off them, in order; written by `finish`, last of all."""
    _last_entry_id: int = 0
    _gathered: list[audit.Said] = field(default_factory=list)
    _owed: list[tuple[Case | None, Owed]] = field(default_factory=list)
    _released: list[tuple[int | None, dict[str, object]]] = field(default_factory=list)

    def record(self, kind: str, event: Mapping[str, object], *, case_id: int | None = None) -> int:
        """Append to the audit log; the entry's number, or 0 while it gathers."""
        in_case = case_id if case_id is not None else (self.case.pk if self.case else None)
        if self.gathers:
            self._gathered.append(audit.Said(kind, self.actor, self.now, in_case, event))
            return 0
        entry = audit.append(kind, actor=self.actor, now=self.now, case_id=in_case, event=event)
        self._last_entry_id = int(entry.pk)
        return self._last_entry_id

    def write_down(self) -> dict[str, int]:
        """Append what was gathered, in its order; by kind, the number of its last entry. Gathers no more."""
        entries = audit.append_all(self._gathered)
        self.gathers, self._gathered = False, []
        if entries:
            self._last_entry_id = int(entries[-1].pk)
        return {entry.kind: int(entry.pk) for entry in entries}

    def owe(self, owed: Iterable[Owed]) -> None:
        """Note what this command owes, in the case that it is about now; written by `finish`."""
        self._owed.extend((self.case, one) for one in owed)

    def release(self, kinds: str | Collection[str], subject: str, reason: str) -> int:
        """Release what is owed to a subject of these kinds; `finish` puts it into the log (rule 21)."""
        count = obligations.release_all(kinds, subject, reason, self.now)
        if count:
            names = [kinds] if isinstance(kinds, str) else sorted(kinds)
            released = {"subject": subject, "kinds": names, "reason": reason, "count": count}
            self._released.append((self.case.pk if self.case else None, released))
        return count

    def finish(self, entry_id: int | None = None) -> list[str]:
        """Write what is owed and what was released. What is kept at once gets `entry_id`, else the last entry of
        what happened, as its proof.

        Returns the kinds owed, those kept at once included.
        """
        entry_id = entry_id or self._last_entry_id
        self._record_released()
        self.write_down()
        kinds = [one.kind for _, one in self._owed]
        owed = [
            obligations.InCase(one, case.pk if case else None, case.pack_digest if case else "")
            for case, one in self._owed
        ]
        rows = obligations.owe_in_cases(owed, now=self.now, cause=self.cause)
        at_once = [row for row in rows if row.kind in AT_ONCE]
        if at_once:
            obligations.keep_each(at_once, now=self.now, proof_entry_id=entry_id or self._last_entry_id)
        self._owed = []
        self._write_known_changes()
        return kinds

    def _write_known_changes(self) -> None:
        """Last, because from here to the commit nobody else can: so no reader ever misses a `seq`."""
        if not self.known_changes:
            return
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [KNOWN_CHANGE_LOCK])
        insert(*self.known_changes)
        self.known_changes = []

    def _record_released(self) -> None:
        """One entry for each case, or several where so much was released that one can't hold it."""
        for case_id in dict.fromkeys(case_id for case_id, _ in self._released):
            of_case = [released for its_case, released in self._released if its_case == case_id]
            for start in range(0, len(of_case), RELEASED_AT_ONCE):
                part = of_case[start : start + RELEASED_AT_ONCE]
                self.record("obligation_released", {"released": part}, case_id=case_id)
        self._released = []


def pack_of(case: Case) -> Pack:
    """The pack that a case is pinned to."""
    return store.pack(case.pack_digest)


def owed_by_pack(
    dos: Iterable[Do],
    *,
    event_at: datetime,
    item: Item | None = None,
    report: Report | None = None,
    case: Case | None = None,
    account_id: int | None = None,
    skip: frozenset[str] = frozenset(),
    late_from: datetime | None = None,
    apart: str = "",
) -> list[Owed]:
    """What a pack's entries owe for these subjects. Times count from the event (`event_at`).

    Entries whose subject isn't given are left out, and those of telling (`telling.tell_by_pack` owes these);
    `skip` names kinds that the caller owes itself. `apart` names what something is kept for: of two such things
    each is kept its own time, and what was kept for the first doesn't end the second's.
    """
    owed = []
    for do in dos:
        subject = _subject(do, item=item, report=report, case=case, account_id=account_id, apart=apart)
        if do.do in skip or do.do in TOLD or subject is None:
            continue
        start = late_from or event_at
        owed.append(
            Owed(
                kind=do.do,
                subject=subject,
                by=do.by,
                due_at=start + do.within,
                not_before=event_at + do.after if do.after else None,
                platform=item.platform if item is not None and do.by is By.WORKER else "",
                regime=do.regime or "",
                params={**do.params, **({"to": do.to} if do.to else {})},
            )
        )
    return owed


def _subject(
    do: Do,
    *,
    item: Item | None,
    report: Report | None,
    case: Case | None,
    account_id: int | None,
    apart: str,
) -> str | None:
    about = SUBJECTS[do.do]
    if about == "item" and item is not None:
        return f"item:{item.pk}"
    if about == "report" and report is not None:
        return f"report:{report.pk}"
    if about == "account" and account_id is not None:
        return f"account:{account_id}"
    if about == "case_regime" and case is not None:
        subject = f"case_regime:{case.pk}/{do.regime or 'any'}"
        if do.do == "emergency_duty":  # an adult's danger and a child's are told to different authorities
            return f"{subject}/{do.to or 'any'}"
        return f"{subject}/{apart}" if apart and do.do in KEPT_APART else subject
    return None


def facts_of(report: Report, *, media: bool, located: bool, known: bool, age: Age | None = None) -> Facts:
    """What a pack's conditions may ask about a report and one of its items."""
    return Facts(
        relation=Relation(report.relation),
        age=age or Age(report.age),
        danger=Danger(report.danger),
        media=media,
        known=known,
        located=located,
        complete=report.complete,
        contact=report.contact_id is not None,
        verified=report.verified,
    )


def facts_of_item(item: Item, *, danger: Danger | None = None, **more: bool) -> Facts:
    """What a pack's conditions may ask where no single report is at hand: a copy, a decision, a notice.

    `danger` None: the worst that any report says.
    """
    return Facts(
        age=Age(item.age),
        danger=danger_said(item) if danger is None else danger,
        media=is_media(item.kind),
        known=True,
        located=True,
        **more,
    )


def danger_said(item: Item) -> Danger:
    """The worst danger that any report says of an item, or of what it is a copy of."""
    named = Q(reported_items__item=item)
    if item.content_id is not None:
        named |= Q(reported_items__item__content__copies__content=item.content_id)
    return worst(Report.objects.filter(named).values_list("danger", flat=True).distinct())


def worst(dangers: Iterable[str]) -> Danger:
    """The worst of these dangers; none where there are none."""
    said = set(dangers)
    return next((danger for danger in (Danger.NOW, Danger.SOON) if danger in said), Danger.NONE)


def harms_said(item: Item) -> set[str]:
    """The harms under which an item was reported."""
    return set(Report.objects.filter(reported_items__item=item).values_list("harm", flat=True).distinct())


def regimes() -> tuple[str, ...]:
    """The laws under which the operator is the provider."""
    return config().desk.regimes


def within(dos: Iterable[Do], kind: str, default: timedelta) -> timedelta:
    """How long the pack gives for that kind, or `default` when it says nothing."""
    return next((do.within for do in dos if do.do == kind), default)
