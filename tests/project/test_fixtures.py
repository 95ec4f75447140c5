"""The ground that other tests stand on."""

import socket

import pytest
from django.db import connection, transaction
from tests.conftest import meets_the_database
from tests.support import network

from answerable.cases.models import Person


def test_a_database_that_commits_starts_empty(fresh_database):
    assert not Person.objects.exists()
    with transaction.atomic():
        Person.objects.create(pseudonym="Max")
    assert fresh_database.database == connection.settings_dict["NAME"]


def test_it_starts_empty_again_after_a_commit(fresh_database, ravi):
    assert list(Person.objects.values_list("pseudonym", flat=True)) == ["Ravi"]


def test_threads_of_a_test_share_its_committed_database(committing, ravi):
    assert committing([Person.objects.count, lambda: 1 // 0])[0] == 1


def test_the_cast_stands_in_a_database_that_rolls_back(ravi, rosa, lena, petra):
    assert [ravi.pseudonym, lena.lead, petra.administrator] == ["Ravi", True, True]
    assert rosa.is_qualified("child_safety")


def test_a_database_that_no_argument_names_is_refused(request):
    with pytest.raises(pytest.fail.Exception, match="name it as an argument"):
        request.getfixturevalue("fresh_database")


def test_the_next_test_gets_its_own_all_the_same(fresh_database):
    assert not Person.objects.exists()


def test_postgresql_meets_all_that_name_a_database_and_nothing_else(db, request):
    once = [item.nodeid for item in request.session.items if not meets_the_database(item)]
    assert connection.vendor == "sqlite" or not once


@pytest.mark.parametrize("address", ["192.0.2.1", "example.org", "169.254.169.254"])
def test_nothing_outside_this_machine_can_be_reached(address, no_outside_network):
    with pytest.raises(network.OutsideNetworkError):
        socket.create_connection((address, 80), timeout=1)
    assert no_outside_network
    no_outside_network.clear()


@pytest.mark.parametrize(
    "reach",
    [
        lambda wire: wire.sendto(b"x", ("192.0.2.1", 53)),
        lambda wire: wire.sendmsg([b"x"], [], 0, ("192.0.2.1", 53)),
        lambda wire: wire.connect_ex(("192.0.2.1", 53)),
        lambda _wire: socket.gethostbyname("example.org"),
        lambda _wire: socket.gethostbyaddr("192.0.2.1"),
    ],
)
def test_no_other_way_out_is_left_open(reach, no_outside_network):
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire,
        pytest.raises(network.OutsideNetworkError),
    ):
        reach(wire)
    assert len(no_outside_network) == 1
    no_outside_network.clear()
