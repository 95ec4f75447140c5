"""Who works here, from the command line."""

from datetime import datetime

import pytest
from typer.testing import CliRunner

from answerable.cases.models import Person
from answerable.console import people
from answerable.console.cli import app
from answerable.console.models import SignInLink

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


def test_the_list_says_who_can_do_what(ravi: Person, lena: Person) -> None:
    output = CliRunner().invoke(app, ["list"]).output
    assert "Lena: lead, child_safety, intimate_images" in output
    assert "Ravi: on_call, child_safety" in output
