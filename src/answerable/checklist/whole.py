"""The whole checklist of this desk, in the order in which it is best worked through."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from importlib import import_module

from django.conf import settings

from answerable.checklist import desk, keeping, law, people, platforms, telling
from answerable.checklist.lines import Line
from answerable.checklist.records import resolved
from answerable.obligations import registry
from answerable.policy import Pack, store
from answerable.policy.checks import check as check_pack
from answerable.policy.errors import PolicyError
from answerable.policy.load import load, path_of, read_file
from answerable.settings.config import Config


@dataclass(frozen=True, slots=True)
class Part:
    """Some lines under one heading."""

    title: str
    lines: tuple[Line, ...]


def checklist(now: datetime) -> list[Part]:
    """Every line, as it stands now. Asks nobody outside."""
    config: Config = settings.CONFIG
    pack = _active()
    return [Part(title, tuple(resolved(lines, now))) for title, lines in _parts(config, pack, now)]


def line(key: str, now: datetime) -> Line | None:
    """The line of that key."""
    return next((one for part in checklist(now) for one in part.lines if one.key == key), None)


def _parts(config: Config, pack: Pack | None, now: datetime) -> Iterator[tuple[str, Iterator[Line]]]:
    configured, holes = _configured(config)
    yield "The law", law.lines(config, pack, configured, holes)
    yield "The desk", desk.lines(config)
    yield "People", people.lines(config, pack)
    yield "Authorities", telling.lines(config, pack, settings.DATA)
    yield "Platforms and lists", platforms.lines(config, now)
    yield "What must not be lost", keeping.lines(config, pack)


def _active() -> Pack | None:
    try:
        return store.active()
    except store.UnknownPackError:
        return None


def _configured(config: Config) -> tuple[Pack | None, tuple[str, ...]]:
    """The pack that the configuration names, and its holes."""
    try:
        raw = read_file(path_of(config.desk.policy))
    except PolicyError as error:
        return None, tuple(str(hole) for hole in error.holes)
    return _checked(raw, config.desk.policy, config.desk.regimes)


@lru_cache(maxsize=4)
def _checked(raw: bytes, name: str, regimes: tuple[str, ...]) -> tuple[Pack | None, tuple[str, ...]]:
    """A pack, and its holes: looking for them takes a second."""
    try:
        pack = load(raw, name)
    except PolicyError as error:
        return None, tuple(str(hole) for hole in error.holes)
    import_module("answerable.worker.parties").register()  # what the code can do lies above this package
    return pack, tuple(str(hole) for hole in check_pack(pack, registry.kinds(), regimes))
