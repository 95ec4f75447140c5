"""A desk is ready when everything is there, tried and stated, and no sooner: nothing is `done` that nobody knows."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from typer.testing import CliRunner

from answerable import audit
from answerable.audit.models import AuditEntry
from answerable.cases.inputs import NotFound, Refused
from answerable.cases.models import HashList, Person, PlatformWatch
from answerable.checklist import cli, records, whole
from answerable.checklist.lines import State
from answerable.checklist.models import Confirmation, Trial
from answerable.policy import baseline, load, store
from answerable.settings.config import Alerts
from tests.checklist.conftest import KEYS, Desk

EU_ONLY = {"desk": {"regimes": ["eu.fr"]}}
US_ONLY = {"desk": {"regimes": ["us"]}, "authorities": {"dsa": None}}


def test_a_desk_that_has_everything_is_ready_once_all_is_tried_and_stated(desk: Desk) -> None:
    first = desk.open()
    assert State.MISSING in first.values()
    assert {first[key] for key in ("tls", "log", "authority.ncmec", "pagers", "dsa_database", "mail")} == {
        State.MISSING
    }
    desk.do_all()
    assert desk.open() == {}
    assert desk.pager.pages == 1
    ran = CliRunner().invoke(cli.app, ["--json"])
    assert ran.exit_code == 0, ran.output
    document = json.loads(ran.stdout)
    assert document["open"] == 0
    [counsel] = [one for part in document["parts"] for one in part["lines"] if one["key"] == "counsel"]
    assert (counsel["state"], counsel["stated_by"]) == ("done", "Petra")
    assert counsel["note"] == "in the folder on the second shelf, counsel"


def other_pack(desk: Desk) -> None:
    """Another pack becomes the desk's."""
    text = baseline().text.replace("version: 2026.12.0", "version: 2026.12.1")
    with transaction.atomic():
        store.activate(load(text.encode(), "other.yaml"), desk.now)


def new_login(desk: Desk) -> None:
    """NCMEC gave new credentials."""
    path = desk.settings.CONFIG.authorities.ncmec.login_file
    with open(path, "a") as file:
        file.write("2")


CUSTODIANS = {"custodians": [{"name": "Ravi", "key": KEYS[0]}, {"name": "Rosa", "key": KEYS[3]}]}
OTHER_PLATFORM = [
    {
        "name": "photos",
        "base_url": "https://photos.example/other",
        "secret_file": "photos.secret",
        "hosts": ["photos.example"],
    }
]


def bucket_at(endpoint: str) -> list[dict[str, str]]:
    return [{"name": "evidence", "endpoint": endpoint}]


CHANGES: list[tuple[Any, dict[str, State]]] = [
    (
        other_pack,
        {"counsel": State.CONFIRM, "terms": State.CONFIRM, "pack": State.MISSING},
    ),
    (new_login, {"authority.ncmec": State.MISSING}),
    (
        {"desk": {"regimes": ["us", "uk", "eu.fr"]}},
        {
            "regimes": State.CONFIRM,
            "counsel": State.CONFIRM,
            "contact_points": State.CONFIRM,
            "authority.nca": State.CONFIRM,
            "authority.uk_police": State.CONFIRM,
        },
    ),
    ({"alerts": {"urls": ["json://127.0.0.1:9/"]}}, {"pagers": State.MISSING, "pagers.read": State.MISSING}),
    ({"evidence": CUSTODIANS}, {"custodians.drill": State.CONFIRM}),
    ({"platforms": OTHER_PLATFORM}, {"platform.photos.tried": State.CONFIRM}),
    (
        {"desk": {"public_url": "https://report.photos.example"}},
        {"tls": State.MISSING, "terms": State.CONFIRM},
    ),
    ({"evidence": {"folder": "/srv/evidence"}}, {"backups": State.CONFIRM, "restore": State.CONFIRM}),
    (
        {"evidence": {"bucket": "evidence"}, "buckets": bucket_at("https://s3.example")},
        {"backups": State.CONFIRM, "restore": State.CONFIRM, "evidence.store": State.MISSING},
    ),
    (
        {"evidence": {"bucket": "evidence"}, "buckets": bucket_at("http://s3.example")},
        {"backups": State.CONFIRM, "restore": State.CONFIRM, "evidence.store": State.MISSING},
    ),
    ({"environment": "test"}, {"environment": State.MISSING}),
    ({"desk": {"staff_url": "http://10.1.2.3"}}, {"address.staff_url": State.MISSING}),
    ({"desk": {"staff_url": "https://localhost:8401"}}, {"address.staff_url": State.MISSING}),
    ({"desk": {"emergency_contact": ""}}, {"emergency_contact": State.MISSING}),
    ({"desk": {"origin": "desk.localhost/log"}}, {"origin": State.MISSING}),
    ({"alerts": {"urls": []}}, {"staff": State.MISSING, "pagers": State.MISSING}),
    ({"platforms": []}, {"platforms": State.MISSING}),
    (
        {"evidence": {"custodians": []}},
        {"custodians": State.MISSING, "custodians.drill": State.MISSING},
    ),
    (
        {"evidence": {"custodians": [{"name": "Ravi", "key": KEYS[0]}]}},
        {"custodians": State.MISSING, "custodians.drill": State.CONFIRM},
    ),
    (
        {"evidence": {"custodians": [{"name": "Ravi", "key": KEYS[0]}, {"name": "Max", "key": KEYS[1]}]}},
        {"custodians": State.MISSING},
    ),
    (
        {"authorities": {"ncmec": None, "dsa": None, "email": None}},
        {
            "authority.ncmec": State.CONFIRM,
            "dsa_database": State.CONFIRM,
            "authority.eu_police": State.CONFIRM,
        },
    ),
]


@pytest.mark.parametrize(("change", "opened"), CHANGES)
def test_what_changes_is_asked_and_tried_anew_and_nothing_else(
    desk: Desk, change: Any, opened: dict[str, State]
) -> None:
    desk.do_all()
    if callable(change):
        change(desk)
    else:
        desk.configure(**change)
    assert desk.open() == opened


@pytest.mark.parametrize("party", ["ncmec", "dsa", "email"])
def test_an_authority_that_is_only_reached_for_tests_is_missing(desk: Desk, party: str) -> None:
    desk.do_all()
    changed = {**desk.document["authorities"][party], "environment": "test"}
    desk.configure(authorities={party: changed})
    key = {"ncmec": "authority.ncmec", "dsa": "dsa_database", "email": "mail"}[party]
    assert desk.open() == {key: State.MISSING}
    assert "keeps a duty" in desk.lines()[key].says


def test_a_trial_that_fails_says_why_and_is_missing(desk: Desk) -> None:
    desk.configure(alerts={"urls": ["json://127.0.0.1:9/"]})
    with open(desk.settings.CONFIG.authorities.ncmec.login_file, "w") as file:
        file.write("drill:wrong")
    desk.do_all()
    lines = desk.lines()
    assert lines["authority.ncmec"].state is State.MISSING
    assert "name and password" in lines["authority.ncmec"].says
    assert lines["pagers"].state is State.MISSING
    assert "PagingFailed" in lines["pagers"].says
    assert lines["pagers.read"].state is State.MISSING, "nobody can have read what was not sent"
    assert "drill:wrong" not in str(list(Trial.objects.values()))


def test_a_log_that_was_changed_is_missing(desk: Desk) -> None:
    desk.do_all()
    desk.now += timedelta(days=40)
    line = desk.lines()["log"]
    assert line.state is State.MISSING
    assert "too long ago" in line.says
    with transaction.atomic():
        audit.append("forgotten", actor="worker", now=desk.now, event={"entries": [1], "reason": "schedule"})
    records.try_out(line, now=desk.now)
    assert "LogFaulty" in desk.lines()["log"].says


def test_after_its_time_everything_that_has_one_is_asked_again(desk: Desk) -> None:
    desk.do_all()
    desk.now += timedelta(days=365)
    asked = {key for key, state in desk.open().items() if state is State.CONFIRM}
    assert {"restore", "custodians.drill", "witness", "training", "contact_points"} <= asked
    assert asked.isdisjoint({"counsel", "regimes", "backups"}), "these rest on what they were stated of alone"


def test_under_the_law_of_the_us_alone_the_lines_of_the_eu_say_so(desk: Desk) -> None:
    desk.configure(**US_ONLY)
    lines = desk.lines()
    for key in ("contact_points", "dsa_database", "authority.eu_police", "authority.nca"):
        assert lines[key].state is State.NOT_NEEDED
        assert "law" in lines[key].says


def test_under_the_law_of_the_eu_alone_no_vault_and_no_ncmec_is_needed(desk: Desk) -> None:
    desk.configure(**EU_ONLY)
    lines = desk.lines()
    for key in ("custodians", "custodians.drill", "authority.ncmec", "authority.us_police"):
        assert lines[key].state is State.NOT_NEEDED


def test_a_missing_person_is_named_with_what_nobody_can_keep(desk: Desk) -> None:
    Person.objects.filter(pseudonym__in=["Rita", "Rolf"]).update(active=False)
    line = desk.lines()["staff"]
    assert line.state is State.MISSING
    assert "contesting takes 2 qualified people" in line.says
    Person.objects.filter(pseudonym="Paul").update(active=False)
    assert desk.lines()["administrators"].state is State.MISSING


@pytest.mark.parametrize("host", ["localhost:8402", "127.0.0.1", "photos", "10.0.0.1", "photos.internal"])
def test_a_platform_that_nobody_outside_can_open_is_missing(desk: Desk, host: str) -> None:
    desk.configure(platforms=[{**OTHER_PLATFORM[0], "hosts": [host]}])
    assert desk.lines()["platform.photos.hosts"].state is State.MISSING


def test_the_sample_site_is_no_platform_to_go_live_with(desk: Desk) -> None:
    sample = {**OTHER_PLATFORM[0], "name": "sample", "base_url": "http://127.0.0.1:8402/answerable"}
    desk.configure(platforms=[sample])
    assert "Take the sample site out" in desk.lines()["platform.sample"].says
    desk.configure(platforms=[{**OTHER_PLATFORM[0], "base_url": "http://photos.example/answerable"}])
    assert "in clear" in desk.lines()["platform.photos"].says


def test_a_list_needs_its_terms_in_writing_and_a_person_who_agreed_to_them(desk: Desk) -> None:
    assert desk.lines()["lists"].state is State.NOT_NEEDED
    made = HashList.objects.create(name="iwf", source="file", made_at=desk.now, retrieved_at=desk.now)
    assert desk.lines()["list.iwf"].state is State.MISSING
    HashList.objects.filter(pk=made.pk).update(terms="for this platform alone")
    assert desk.lines()["list.iwf"].state is State.DONE
    desk.confirm("list.iwf.terms")
    assert desk.lines()["list.iwf.terms"].state is State.DONE
    HashList.objects.filter(pk=made.pk).update(terms="for another platform")
    assert desk.lines()["list.iwf.terms"].state is State.CONFIRM


def test_a_platform_that_is_asked_for_its_reports_must_answer(desk: Desk, tmp_path: Any) -> None:
    (tmp_path / "token").write_text("a-token")
    mastodon = {
        "name": "social",
        "adapter": "mastodon",
        "base_url": "https://social.example",
        "secret_file": str(tmp_path / "token"),
        "hosts": ["social.example"],
        "options": {"account_id": "1"},
    }
    desk.configure(platforms=[mastodon])
    line = desk.lines()["platform.social.watched"]
    assert line.state is State.MISSING, line.says
    PlatformWatch.objects.create(platform="social", told_at=desk.now)
    assert desk.lines()["platform.social.watched"].state is State.DONE
    PlatformWatch.objects.update(failed_since=desk.now)
    assert desk.lines()["platform.social.watched"].state is State.MISSING


def test_only_an_administrator_states_and_the_log_says_who(desk: Desk, ravi: Person) -> None:
    line = whole.line("counsel", desk.now)
    with pytest.raises(Refused, match="administrator"):
        records.confirm(line, person_id=ravi.pk, note="read", now=desk.now)
    desk.confirm("counsel", "file 7, by our counsel")
    entry = AuditEntry.objects.get(kind="checklist_confirmed")
    assert entry.actor == f"person:{desk.petra.pk}"
    event = json.loads(entry.event or "")
    assert event["line"] == "counsel"
    assert "file 7" not in (entry.event or ""), "a person's words stay out of the log"
    with pytest.raises(Refused, match="administrator"):
        records.take_back("counsel", person_id=ravi.pk, now=desk.now)
    records.take_back("counsel", person_id=desk.petra.pk, now=desk.now)
    assert desk.lines()["counsel"].state is State.CONFIRM
    with pytest.raises(NotFound):
        records.take_back("counsel", person_id=desk.petra.pk, now=desk.now)


@pytest.mark.parametrize("key", ["environment", "staff", "authority.ncmec", "pagers", "authority.nca"])
def test_nobody_states_what_the_desk_sees_or_does_not_need(desk: Desk, key: str) -> None:
    with pytest.raises(Refused, match="by itself"):
        desk.confirm(key)
    assert not Confirmation.objects.exists()


@pytest.mark.parametrize(("note", "why"), [(" ", "Write a note"), ("x" * 301, "too long")])
def test_a_statement_takes_a_note(desk: Desk, note: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        desk.confirm("counsel", note)
    with pytest.raises(NotFound):
        desk.confirm("nothing")


def test_no_address_of_a_pager_reaches_the_database(desk: Desk) -> None:
    desk.configure(alerts={"urls": ["json://name:hunter2@127.0.0.1:9/"]})
    desk.do_all()
    held = str([*Confirmation.objects.values(), *Trial.objects.values()]) + str(
        list(AuditEntry.objects.values_list("event", flat=True))
    )
    assert "hunter2" not in held
    assert desk.settings.CONFIG.alerts != Alerts()


def test_the_command_lists_states_and_takes_back(desk: Desk) -> None:
    run = CliRunner()
    listed = run.invoke(cli.app, [])
    assert listed.exit_code == 1
    assert "CONFIRM     counsel: Counsel has read this policy pack" in listed.output
    assert "lines are open." in listed.output
    stated = run.invoke(cli.app, ["confirm", "counsel", "--as", "Petra", "--note", "file 7"])
    assert stated.exit_code == 0, stated.output
    assert "Petra, 2026-12-01: file 7" in run.invoke(cli.app, []).output
    assert run.invoke(cli.app, ["take-back", "counsel", "--as", "Petra"]).exit_code == 0
    refused = run.invoke(cli.app, ["confirm", "counsel", "--as", "Nobody", "--note", "x"])
    assert refused.exit_code == 1
    assert "answerable person list" in refused.output


def test_every_line_is_explained(desk: Desk) -> None:
    page = (Path(__file__).parents[2] / "docs" / "going-live.md").read_text()
    HashList.objects.create(name="iwf", source="file", made_at=desk.now)
    named = [key.replace(".photos", ".NAME").replace(".iwf", ".NAME") for key in desk.lines()]
    police = "`authority.*_police`"
    assert police in page
    assert [key for key in named if f"`{key}`" not in page and not key.endswith("_police")] == []
