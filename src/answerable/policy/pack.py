"""A policy pack in use: what it owes, promises and says. `answerable.policy.load` reads and checks one."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from typing import TypeVar

from pydantic import Field, PrivateAttr

from answerable.policy.conditions import condition
from answerable.policy.durations import Duration, say
from answerable.policy.errors import MissingWordError
from answerable.policy.facts import Facts
from answerable.policy.shapes import (
    Authority,
    Copies,
    Do,
    Entry,
    Harm,
    Language,
    ListMeaning,
    Name,
    Notice,
    Owes,
    Part,
    Promise,
    Regime,
    RegimeName,
    Reply,
    Terms,
)
from answerable.policy.source import Source
from answerable.policy.texts import Texts, fill, in_language, placeholders
from answerable.policy.words import Event, Interim

# Owed to each regime by itself; anything else that two laws ask for is owed once, by the earlier time.
PER_REGIME = frozenset(
    {"report_authority", "preserve", "emergency_duty", "correct_authority", "destroy_preserved"}
)


T = TypeVar("T")
Owed = Collection[str] | Mapping[str, timedelta]
_FROM_A_REPORT = (Event.ON_REPORT, Event.ON_DANGER, Event.ON_COMPLETE_REQUEST)


def times(dos: Iterable[Do]) -> dict[str, timedelta]:
    """Each kind that is owed, with its longest time: what promises are shown by."""
    found: dict[str, timedelta] = {}
    for do in dos:
        found[do.do] = max(do.within, found.get(do.do, do.within))
    return found


def applies(entry: str | None, regimes: Iterable[str]) -> bool:
    """Whether an entry for that regime applies under these settings: `eu.fr` satisfies `eu`."""
    return entry is None or any(r == entry or r.startswith(f"{entry}.") for r in regimes)


class Pack(Part):
    """A loaded pack. Everything that it says has been checked; nothing of it changes."""

    pack: Name
    version: str = Field(pattern=r"^[0-9]{4}\.[0-9]{1,2}\.[0-9]{1,3}$")
    languages: tuple[Language, ...] = Field(min_length=1)
    regimes: dict[RegimeName, Regime] = Field(min_length=1)
    authorities: dict[Name, Authority] = {}
    elements: dict[Name, Texts]
    shared: dict[Name, Owes] = {}
    said: dict[Name, tuple[Promise, ...]] = {}
    harms: dict[Name, Harm] = Field(min_length=1)
    replies: dict[Name, Reply]
    notices: dict[Name, Notice]
    terms: Terms = ()
    lists: tuple[ListMeaning, ...] = ()
    erases: dict[Name, Duration]
    contest_for: Duration

    _digest: str = PrivateAttr("")
    _text: str = PrivateAttr("")
    _source: Source = PrivateAttr(default_factory=lambda: Source("pack"))

    def from_file(self, raw: bytes, source: Source) -> "Pack":
        """This pack with the file that it was read from."""
        self._digest = hashlib.sha256(raw).hexdigest()
        self._text = raw.decode("utf-8")
        self._source = source
        return self

    @property
    def digest(self) -> str:
        """SHA-256 of the file, hexadecimal."""
        return self._digest

    @property
    def text(self) -> str:
        """The file as it was read."""
        return self._text

    @property
    def source(self) -> Source:
        """The lines of the file, for whoever names a hole."""
        return self._source

    def harm(self, harm_id: str) -> Harm:
        """The harm of that name. Raises KeyError."""
        return self.harms[harm_id]

    def entries(self, harm_id: str, event: str) -> list[Entry]:
        """What a harm owes after an event, its shared parts first."""
        harm = self.harm(harm_id)
        found: list[Entry] = []
        for owes in (*(self.shared[name] for name in harm.shares), harm.owes):
            found.extend(owes.get(Event(event), ()))
        return found

    def interim(self, harm_id: str, facts: Facts) -> Interim:
        """What happens to the item before anybody has looked."""
        for entry in self.harm(harm_id).interim:
            if entry.when is None or condition(entry.when).holds(facts):
                return entry.use
        raise KeyError(harm_id)

    def trusts(self, hash_list: str) -> bool:
        """Whether the identical file of this list may be refused at upload; the longest name that covers it says."""
        meaning = self._meaning(hash_list)
        return meaning is not None and meaning.exact == "block"

    def decides(self, hash_list: str) -> tuple[str, str] | None:
        """The harm and the clause under which the identical file of this list of others decides; None: it doesn't.

        Of several harms the most severe, and the first of these.
        """
        found = [
            (harm, match)
            for harm in sorted(self.harms, key=lambda name: -self.harms[name].severity.rank)
            for match in self.harms[harm].confirm.or_match
            if match.list == hash_list and match.exact and not hash_list.startswith("own.")
        ]
        if not found:
            return None
        harm, match = found[0]
        return harm, match.clause or self.harms[harm].clauses[0].id

    def harm_of_list(self, hash_list: str) -> str:
        """The harm under which what this list finds is looked at; empty where the pack names none."""
        meaning = self._meaning(hash_list)
        return (meaning.harm or "") if meaning is not None else ""

    def _meaning(self, hash_list: str) -> ListMeaning | None:
        said = [meaning for meaning in self.lists if meaning.covers(hash_list)]
        return max(said, key=lambda meaning: len(meaning.list)) if said else None

    def copies(self, harm_id: str) -> Copies:
        """What happens to copies before anybody has decided."""
        return self.harm(harm_id).copies

    def owes(self, harm_id: str, event: str, facts: Facts, regimes: Iterable[str]) -> list[Do]:
        """What is owed after this event. Where two laws ask for the same thing, the shorter time stands."""
        names = tuple(regimes)
        found: dict[tuple[str | None, ...], Do] = {}
        for entry in self.entries(harm_id, event):
            if not applies(entry.regime, names) or not entry.holds(facts):
                continue
            do = Do(
                do=entry.do,
                by=entry.by,
                within=entry.within,
                after=entry.after,
                regime=entry.regime,
                to=entry.to,
                params=entry.params(),
            )
            apart = entry.regime if entry.do in PER_REGIME else None
            key = (entry.do, entry.to, entry.reply, entry.notice, entry.what, apart)
            if key not in found or do.within < found[key].within:
                found[key] = do
        return list(found.values())

    def owed_kinds(self, harm_id: str, regimes: Iterable[str] | None = None) -> frozenset[str]:
        """Every kind that a harm can come to owe, under these regimes (None: under any)."""
        names = tuple(self.regimes if regimes is None else regimes)
        entries = (entry for event in Event for entry in self.entries(harm_id, event))
        return frozenset(entry.do for entry in entries if applies(entry.regime, names))

    def longest(self, kind: str, harm_id: str | None = None) -> timedelta | None:
        """The longest time that the pack allows for a kind (in one harm, or anywhere); None: never owed.

        A kind that a report itself owes counts there only: a later look at a copy is another matter.
        """
        harms = [harm_id] if harm_id else list(self.harms)
        for events in (_FROM_A_REPORT, tuple(Event)):
            times = [
                e.within for h in harms for event in events for e in self.entries(h, event) if e.do == kind
            ]
            if times:
                return max(times)
        return None

    def promises(self, harm_id: str, owed_kinds: Owed, language: str) -> list[str]:
        """The sentences that can be shown to a reporter to whom exactly these kinds are owed.

        Given as a mapping from kind to its time (`times`), the sentences state these times; given as plain
        names, the longest that the harm allows.
        """
        return self._kept(self.promises_of(harm_id), owed_kinds, language, harm_id)

    def promises_of(self, harm_id: str) -> list[Promise]:
        """Every promise of a harm, its shared ones first."""
        harm = self.harm(harm_id)
        return [*(promise for name in harm.says for promise in self.said[name]), *harm.promises]

    def _kept(self, promises: Iterable[Promise], owed: Owed, language: str, harm_id: str | None) -> list[str]:
        shown = [p for p in promises if set(p.kept_by) <= set(owed)]
        return [self.say_promise(p, language, harm_id, owed) for p in shown]

    def say_promise(
        self,
        promise: Promise,
        language: str,
        harm_id: str | None = None,
        owed: Owed = (),
        *,
        in_terms: bool = False,
    ) -> str:
        """A promise with its times in words; `in_terms`: as the terms say it."""
        texts = promise.in_terms if in_terms and promise.in_terms else promise.text
        text = in_language(texts, language)
        spoken: dict[str, str] = {}
        for kind in placeholders(text):
            time = owed.get(kind) if isinstance(owed, Mapping) else self.longest(kind, harm_id)
            if time is not None:
                spoken[kind] = say(time, language)
        return fill(text, spoken)

    def reply(
        self,
        key: str,
        language: str,
        *,
        regimes: Iterable[str] = (),
        owed: Owed = (),
        harm_id: str | None = None,
        **params: object,
    ) -> str:
        """An automatic message to a reporter, with what the laws of these regimes add, and those of its promises
        that `owed` keeps.

        Times are those in `owed` where it is a mapping (`times`), else the longest of the harm or pack.
        Raises MissingWordError for an unknown key or a placeholder without a value.
        """
        reply = _of(self.replies, key, "reply")
        names = tuple(regimes)
        texts = [reply.text, *(added for regime, added in reply.regimes.items() if applies(regime, names))]
        sentences = [fill(in_language(text, language), params) for text in texts]
        return " ".join([*sentences, *self._kept(reply.promises, owed, language, harm_id)])

    def notice(self, key: str, language: str, *, regimes: Iterable[str] = (), **params: object) -> str:
        """An automatic message to an account holder, with what the laws of these regimes add.

        Raises MissingWordError for an unknown key or a placeholder without a value.
        """
        notice = _of(self.notices, key, "notice")
        names = tuple(regimes)
        parts = [notice.text, *(texts for regime, texts in notice.regimes.items() if applies(regime, names))]
        return "\n\n".join(fill(in_language(texts, language), params) for texts in parts)

    def clause_text(self, clause_id: str, language: str) -> str:
        """A clause as the terms state it; its name where this pack doesn't have it."""
        found = (one.text for harm in self.harms.values() for one in harm.clauses if one.id == clause_id)
        text = next(found, None)
        return in_language(text, language) if text is not None else clause_id

    def element(self, name: str, language: str) -> str:
        """How an element of a complete removal request is named to people. Raises MissingWordError."""
        return in_language(_of(self.elements, name, "element"), language)

    def erase_after(self, kind: str) -> timedelta:
        """How long personal text of that kind is kept after it was received. Raises KeyError."""
        return self.erases[kind]

    def uncovered(self, regimes: Iterable[str]) -> list[str]:
        """Those of a desk's regimes for which this pack has nothing."""
        return [name for name in regimes if not any(applies(known, [name]) for known in self.regimes)]


def _of(table: Mapping[str, T], key: str, word: str) -> T:
    try:
        return table[key]
    except KeyError:
        raise MissingWordError(f"the pack has no {word} named {key!r}") from None
