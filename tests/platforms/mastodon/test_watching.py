"""What a platform tells is taken once or more, never less: whatever fails, and whenever the worker is killed."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from answerable.audit.models import AuditEntry
from answerable.cases import commands
from answerable.cases.models import Item, PlatformWatch, Report
from answerable.db import crash
from answerable.obligations.models import Obligation
from answerable.platforms import registry, watching
from answerable.platforms.base import FetchedItem, ItemKind, Media, Named, News, ReportThere
from answerable.platforms.mastodon.adapter import Adapter
from answerable.settings.config import Platform as Entry
from tests.fakes.mastodon import Mastodon
from tests.support.desks import Desk
from tests.support.turns import Turns


class Killed(BaseException):
    """What `kill -9` is to a test in one process."""


class Steps(threading.Event):
    """A stop that comes after so many pauses; in each, half a minute passes on the test's clock."""

    def __init__(self, worker: Turns, pauses: int) -> None:
        super().__init__()
        self.worker, self.left = worker, pauses

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        assert timeout <= watching.LONGEST_PAUSE_SECONDS
        self.worker.now += timedelta(seconds=30)
        self.left -= 1
        if self.left <= 0:
            self.set()
        return self.is_set()


def news() -> News:
    """One of everything that can be told."""
    item = FetchedItem(
        "status/1/media/2", ItemKind.IMAGE, account="7", media=Media("http://127.0.0.1:9/2.png")
    )
    edited = FetchedItem("status/3/media/4", ItemKind.IMAGE, account="7", media=item.media, version="second")
    report = ReportThere("5", (Named("status/1/media/2"),), words="This is me.", reporter="8")
    return News(
        "a cursor", reports=(report,), posted=(item,), edited=(edited,), deleted=("status/9/media/9",)
    )


def whole() -> list[Any]:
    """All that counts of what is stored."""
    return [list(model.objects.order_by("pk").values()) for model in (Item, Report, Obligation, AuditEntry)]


@pytest.mark.django_db
def test_told_twice_changes_nothing(worker: Turns) -> None:
    watching.take("birds", news())
    before = whole()
    assert [len(rows) > 0 for rows in before] == [True] * 4
    worker.now += timedelta(minutes=1)
    watching.take("birds", news())
    assert whole() == before
    assert PlatformWatch.objects.get().cursor == "a cursor"


@pytest.mark.django_db
def test_a_report_that_lost_a_post_there_meanwhile_is_the_same_report(worker: Turns) -> None:
    watching.take("birds", news())
    less = ReportThere("5", (Named("account/7", ItemKind.ACCOUNT),), words="Other words.", reporter="8")
    watching.take("birds", News("next", reports=(less,)))
    assert Report.objects.count() == 1


@pytest.mark.django_db
def test_a_kill_between_taking_and_the_cursor_takes_it_again_and_changes_nothing(
    worker: Turns, server: Mastodon, picture: bytes
) -> None:
    target = registry.platform("birds")
    watching.watch(target)
    server.flag(server.dana, server.uri, server.post(server.uri, picture), category="legal")

    def kill(name: str) -> None:
        if name == "watched":
            raise Killed

    with crash.arm(kill), pytest.raises(Killed):
        watching.watch(target)
    assert Report.objects.count() == 1
    cursor = PlatformWatch.objects.get().cursor
    before = whole()
    watching.watch(target)
    assert whole() == before
    assert PlatformWatch.objects.get().cursor != cursor


def test_what_can_not_be_taken_is_not_skipped_but_visible_and_paged_after_two_minutes(
    fresh_database: Desk,
    worker: Turns,
    server: Mastodon,
    picture: bytes,
    configured: Entry,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    paged: list[str] = []
    monkeypatch.setattr(watching.paging, "page", lambda title, _text: paged.append(title) or 1)
    target = registry.platform("birds")
    watching.watch(target)
    server.flag(server.dana, server.uri, server.post(server.uri, picture), category="legal")
    good = settings.CONFIG
    bad = configured.model_copy(update={"report_harm": "no such harm"})
    settings.CONFIG = good.model_copy(update={"platforms": (bad,)})
    began = worker.now
    watching.run(Steps(worker, 4), target)
    row = PlatformWatch.objects.get()
    assert (row.failed_since, paged) == (began, []), "two minutes are not over"
    assert "no such harm" in row.last_error or "harm" in row.last_error
    watching.run(Steps(worker, 4), target)
    assert len(paged) == 1, "once"
    assert not Report.objects.exists()
    settings.CONFIG = good
    watching.run(Steps(worker, 1), target)
    assert Report.objects.count() == 1
    row.refresh_from_db()
    assert (row.failed_since, row.last_error, row.alarmed_at) == (None, "", None)


class Quiet(Adapter):
    """Has nothing to tell."""

    def watch(self, cursor: str) -> Iterator[News]:
        return iter([] if cursor else [News("from here on")])


@pytest.mark.django_db
def test_an_answer_without_news_ends_a_failure_and_is_written_down_seldom(
    worker: Turns, entry: Entry
) -> None:
    target = Quiet(entry)
    watching.watch(target)
    commands.watch_failed(target.name, why="away", now=worker.now)
    worker.now += timedelta(seconds=1)
    watching.watch(target)
    row = PlatformWatch.objects.get()
    assert (row.failed_since, row.last_error, row.told_at) == (None, "", worker.now)
    assert row.cursor == "from here on"
    worker.now += timedelta(seconds=9)
    watching.watch(target)
    assert PlatformWatch.objects.get().told_at == row.told_at
    worker.now += timedelta(seconds=1)
    watching.watch(target)
    assert PlatformWatch.objects.get().told_at == worker.now


class Once(Adapter):
    """Says when two workers watch it at the same time."""

    poll_seconds = 0.01

    def __init__(self, entry: Entry) -> None:
        super().__init__(entry)
        self.inside = threading.Semaphore(1)
        self.times = 0
        self.met = False

    def watch(self, cursor: str) -> Iterator[News]:
        if not self.inside.acquire(blocking=False):
            self.met = True
            return
        try:
            self.times += 1
            threading.Event().wait(0.02)
            yield News(cursor)
        finally:
            self.inside.release()


def test_of_several_workers_one_watches_a_platform_at_a_time(
    fresh_database: Desk, committing: Any, entry: Entry, worker: Turns
) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("several workers take PostgreSQL")
    target, stop = Once(entry), threading.Event()

    def work() -> None:
        watching.run(stop, target)

    def end() -> None:
        while target.times < 10:
            stop.wait(0.01)
        stop.set()

    assert committing([work, work, work, end]) == [None] * 4
    assert target.times >= 10
    assert not target.met
