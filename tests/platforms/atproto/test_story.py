"""The documented case on the platform's own programs, as a user replays it; and what may happen beside it."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from answerable.demo import pictures
from answerable.demo.atproto.cache import Cache
from answerable.demo.atproto.network import FOLDER_VARIABLE, Network
from answerable.demo.atproto.person import Account, Stranger
from answerable.demo.sample.pictures import jpeg
from tests.platforms.atproto.desk import ServedDesk
from tests.platforms.atproto.people import Moderators
from tests.platforms.atproto.waiting import until

pytestmark = pytest.mark.atproto
WITHIN_SECONDS = 60.0


def demo(**environment: str) -> subprocess.CompletedProcess[str]:
    """Run it as a user does."""
    return subprocess.run(
        [sys.executable, "-m", "answerable.cli", "demo", "--platform", "atproto", "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=400,
        env={**os.environ, **environment},
    )


def test_the_documented_case_is_replayed_on_the_at_protocol() -> None:
    ran = demo()
    missed = [line for line in ran.stderr.splitlines() if line.startswith("Target missed")]
    assert ran.returncode == (1 if missed else 0), ran.stderr
    assert all("seconds" in line for line in missed), "a busy machine may be slow, and nothing else"
    figures = json.loads(ran.stdout)
    assert (figures["platform"], figures["reported_in_client"]) == ("atproto", True)
    assert figures["copies_verified_gone"] == figures["copies_found"] == figures["copies_total"] == 11
    assert figures["reuploads_blocked"] == figures["reuploads_tried"] == 12
    assert figures["asked_before_showing"] is False
    assert figures["seconds_reuploads_were_seen"] > 0, "shown before anybody could be asked: that is said"
    assert figures["views_after_first_notice"] == figures["obligations_late"] == 0
    assert figures["reposts"] == 24


def test_where_the_programs_are_missing_the_replay_says_what_installs_them(tmp_path: Path) -> None:
    ran = demo(**{FOLDER_VARIABLE: str(tmp_path / "nowhere")})
    assert ran.returncode == 2
    assert "run scripts/atproto" in ran.stderr


def test_a_restart_in_the_middle_and_an_innocent_picture(network: Network, tmp_path: Path) -> None:
    original, cache = jpeg(pictures.busy(2020)), Cache(network.images)
    violating = [pictures.fingerprint(original)[0]]
    stranger, third = Stranger(network), Account(network, "third")
    with ServedDesk(tmp_path / "data", network, cache.url) as desk:
        desk.hire(violating, "Ravi", "Rosa", "Lena")
        # The stream's first word: from then on nothing is missed.
        until(lambda: bool(desk.ledger.rows("SELECT 1 FROM cases_platformwatch")), WITHIN_SECONDS, "watched")
        copies = [original, original, pictures.reuploads(original)[2].data]
        posts = [Account(network, f"uri{n}").post(data) for n, data in enumerate(copies)]
        innocent = Account(network, "carol").post(jpeg(pictures.busy(7)))
        everything = [*posts, innocent]
        until(lambda: all(stranger.in_appview(post) for post in everything), WITHIN_SECONDS, "indexed")
        assert all(all(stranger.everywhere(post)) for post in everything), "and so in the AppView's cache"
        hashed = "SELECT count(*) FROM cases_item WHERE content_id IS NOT NULL"
        until(lambda: desk.ledger.one(hashed) == len(everything), WITHIN_SECONDS, "all hashed")
        third.report(posts[0], "ChildSafetyCSAM", "A child is in this picture.")
        until(lambda: not any(any(stranger.pictures(post)) for post in posts), WITHIN_SECONDS, "all unseen")
        assert all(stranger.everywhere(innocent))

        # Two people decide, each blind to the other; the data server restarts in the middle.
        desk.people["Ravi"].judge(desk.ledger.item(posts[0].ref()))
        network.order("restart_pds", seconds=2)
        desk.work(minutes=26 * 60)
        until(
            lambda: all(desk.item(post.ref()) == ("gone", "gone") for post in posts),
            WITHIN_SECONDS,
            "all verified gone",
        )
        assert not any(any(stranger.everywhere(post)) for post in posts)
        moderators = Moderators(network)
        assert len(moderators.events("Takedown", subject=posts[0].uri)) == 1

        # An innocent picture, reported: hidden, cleared by two, put back everywhere.
        began = time.monotonic()
        third.report(innocent, "ChildSafetyCSAM", "I don't like it.")
        until(lambda: not any(stranger.pictures(innocent)), WITHIN_SECONDS, "hidden")
        desk.work(minutes=26 * 60)
        until(lambda: desk.item(innocent.ref()) == ("visible", "visible"), WITHIN_SECONDS, "put back")
        assert all(stranger.everywhere(innocent))
        assert time.monotonic() - began < WITHIN_SECONDS, "wrongly hidden for less than a minute"
        late = desk.ledger.rows(
            "SELECT kind, state, last_error FROM obligations_obligation WHERE \"by\" = 'worker' "
            "AND (state = 'kept_late' OR (state = 'owed' AND due_at < datetime('now')))"
        )
        assert late == []
        until(
            lambda: bool(moderators.events("Acknowledge", subject=innocent.uri)),
            WITHIN_SECONDS,
            "closed there",
        )
        assert not moderators.events("Escalate", subject=posts[0].uri), (
            "what is done is put before nobody again"
        )
        checked = desk.command("audit", "check")
        assert checked.returncode == 0, checked.stdout + checked.stderr
    cache.close()
