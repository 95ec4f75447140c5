"""What people here decided goes back to the list that named the file, once, and only where it is a word about it."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from answerable import clock
from answerable.cases import commands
from answerable.cases.commands import feedback
from answerable.cases.list_inputs import EntryIn, GoneIn, ListPageIn
from answerable.cases.models import ListEntry, Person
from answerable.matching.lists import handlers, registry
from answerable.matching.lists.base import Opinion, SourceError
from answerable.obligations.models import Obligation
from answerable.policy.words import Verdict
from answerable.settings.config import ConfigError, HashListEntry
from answerable.worker import parties
from tests.cases.conftest import desk  # noqa: F401
from tests.cases.desk import TestDesk

pytestmark = pytest.mark.django_db


class Wire:
    """A source that takes feedback, and fails as it is told to."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, Opinion, str]] = []
        self.fault: Exception | None = None

    def tell(self, key: str, opinion: Opinion, *, facts: dict[str, Any]) -> None:
        self.heard.append((key, opinion, facts["matched"]))
        if self.fault is not None:
            raise self.fault


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    """A configured list `ncmec` whose source is at hand."""
    made = Wire()
    entry = HashListEntry.model_validate({"name": "ncmec", "kind": "ncmec"})
    monkeypatch.setattr(feedback, "config", lambda: SimpleNamespace(lists=(entry,)))
    monkeypatch.setattr(handlers, "entry_of", lambda name: entry)
    monkeypatch.setattr(handlers, "source_of", lambda entry: made)
    parties.register()
    return made


@pytest.fixture
def listed(desk: TestDesk, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> Callable[..., ListEntry]:  # noqa: F811
    """An uploaded and reported file that a record of the list names."""
    monkeypatch.setattr(clock, "now", lambda: desk.clock.now)

    def make(name: str = "ncmec", harm: str = "csam") -> ListEntry:
        desk.upload("a")
        content = desk.item("a").content
        assert content is not None
        entry = EntryIn("1/5", (("sha256", bytes.fromhex(content.sha256)),), label="A1")
        commands.make_list(name, source="ncmec", now=desk.clock.now)
        commands.store_page(name, ListPageIn((entry,), {}, {"at": 1}, is_last=True), now=desk.clock.now)
        desk.report("a", harm=harm)
        return ListEntry.objects.get()

    return make


def owed() -> list[Obligation]:
    return list(Obligation.objects.filter(kind="tell_source", state="owed").order_by("pk"))


def test_a_record_that_people_affirmed_is_told_once(
    desk: TestDesk,  # noqa: F811
    ravi: Person,
    rosa: Person,
    wire: Wire,
    listed: Callable[..., ListEntry],
) -> None:
    entry = listed()
    assert owed() == []
    desk.yes(ravi, "a")
    [one] = owed()
    assert one.subject == f"entry:{entry.pk}/affirmed"
    handlers.tell_source(one)
    assert wire.heard == [("1/5", Opinion.AFFIRMED, "sha256")]
    one.refresh_from_db()
    assert one.state == "kept"
    assert one.proof_entry_id
    desk.yes(rosa, "a")
    assert owed() == []


def test_what_two_people_cleared_is_refuted(
    desk: TestDesk,  # noqa: F811
    ravi: Person,
    rosa: Person,
    wire: Wire,
    listed: Callable[..., ListEntry],
) -> None:
    listed()
    desk.no(ravi, "a")
    assert owed() == [], "one person refutes nothing"
    desk.no(rosa, "a")
    [one] = owed()
    handlers.tell_source(one)
    assert wire.heard == [("1/5", Opinion.REFUTED, "sha256")]


def test_what_surely_did_not_arrive_is_told_again_and_else_never(
    desk: TestDesk,  # noqa: F811
    ravi: Person,
    wire: Wire,
    listed: Callable[..., ListEntry],
) -> None:
    listed()
    desk.yes(ravi, "a")
    [one] = owed()
    wire.fault = SourceError("refused to connect")
    with pytest.raises(SourceError):
        handlers.tell_source(one)
    assert owed() == [one]
    wire.fault = SourceError("no answer", retry=False)
    handlers.tell_source(one)
    assert owed() == []
    one.refresh_from_db()
    assert one.state == "released"
    assert len(wire.heard) == 2


def test_after_a_kill_in_the_middle_it_is_not_told_twice(
    desk: TestDesk,  # noqa: F811
    ravi: Person,
    wire: Wire,
    listed: Callable[..., ListEntry],
) -> None:
    listed()
    desk.yes(ravi, "a")
    [one] = owed()
    wire.fault = KeyboardInterrupt()  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt):
        handlers.tell_source(one)
    wire.fault = None
    handlers.tell_source(one)
    assert len(wire.heard) == 1
    one.refresh_from_db()
    assert (one.state, one.reason) == ("released", "may_have_arrived")


def test_a_source_that_takes_none_and_a_record_withdrawn_meanwhile_are_let_go(
    desk: TestDesk,  # noqa: F811
    ravi: Person,
    wire: Wire,
    listed: Callable[..., ListEntry],
) -> None:
    listed()
    desk.yes(ravi, "a")
    [one] = owed()
    gone = ListPageIn((GoneIn("1/5"),), {"at": 1}, {"at": 2}, is_last=True)
    commands.store_page("ncmec", gone, now=desk.clock.now)
    handlers.tell_source(one)
    assert wire.heard == []
    one.refresh_from_db()
    assert one.reason == "no_longer_listed"


def test_what_was_judged_under_another_harm_is_no_word_about_the_list(
    desk: TestDesk,  # noqa: F811
    ravi: Person,
    wire: Wire,
    listed: Callable[..., ListEntry],
) -> None:
    listed(harm="other_illegal")
    desk.judge(ravi, "a", Verdict.VIOLATING, clause="other_illegal.law")
    assert owed() == []


def test_a_configuration_that_cannot_be_used_tells_nothing_and_it_stays_owed(
    desk: TestDesk,  # noqa: F811
    ravi: Person,
    wire: Wire,
    listed: Callable[..., ListEntry],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    listed()
    desk.yes(ravi, "a")
    [one] = owed()
    with monkeypatch.context() as broken:
        broken.setattr(handlers, "entry_of", lambda name: registry.entry_of("typo"))
        with pytest.raises(ConfigError):
            handlers.tell_source(one)
    handlers.tell_source(one)
    assert len(wire.heard) == 1
    assert owed() == []
