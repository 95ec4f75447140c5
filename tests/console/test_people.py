"""Who works here, from the command line."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client
from typer.testing import CliRunner

from answerable.audit.log import event_of
from answerable.audit.models import AuditEntry
from answerable.cases.models import Person
from answerable.console import links, people
from answerable.console.cli import app
from answerable.console.models import SignInLink
from answerable.serve import desk
from tests.console.conftest import sign_in_of

pytestmark = pytest.mark.django_db


def test_adding_a_person_prints_their_first_link() -> None:
    done = CliRunner().invoke(app, ["add", "Tess", "--qualification", "child_safety", "--lead"])
    assert done.exit_code == 0, done.output
    assert "/link/" in done.output
    person = Person.objects.get()
    assert (person.pseudonym, person.qualifications, person.lead) == ("Tess", ["child_safety"], True)
    assert SignInLink.objects.get().role == "lead"


def test_a_qualification_that_the_policy_does_not_know_is_refused_by_name() -> None:
    done = CliRunner().invoke(app, ["add", "Tess", "--qualification", "child_saftey"])
    assert done.exit_code == 1
    assert "no qualification 'child_saftey'" in done.output
    assert not Person.objects.exists()


def test_two_people_have_two_names(now: datetime) -> None:
    people.add_person(pseudonym="Tess", qualifications=[], now=now)
    with pytest.raises(people.NotAdded, match="called 'Tess'"):
        people.add_person(pseudonym=" Tess ", qualifications=[], now=now)


def test_a_new_link_for_somebody_who_lost_a_device(ravi: Person) -> None:
    assert "/link/" in CliRunner().invoke(app, ["link", "Ravi"]).output
    assert CliRunner().invoke(app, ["link", "Max"]).exit_code == 1


def test_who_no_longer_works_here_is_out_with_the_next_click(
    sign_in: Callable[..., Client], ravi: Person, policy: None, now: datetime
) -> None:
    client = sign_in(ravi)
    assert client.get("/").status_code == 200
    link = links.create_sign_in_link(person=ravi, now=now)
    assert CliRunner().invoke(app, ["end", "Ravi"]).exit_code == 0
    assert client.get("/")["Location"].startswith("/sign-in/")
    with pytest.raises(links.LinkUnusable):
        links.find(link.rsplit("/", 2)[1], now=now)
    assert event_of(AuditEntry.objects.filter(kind="person_changed").latest("pk"))["change"] == "ended"
    assert CliRunner().invoke(app, ["end", "Ravi"]).exit_code == 1


def test_a_newer_link_ends_the_older_ones(ravi: Person, now: datetime) -> None:
    older, newer = (links.create_sign_in_link(person=ravi, now=now) for _ in range(2))
    with pytest.raises(links.LinkUnusable):
        links.find(older.rsplit("/", 2)[1], now=now)
    assert links.find(newer.rsplit("/", 2)[1], now=now).account.person == ravi


def test_a_start_prints_links_only_for_those_who_can_not_sign_in_yet(ravi: Person, rosa: Person) -> None:
    sign_in_of(ravi)
    assert [name for name, _link in desk.sign_in_links()] == ["Rosa"]


def test_the_list_says_who_can_do_what(ravi: Person, lena: Person) -> None:
    output = CliRunner().invoke(app, ["list"]).output
    assert "Lena: lead, child_safety, intimate_images" in output
    assert "Ravi: on_call, child_safety" in output
