"""The documented case, replayed through the platform's own client against a whole desk, with its figures."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from answerable.demo import pictures
from answerable.demo.reporter import Reporter
from answerable.demo.sample.pictures import jpeg
from tests.platforms.atproto.cache import Cache, until
from tests.platforms.atproto.desk import ServedDesk
from tests.platforms.atproto.network import Network
from tests.platforms.atproto.people import Account, Moderators, Post, Stranger

pytestmark = pytest.mark.atproto
NOTHING = [False] * 5
WITHIN_SECONDS = 60.0


@dataclass
class Scene:
    """The desk, the network, and what has been posted."""

    desk: ServedDesk
    network: Network
    stranger: Stranger
    violating: list[bytes]
    posts: list[Post] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)

    def seen(self, post: Post) -> bool:
        """Whether a stranger gets the picture anywhere."""
        return any(self.stranger.everywhere(post)[:3])

    def unseen_after(self, post: Post, began: float) -> float:
        """Seconds from a moment until no stranger gets the picture anywhere."""
        until(lambda: not self.seen(post), WITHIN_SECONDS, f"{post.uri} unseen")
        return time.monotonic() - began


@pytest.fixture(scope="module")
def scene(network: Network, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A desk that watches the network."""
    cache = Cache(network.images)
    violating: list[bytes] = []
    with ServedDesk(tmp_path_factory.mktemp("story") / "data", network, cache.url) as desk:
        desk.hire(violating, "Ravi", "Rosa", "Lena")
        # The stream's first word: from then on nothing is missed.
        until(lambda: bool(desk.ledger.rows("SELECT 1 FROM cases_platformwatch")), WITHIN_SECONDS, "watched")
        yield Scene(desk, network, Stranger(network), violating)
    cache.server.shutdown()
    cache.server.server_close()


def test_the_documented_case(scene: Scene, network: Network, tmp_path: Path) -> None:
    desk, stranger, figures = scene.desk, scene.stranger, scene.figures
    original = jpeg(pictures.busy(2019))
    scene.violating.append(pictures.fingerprint(original)[0])
    uri, third = Account(network, "uri"), Account(network, "third")
    first = uri.post(original)
    copies = pictures.eleven_copies(original)
    spread = [Account(network, f"spread{n}").post(copy.data) for n, copy in enumerate(copies)]
    innocent = Account(network, "carol").post(jpeg(pictures.busy(7)))
    everywhere = [first, *spread]
    until(lambda: all(stranger.in_appview(post) for post in everywhere), WITHIN_SECONDS, "indexed")
    assert all(all(stranger.everywhere(post)) for post in everywhere), "seen, and so in the AppView's cache"
    until(
        lambda: desk.ledger.one("SELECT count(*) FROM cases_item WHERE content_id IS NOT NULL") >= 13,
        WITHIN_SECONDS,
        "all hashed",
    )

    # 25 December: somebody reports it, in the client.
    began = time.monotonic()
    third.report(first, "ChildSafetyCSAM", "This boy is my classmate.")
    figures["report in the client to seen by no stranger anywhere, s"] = scene.unseen_after(first, began)
    for post in spread:
        scene.unseen_after(post, began)
    figures["the same for all eleven copies, s"] = time.monotonic() - began
    hidden = [desk.item(post.ref())[0] for post in everywhere]
    assert hidden == ["hidden"] * 12
    assert not any(map(scene.seen, everywhere))
    assert all(stranger.everywhere(innocent))

    # Two people decide, each blind to the other; the data server restarts in the middle.
    desk.people["Ravi"].judge(desk.ledger.item(first.ref()))
    network.order("restart_pds", seconds=2)
    began = time.monotonic()
    desk.work(minutes=26 * 60)
    gone = {post.ref(): post for post in everywhere}
    until(
        lambda: all(desk.item(ref) == ("gone", "gone") for ref in gone), WITHIN_SECONDS, "all verified gone"
    )
    figures["decided by two to twelve posts verified gone, restart included, s"] = time.monotonic() - began
    assert all(stranger.everywhere(post) == NOTHING for post in everywhere)
    assert len(Moderators(network).events("Takedown", subject=first.uri)) == 1

    # The same file again: the account, judged to be the offender's, is down; from others the stream brings it.
    refused = uri.try_("com.atproto.repo.uploadBlob", original, **{"content-type": "image/jpeg"})
    assert (refused.status_code, refused.json()["error"]) == (401, "AccountTakedown")
    waits = []
    for copy in pictures.reuploads(original):
        began = time.monotonic()
        again = Account(network, "again").post(copy.data)
        waits.append(scene.unseen_after(again, began))
    figures["uploaded again by others: longest until seen by nobody, s"] = max(waits)
    desk.work(minutes=26 * 60)

    # He himself, without an account: the post of somebody who trimmed it, so that no fingerprint finds it.
    trimmed = jpeg(pictures.trimmed_hard(original))
    scene.violating.append(pictures.fingerprint(trimmed)[0])
    message = Account(network, "mate").post(trimmed)
    until(lambda: stranger.in_appview(message), WITHIN_SECONDS, "indexed")
    assert scene.seen(message)
    he = Reporter(desk.public_url)
    link = f"https://sky.example/profile/{message.did}/post/{message.rkey}"
    began = time.monotonic()
    accepted = he.report(link, "me_child", statement="I was thirteen.")
    figures["his own report, by a link, to seen by nobody, s"] = scene.unseen_after(message, began)
    assert not he.asked_for_a_document
    until(lambda: "Hidden, and checked on the site." in he.open(accepted.code).text, WITHIN_SECONDS, "said")
    receipt = he.receipt(accepted.code)
    assert receipt.startswith(b"{")
    desk.work(minutes=26 * 60)
    until(lambda: desk.item(message.ref()) == ("gone", "gone"), WITHIN_SECONDS, "gone")

    # An innocent picture, reported: hidden, cleared by two, put back everywhere.
    began = time.monotonic()
    third.report(innocent, "ChildSafetyCSAM", "I don't like it.")
    scene.unseen_after(innocent, began)
    desk.work(minutes=26 * 60)
    until(lambda: desk.item(innocent.ref()) == ("visible", "visible"), WITHIN_SECONDS, "put back")
    assert all(stranger.everywhere(innocent))
    figures["minutes of wrongful hiding, one innocent picture"] = (time.monotonic() - began) / 60

    # At the end: nothing is late, the log is whole, and nobody sees any of it.
    everywhere.append(message)
    assert not any(map(scene.seen, everywhere))
    late = desk.ledger.rows(
        "SELECT kind, last_error FROM obligations_obligation WHERE state = 'owed' AND \"by\" = 'worker' "
        "AND due_at < datetime('now')"
    )
    assert late == []
    kept_late = desk.ledger.rows(
        "SELECT kind, count(*) FROM obligations_obligation WHERE state = 'kept_late' AND \"by\" = 'worker' GROUP BY 1"
    )
    assert kept_late == []
    checked = desk.command("audit", "check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    for words, figure in figures.items():
        print(f"{figure:8.2f}  {words}")
