"""Shield is asked off the path, once about each hash; what it knows is held for people, silence clears nothing."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from answerable import clock
from answerable.audit.models import AuditEntry
from answerable.cases import commands
from answerable.cases.commands import questions
from answerable.cases.inputs import ItemIn, Prints, Refused
from answerable.cases.models import HashList, HashQuestion, ListEntry
from answerable.cases.queries.said import said_of
from answerable.matching import growing
from answerable.matching import items as items_module
from answerable.matching import known as known_module
from answerable.matching.items import ItemIndex
from answerable.matching.known import Known
from answerable.matching.lists import asking, states
from answerable.matching.lists.base import SourceError
from answerable.matching.lists.cli import app
from answerable.matching.screening import screen
from answerable.matching.verdicts import Verdict
from answerable.media import Fingerprints
from answerable.obligations import queries
from answerable.obligations.models import Obligation
from answerable.settings.config import Config, config
from tests.cases.desk import TestDesk
from tests.cases.desk import prints as prints_of
from tests.fakes.shield import LOGIN, Shield
from tests.fakes.web import Reply
from tests.matching.lists.kept import digest
from tests.matching.test_index import flipped
from tests.support.desks import Desk
from tests.support.kills import killed_until_done

NEAR = {"classification": "csam", "match_type": "near", "near_match_details": [{"timestamp": 0.0}] * 2}
HARMFUL = {"classification": "harmful-abusive-material", "match_type": "exact", "near_match_details": []}
TEST = {"classification": "test", "match_type": None, "near_match_details": []}


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that has read nothing yet."""
    monkeypatch.setattr(items_module, "_items", ItemIndex())
    monkeypatch.setattr(known_module, "_known", Known())


@pytest.fixture
def site() -> Iterator[Shield]:
    """Shield. Media must never reach it."""
    with Shield() as running:
        yield running
        assert running.media_asked == []


@pytest.fixture
def desk(db: None, now: object, site: Shield, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TestDesk:
    """A desk that asks Shield."""
    made = TestDesk(clock.now())
    (tmp_path / "login").write_text(LOGIN)
    configure(monkeypatch, site, tmp_path)
    monkeypatch.setattr(asking.clock, "now", lambda: made.clock.now)
    return made


def configure(monkeypatch: pytest.MonkeyPatch, site: Shield, folder: Path, **more: object) -> None:
    """Configure Shield."""
    section = {"base_url": site.url, "login_file": str(folder / "login"), **more}
    made = config().model_copy(
        update={"shield": Config.model_validate({"desk": {"regimes": ["us"]}, "shield": section}).shield}
    )
    for module in (asking, states):
        monkeypatch.setattr(module, "config", lambda: made)
    monkeypatch.setattr("answerable.cases.commands.registering.config", lambda: made)


def pdq(number: int) -> bytes:
    return bytes.fromhex(digest("pdq", number))


def picture(number: int) -> Prints:
    return Prints(prints_of(f"file {number}").sha256, "", pdq(number), 90)


def turn(desk: TestDesk) -> int:
    """The worker takes up hashes, and asks; how many obligations it kept."""
    asking.turn(lambda: desk.clock.now)
    kept = 0
    for obligation in Obligation.objects.filter(kind="ask_shield", state="owed").order_by("pk"):
        asking.ask_shield(obligation)
        kept += 1
    return kept


def asked(site: Shield) -> list[set[bytes]]:
    """The hashes of each question that came."""
    return [{base64.b64decode(one) for one in json.loads(each.body)["hashes"]} for each in site.requests]


def test_without_configuration_nothing_is_asked_and_nothing_kept(db: None, now: object) -> None:
    desk = TestDesk(clock.now())
    desk.upload("photo", prints=picture(1))
    assert config().shield is None
    assert asking.turn() == 0
    assert not HashQuestion.objects.exists()


def test_what_shield_knows_is_held_for_a_look_and_so_is_its_next_upload(site: Shield, desk: TestDesk) -> None:
    turn(desk)
    desk.upload("known", prints=picture(1))
    desk.upload("again", prints=Prints(prints_of("re-encoded").sha256, "", pdq(1), 90))
    desk.upload("harmful", prints=picture(2))
    desk.upload("unknown", prints=picture(3))
    site.known = {pdq(1): NEAR, pdq(2): HARMFUL}
    assert site.requests == [], "registering asks nobody"
    assert turn(desk) == 1
    assert asked(site) == [{pdq(1), pdq(2), pdq(3)}]
    desk.clock.pass_(seconds=31)
    while growing.turn(lambda: desk.clock.now):
        pass
    for ref in ("known", "again", "harmful"):
        assert desk.wanted(ref) == "hidden", ref
        assert "look" in desk.owed(ref)
    assert desk.wanted("unknown") == "visible"
    labels = {entry.known_as: entry.facts for entry in ListEntry.objects.select_related("hash_list")}
    assert labels["shield.csam"]["match"] == "near"
    assert "generative AI" in str(labels["shield.csam"]["terms"])
    assert set(labels) == {"shield.csam", "shield.harmful_abusive_material"}
    later = screen(Fingerprints(pdq=flipped(pdq(2), {1, 2}), pdq_quality=90))
    assert later.verdict is Verdict.HOLD
    assert "shield.harmful_abusive_material" in later.on_lists
    [entry] = AuditEntry.objects.filter(kind="shield_asked")
    assert '"asked":3' in (entry.event or "")
    assert digest("pdq", 1) not in "".join(AuditEntry.objects.values_list("event", flat=True))


def test_people_read_what_it_said(site: Shield, desk: TestDesk) -> None:
    turn(desk)
    for number in range(1, 5):
        desk.upload(f"p{number}", prints=picture(number))
    site.known = {pdq(1): NEAR, pdq(2): HARMFUL, pdq(4): TEST}
    assert said_of(desk.item("p1").content) == []
    turn(desk)
    [first], [second], [third], [fourth] = (
        said_of(desk.item(f"p{number}").content) for number in range(1, 5)
    )
    assert "knows this as child sexual abuse material (a near match, 2 known pictures are near)" in first
    assert "never to be given to generative AI" in first
    assert "harmful or abusive material (the very picture)" in second
    assert "didn't know this picture" in third
    assert "doesn't say that it is harmless" in third
    assert fourth == "Arachnid Shield has not answered about this picture yet."


def test_each_hash_is_asked_once_the_newest_first_and_at_a_pace(
    site: Shield, desk: TestDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        desk.upload(f"old{number}", prints=picture(number))
    configure(monkeypatch, site, tmp_path, hashes_per_minute=3)
    turn(desk)
    assert len(asked(site)[0]) == 3, "the library too, at the pace"
    desk.upload("new", prints=picture(9))
    turn(desk)
    assert len(site.requests) == 1, "not within that minute"
    desk.clock.pass_(seconds=61)
    turn(desk)
    assert pdq(9) in asked(site)[1]
    desk.upload("new again", prints=Prints(prints_of("x").sha256, "", pdq(9), 90))
    for _ in range(4):
        desk.clock.pass_(seconds=61)
        turn(desk)
    everything = [one for question in asked(site) for one in question]
    assert sorted(everything) == sorted(pdq(number) for number in (0, 1, 2, 3, 4, 9))


def test_without_library_only_what_comes_is_asked(
    site: Shield, desk: TestDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(monkeypatch, site, tmp_path, library=False)
    desk.upload("old", prints=picture(1))
    turn(desk)
    desk.upload("new", prints=picture(2))
    desk.upload("flat", prints=Prints(prints_of("flat").sha256, "", pdq(3), 20))
    turn(desk)
    assert asked(site) == [{pdq(2)}]


def test_a_picture_whose_hash_comes_after_its_file_is_asked_too(site: Shield, desk: TestDesk) -> None:
    desk.upload("late", prints=prints_of("file 1"))
    desk.clock.pass_(minutes=5)
    desk.upload("next", prints=picture(2))
    turn(desk)
    desk.clock.pass_(minutes=5)
    turn(desk)
    item_in = ItemIn(platform="sample", ref="late", account_ref="uri", prints=picture(1))
    commands.register_item(item_in, now=desk.clock.now)
    turn(desk)
    assert pdq(1) in asked(site)[-1]


def test_a_word_that_nobody_understands_is_asked_again_and_is_never_clean(
    site: Shield, desk: TestDesk
) -> None:
    turn(desk)
    desk.upload("photo", prints=picture(1))
    site.known = {pdq(1): TEST}
    turn(desk)
    question = HashQuestion.objects.get()
    assert (question.answered_at, question.said, question.unanswered) == (None, "test", 1)
    [state] = [one for one in states.states(desk.clock.now) if one.name == "shield"]
    assert "1 not answered" in state.line()
    desk.clock.pass_(minutes=59)
    assert turn(desk) == 0
    site.known = {pdq(1): NEAR}
    desk.clock.pass_(minutes=2)
    assert turn(desk) == 1
    assert HashQuestion.objects.get().found == "csam"
    assert ListEntry.objects.get().gone_at is None


def test_an_outage_is_a_late_obligation_and_no_storm(site: Shield, desk: TestDesk) -> None:
    turn(desk)
    for number in range(250):
        desk.upload(f"p{number}", prints=picture(number))
    site.trouble = [Reply(503)] * 2
    with pytest.raises(SourceError):
        turn(desk)
    assert len(site.requests) == 1, "a failed question is the obligation's to ask again, later each time"
    asking.turn(lambda: desk.clock.now)
    owed = Obligation.objects.filter(kind="ask_shield", state="owed")
    assert owed.count() == questions.MOST_IN_HAND
    assert not HashQuestion.objects.exclude(answered_at=None).exists()
    [state] = [one for one in states.states(desk.clock.now) if one.name == "shield"]
    assert state.wrong.startswith("failing")
    desk.clock.pass_(hours=2)
    assert {row.kind for row in queries.late(desk.clock.now)} == {"ask_shield"}
    site.trouble = []
    turn(desk)
    turn(desk)
    assert HashQuestion.objects.exclude(answered_at=None).count() == 250
    assert set(Obligation.objects.filter(kind="ask_shield").values_list("state", flat=True)) == {
        "kept",
        "kept_late",
    }


def test_it_is_asked_again_after_as_many_days_as_configured_and_what_it_takes_back_ends(
    site: Shield, desk: TestDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(monkeypatch, site, tmp_path, ask_again_days=30)
    turn(desk)
    desk.upload("photo", prints=picture(1))
    site.known = {pdq(1): NEAR}
    turn(desk)
    assert ListEntry.objects.get().gone_at is None
    site.known = {}
    desk.clock.pass_(days=29)
    assert turn(desk) == 0
    desk.clock.pass_(days=2)
    assert turn(desk) == 1
    assert ListEntry.objects.get().gone_at is not None


def test_it_can_be_turned_off_and_on_again(site: Shield, desk: TestDesk) -> None:
    turn(desk)
    desk.upload("photo", prints=picture(1))
    site.known = {pdq(1): NEAR}
    turn(desk)
    desk.upload("second", prints=picture(2))
    asking.turn(lambda: desk.clock.now)
    commands.turn_list("shield", on=False, actor="operator", now=desk.clock.now)
    commands.end_entries("shield", now=desk.clock.now)
    asking.ask_shield(Obligation.objects.get(kind="ask_shield", state="owed"))
    assert Obligation.objects.filter(kind="ask_shield", reason="the list `shield` is off").exists()
    assert turn(desk) == 0
    assert len(site.requests) == 1
    commands.turn_list("shield", on=True, actor="operator", now=desk.clock.now)
    desk.clock.pass_(minutes=2)
    turn(desk)
    assert asked(site)[1] == {pdq(1), pdq(2)}
    assert ListEntry.objects.get().gone_at is None


def test_the_operator_sees_how_it_stands(
    site: Shield, desk: TestDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [state] = states.states(desk.clock.now)
    assert (state.name, state.wrong) == ("shield", "")
    said = CliRunner().invoke(app, ["check", "shield"])
    assert "takes the credentials" in said.output
    (tmp_path / "login").write_text("desk:wrong")
    assert CliRunner().invoke(app, ["check", "shield"]).exit_code == 1
    turn(desk)
    assert not HashList.objects.exists()
    desk.upload("photo", prints=picture(1))
    asking.turn(lambda: desk.clock.now)
    [state] = states.states(desk.clock.now)
    assert state.unasked == 1
    with pytest.raises(Refused, match="another name"):
        commands.make_list("shield.mine", source="file", now=desk.clock.now)


@pytest.mark.parametrize(
    "wrong",
    [
        {"base_url": "http://shield.example"},
        {"base_url": "https://u:p@shield.example"},
        {"base_url": "shield"},
    ],
)
def test_an_address_that_would_give_credentials_away_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"https|address"):
        Config.model_validate({"desk": {"regimes": ["us"]}, "shield": wrong})
    with pytest.raises(ValueError, match="\\[shield\\]"):
        Config.model_validate({"desk": {"regimes": ["us"]}, "lists": [{"name": "shield", "kind": "file"}]})


def test_a_worker_killed_anywhere_asks_about_everything_and_keeps_each_answer(
    fresh_database: Desk, site: Shield, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(questions, "HASHES_AT_ONCE", 2)
    (tmp_path / "login").write_text(LOGIN)
    configure(monkeypatch, site, tmp_path)
    desk = TestDesk(clock.now())
    for number in range(5):
        desk.upload(f"p{number}", prints=picture(number))
    site.known = {pdq(1): NEAR, pdq(3): HARMFUL}
    kills = killed_until_done(lambda: turn(desk), latest=12, most=100)
    assert kills > 5
    found = {bytes(one.pdq): one.found for one in HashQuestion.objects.exclude(answered_at=None)}
    assert len(found) == 5
    assert (found[pdq(1)], found[pdq(3)]) == ("csam", "harmful-abusive-material")
    assert ListEntry.objects.filter(gone_at=None).count() == 2
    assert set(Obligation.objects.filter(kind="ask_shield").values_list("state", flat=True)) == {"kept"}
    assert AuditEntry.objects.filter(kind="shield_asked").count() == 3
