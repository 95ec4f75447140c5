"""Each kind of obligation is known once, and the worker's have a handler with a deadline."""

from collections.abc import Iterator

import pytest

from answerable.obligations import registry
from answerable.obligations.models import Obligation
from answerable.policy.words import By

HANDLED: list[Obligation] = []


def make_it_so(obligation: Obligation) -> None:
    HANDLED.append(obligation)


@pytest.fixture(autouse=True)
def empty_registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(registry, "_kinds", {})
    return


def test_a_registered_kind_is_listed_with_who_keeps_it() -> None:
    registry.kind("hide", by=By.WORKER, handler=make_it_so, deadline_seconds=5)
    registry.kind("look", by=By.PEOPLE)
    assert {name: info.by for name, info in registry.kinds().items()} == {
        "hide": By.WORKER,
        "look": By.PEOPLE,
    }
    assert registry.find("hide").deadline_seconds == 5


def test_a_handler_may_be_named_by_its_path() -> None:
    registry.kind("hide", by=By.WORKER, handler=f"{__name__}.make_it_so")
    obligation = Obligation(kind="hide")
    registry.find("hide").resolve()(obligation)
    assert HANDLED.pop() is obligation


def test_kinds_with_one_handler_share_it() -> None:
    for name in ("remove", "hide", "limit"):
        registry.kind(name, by=By.WORKER, handler=make_it_so)
    registry.kind("fetch_item", by=By.WORKER, handler=f"{__name__}.make_it_so")
    assert registry.sharing_a_handler() == [["hide", "limit", "remove"]]


def test_what_people_keep_shares_nothing() -> None:
    registry.kind("look", by=By.PEOPLE)
    registry.kind("decide", by=By.PEOPLE)
    assert registry.sharing_a_handler() == []


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"by": By.WORKER}, "give it a handler"),
        ({"by": By.WORKER, "handler": make_it_so, "at_once": True}, "at once"),
        ({"by": By.PEOPLE, "handler": make_it_so}, "kept by people"),
        ({"by": By.WORKER, "handler": make_it_so, "deadline_seconds": 11}, "at most 10 s"),
        ({"by": By.WORKER, "handler": make_it_so, "deadline_seconds": 0}, "at most 10 s"),
    ],
)
def test_a_kind_that_could_not_be_kept_is_refused(arguments: dict[str, object], complaint: str) -> None:
    with pytest.raises(registry.RegistryError, match=complaint):
        registry.kind("hide", **arguments)


def test_registering_the_same_again_is_harmless_but_not_something_else() -> None:
    registry.kind("look", by=By.PEOPLE)
    registry.kind("look", by=By.PEOPLE)
    with pytest.raises(registry.RegistryError, match="registered twice"):
        registry.kind("look", by=By.OTHER_PEOPLE)


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(registry.NoHandler, match="'dance'"):
        registry.find("dance")


def test_what_people_keep_has_no_handler_to_call() -> None:
    registry.kind("look", by=By.PEOPLE)
    with pytest.raises(registry.NoHandler, match="'look'"):
        registry.find("look").resolve()
