"""A newer policy pack: its activation stands in the log, and to open cases it only adds and shortens."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction
from typer.testing import CliRunner

from answerable.audit.models import AuditEntry
from answerable.cases import commands
from answerable.cases.inputs import Refused, ReviewIn
from answerable.cases.models import Case, Person
from answerable.obligations.models import Obligation
from answerable.policy import Pack, cli, load, store
from answerable.policy.words import Age, Verdict
from answerable.serve.preparation import activate_policy
from tests.cases.desk import TestDesk
from tests.policy.edits import BASELINE, edited

pytestmark = pytest.mark.django_db

DECIDE = "      - {do: decide, by: people, within: 24h}\n"
SEARCH = '      - {do: find_copies, within: 5m, when: "known && media"}\n'
STRICTER = edited(DECIDE, DECIDE.replace("24h", "12h") + "      - {do: page_people, within: 30s}\n")
SLOWER = STRICTER.replace(SEARCH, SEARCH.replace("5m", "10m"), 1)


def _active(desk: TestDesk, text: str) -> Pack:
    pack = load(text)
    commands.activate_policy(pack, now=desk.clock.pass_(minutes=1))
    return pack


def _due(kind: str) -> timedelta:
    obligation = Obligation.objects.get(kind=kind, state="owed")
    return obligation.due_at - Case.objects.get().opened_at


def test_a_changed_policy_stands_in_the_log(desk: TestDesk) -> None:
    pack = _active(desk, STRICTER)
    commands.activate_policy(pack, now=desk.clock.pass_(minutes=1))
    [entry] = AuditEntry.objects.filter(kind="policy_activated")
    assert json.loads(entry.event) == {"pack": pack.digest, "before": load(BASELINE).digest}
    activate_policy()  # as a desk does that starts with the file as it was
    assert AuditEntry.objects.filter(kind="policy_activated").count() == 2


def test_a_dry_run_says_what_would_change_and_changes_nothing(desk: TestDesk) -> None:
    desk.upload("a")
    desk.report("a")
    pack = _active(desk, STRICTER)
    before = list(Obligation.objects.order_by("pk").values_list("pk", "due_at", "state"))
    [applied] = commands.applied_to_open(pack, now=desk.clock.now)
    assert [one.kind for one in applied.added] == ["page_people"]
    assert [one.kind for one in applied.shortened] == ["decide"]
    assert applied.stays == []
    assert list(Obligation.objects.order_by("pk").values_list("pk", "due_at", "state")) == before
    assert Case.objects.get().pack_digest != pack.digest


def test_a_newer_pack_adds_and_shortens_for_open_cases_and_pins_them(
    desk: TestDesk, petra: Person, lena: Person
) -> None:
    desk.upload("a")
    desk.report("a")
    pack = _active(desk, STRICTER)
    commands.apply_to_open(pack, person_id=petra.pk, second_person_id=lena.pk, now=desk.clock.now)
    assert _due("decide") == timedelta(hours=12)
    assert _due("page_people") == timedelta(minutes=1, seconds=30)  # counts from the moment it was added
    assert Case.objects.get().pack_digest == pack.digest
    [entry] = AuditEntry.objects.filter(kind="policy_applied")
    event = json.loads(entry.event)
    assert (entry.actor, event["second"], event["pinned"]) == (f"person:{petra.pk}", lena.pk, True)
    assert len(event["obligations"]) == 2
    assert (
        commands.apply_to_open(pack, person_id=petra.pk, second_person_id=lena.pk, now=desk.clock.now) == []
    )


def test_what_a_newer_pack_gives_longer_stays_as_it_was_owed(
    desk: TestDesk, petra: Person, lena: Person
) -> None:
    desk.upload("a")
    desk.report("a")
    before = Case.objects.get().pack_digest
    pack = _active(desk, SLOWER)
    [applied] = commands.apply_to_open(pack, person_id=petra.pk, second_person_id=lena.pk, now=desk.clock.now)
    assert _due("find_copies") == timedelta(minutes=5)
    assert _due("decide") == timedelta(hours=12)
    assert any("find_copies" in why for why in applied.stays)
    assert Case.objects.get().pack_digest == before  # what follows later keeps the times that were promised


def test_what_follows_from_a_decision_is_added_too(desk: TestDesk, ravi: Person, petra: Person) -> None:
    desk.upload("a")
    desk.report("a")
    desk.yes(ravi, "a")
    text = edited("      - {do: second_look, by: other_people, within: 24h}", (
        "      - {do: page_people, within: 30s}\n"
        "      - {do: judge_account, by: people, within: 24h}\n"
        "      - {do: second_look, by: other_people, within: 6h}"
    ))  # fmt: skip
    [applied] = commands.applied_to_open(_active(desk, text), now=desk.clock.now)
    assert [one.kind for one in applied.added] == ["judge_account"]
    assert [one.kind for one in applied.shortened] == ["second_look"]


def test_it_takes_two_people_and_the_active_pack(desk: TestDesk, petra: Person, lena: Person) -> None:
    old = store.active()
    pack = _active(desk, STRICTER)
    with pytest.raises(Refused, match="two people"):
        commands.apply_to_open(pack, person_id=petra.pk, second_person_id=petra.pk, now=desk.clock.now)
    with pytest.raises(Refused, match="active pack"):
        commands.apply_to_open(old, person_id=petra.pk, second_person_id=lena.pk, now=desk.clock.now)


def test_an_operator_applies_it_from_the_command_line(
    desk: TestDesk, petra: Person, lena: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "_has_desk", lambda: True)
    monkeypatch.setattr(cli, "_regimes", lambda: ("us",))
    desk.upload("a")
    desk.report("a")
    path = tmp_path / "petra.yaml"
    path.write_text(STRICTER, "utf-8")
    with transaction.atomic():
        pack = _active(desk, STRICTER)
    run = CliRunner()
    shown = run.invoke(cli.app, ["apply-to-open", str(path)])
    assert shown.exit_code == 0, shown.output
    assert "shortens decide for item:" in shown.output
    assert "would be applied to 1 open cases" in shown.output
    assert Case.objects.get().pack_digest != pack.digest
    alone = run.invoke(cli.app, ["apply-to-open", str(path), "--do", "--by", "Petra"])
    assert alone.exit_code == 1
    done = run.invoke(cli.app, ["apply-to-open", str(path), "--do", "--by", "Petra", "--by", "Lena"])
    assert done.exit_code == 0, done.output
    assert Case.objects.get().pack_digest == pack.digest


# Rule 2: what a pack says of copies is what happens to them


def _copied(desk: TestDesk, text: str, *copies: str) -> None:
    """Under that pack, Dana reports `a`, and its near copies are found."""
    _active(desk, text)
    for ref in ("a", *copies):
        desk.upload(ref, account=f"uri_{ref}")
    desk.report("a")
    desk.find_copies("a", **dict.fromkeys(copies, 10))


def _hiding_of(desk: TestDesk, ref: str, kind: str) -> timedelta:
    owed = Obligation.objects.get(kind=kind, subject=f"item:{desk.item(ref).pk}", state="owed")
    return owed.due_at - desk.clock.now


def test_where_the_pack_only_looks_at_copies_they_stay(desk: TestDesk) -> None:
    text = edited(
        "copies: {interim: hide, up_to: 25, then: limit}", "copies: {interim: look, up_to: 25, then: look}"
    )
    _copied(desk, text, "b")
    assert desk.wanted("b") == "visible"
    assert "look" in desk.owed("b")


def test_copies_are_hidden_and_limited_in_the_time_that_the_pack_gives(desk: TestDesk) -> None:
    text = edited(
        "copies: {interim: hide, up_to: 25, then: limit}", "copies: {interim: hide, up_to: 1, then: limit}"
    )
    text = text.replace(
        '{do: hide, within: 60s, when: "!decided && !capped"}',
        '{do: hide, within: 20s, when: "!decided && !capped"}',
    )
    text = text.replace(
        '{do: limit, within: 60s, when: "!decided && capped"}',
        '{do: limit, within: 30s, when: "!decided && capped"}',
    )
    _copied(desk, text, "b", "c")
    assert (desk.wanted("b"), desk.wanted("c")) == ("hidden", "limited")
    assert _hiding_of(desk, "b", "hide") == timedelta(seconds=20)
    assert _hiding_of(desk, "c", "limit") == timedelta(seconds=30)


def test_an_identical_copy_is_removed_in_the_time_that_the_pack_gives_for_it(
    desk: TestDesk, ravi: Person
) -> None:
    text = edited(
        '{do: remove, within: 60s, when: "decided && !near"}',
        '{do: remove, within: 10s, when: "decided && !near"}',
    )
    _active(desk, text)
    desk.upload("a")
    desk.upload("b", file="a", account="max")
    desk.report("a")
    desk.yes(ravi, "a")
    assert _hiding_of(desk, "b", "remove") == timedelta(seconds=10)
    assert _hiding_of(desk, "a", "remove") == timedelta(seconds=60)


def test_what_each_law_asks_for_by_itself_is_shown_with_its_law(desk: TestDesk, ravi: Person) -> None:
    text = edited(
        "      - {do: preserve, within: 24h, regime: us,",
        "      - {do: preserve, within: 12h, regime: us,",
    )
    _active(desk, text)
    desk.upload("a")
    desk.report("a")
    review = ReviewIn(
        content_ids=(desk.item("a").content_id or 0,),
        person_id=ravi.pk,
        verdict=Verdict.VIOLATING,
        age=Age.CHILD,
        clause="csam.depiction",
        reason="as the clause says",
        began_at=desk.clock.now,
    )
    follows = commands.consequences(review, now=desk.clock.now).owed
    kept = {one.regimes: one.due_at - desk.clock.now for one in follows if one.kind == "preserve"}
    assert kept == {("us",): timedelta(hours=12), ("eu", "uk"): timedelta(hours=24)}
    assert [one.regimes for one in follows if one.kind == "remove"] == [()]
