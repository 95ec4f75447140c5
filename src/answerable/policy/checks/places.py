"""Where the parts of a pack stand in its file."""

from collections.abc import Iterable, Iterator, Mapping

from answerable.policy.conditions import condition
from answerable.policy.facts import Value, domains
from answerable.policy.pack import Pack
from answerable.policy.shapes import Entry, Owes, Promise
from answerable.policy.source import Path
from answerable.policy.words import Event

Located = tuple[Path, Entry]


def _in(owes: Owes, path: Path) -> Iterator[Located]:
    for event, entries in owes.items():
        for index, entry in enumerate(entries):
            yield (*path, event.value, index), entry


def every_entry(pack: Pack) -> Iterator[Located]:
    """Every obligation of the file, once, with its place."""
    for name, owes in pack.shared.items():
        yield from _in(owes, ("shared", name))
    for name, harm in pack.harms.items():
        yield from _in(harm.owes, ("harms", name, "owes"))


def entries_of(pack: Pack, harm_id: str, event: Event) -> list[Located]:
    """What a harm owes after an event, with its places."""
    harm = pack.harms[harm_id]
    found: list[Located] = []
    for path, owes in (
        *((("shared", name), pack.shared[name]) for name in harm.shares),
        (("harms", harm_id, "owes"), harm.owes),
    ):
        found.extend(((*path, event.value, i), entry) for i, entry in enumerate(owes.get(event, ())))
    return found


def every_promise(pack: Pack) -> Iterator[tuple[Path, Promise, list[str]]]:
    """Every promise with its place and the harms to whose reporters it may be shown."""
    for name, promises in pack.said.items():
        users = [h for h, harm in pack.harms.items() if name in harm.says]
        for index, promise in enumerate(promises):
            yield ("said", name, index), promise, users
    for name, harm in pack.harms.items():
        for index, promise in enumerate(harm.promises):
            yield ("harms", name, "promises", index), promise, [name]
    for name, reply in pack.replies.items():
        for index, promise in enumerate(reply.promises):
            yield ("replies", name, "promises", index), promise, []


Given = Mapping[str, tuple[Value, ...]]


def names_in(conditions: Iterable[str | None]) -> set[str]:
    """The facts that these conditions name."""
    return {name for text in conditions if text is not None for name in condition(text).names}


def true_of(text: str | None, facts: Mapping[str, Value]) -> bool:
    """Whether a condition (None: always) holds for these facts."""
    return text is None or condition(text).holds(facts)


def cases(given: Given, names: Iterable[str]) -> Iterator[dict[str, Value]]:
    """Every combination of these facts and the given ones, which keep to their given values."""
    table = {name: given.get(name, domains()[name]) for name in sorted({*names, *given})}
    yield from _product(list(table.items()))


def _product(table: list[tuple[str, tuple[Value, ...]]]) -> Iterator[dict[str, Value]]:
    if not table:
        yield {}
        return
    (name, values), rest = table[0], table[1:]
    for value in values:
        for others in _product(rest):
            yield {name: value, **others}


def uncovered(entries: Iterable[Entry], given: Given) -> dict[str, Value] | None:
    """Facts (with the given ones) for which none of these entries holds; None where one always does."""
    texts = [entry.when for entry in entries]
    for facts in cases(given, names_in(texts)):
        if not any(true_of(text, facts) for text in texts):
            return facts
    return None


def said(facts: Mapping[str, Value]) -> str:
    """Facts in words, for a reason."""
    return ", ".join(f"{k} {str(v).lower()}" for k, v in facts.items()) or "any facts"
