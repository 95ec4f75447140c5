"""The AT Protocol's own programs and a whole desk: uploaded to hashed, reported to hidden, decided to gone everywhere.

Counted by the clock of the person who acts, from the answer to their client's call; "everywhere" is what a stranger
gets at the data server, the AppView and its cache of pictures, asked without a pause.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import machine

WITHIN_SECONDS = 120.0


def wait(true: Callable[[], bool]) -> float:
    """The time at which something has become so. Raises TimeoutError."""
    end = time.monotonic() + WITHIN_SECONDS
    while not true():
        if time.monotonic() > end:
            raise TimeoutError("it did not become so")
        time.sleep(0.005)
    return time.monotonic()


def measure(posts: int) -> None:
    """Each post by an account of its own, one after the other."""
    from tests.platforms.atproto.desk import ServedDesk

    from answerable.demo import pictures
    from answerable.demo.atproto.cache import Cache
    from answerable.demo.atproto.network import Network
    from answerable.demo.atproto.person import Account, Post, Stranger
    from answerable.demo.sample.pictures import jpeg

    with tempfile.TemporaryDirectory() as temporary, Network(Path(temporary) / "network") as network:
        cache, violating = Cache(network.images), []
        stranger, dana = Stranger(network), Account(network, "dana")
        with ServedDesk(Path(temporary) / "data", network, cache.url) as desk, machine.watched() as around:
            desk.hire(violating, "Ravi")
            wait(lambda: bool(desk.ledger.rows("SELECT 1 FROM cases_platformwatch")))
            taken: dict[str, list[float]] = {"hashed": [], "hidden": [], "gone": []}
            made: list[Post] = []

            def hashed(post: Post) -> bool:
                sql = "SELECT content_id FROM cases_item WHERE ref = ?"
                return bool(desk.ledger.one(sql, [post.ref()]))

            for number in range(posts):
                data = jpeg(pictures.busy(40_000 + number))
                violating.append(pictures.fingerprint(data)[0])
                account = Account(network, f"bench{number}")
                time.sleep(0.3)  # a new account is read as a whole: that comes first
                post = account.post(data)
                begun = time.monotonic()
                taken["hashed"].append(wait(lambda post=post: hashed(post)) - begun)  # type: ignore[misc]
                made.append(post)
            wait(lambda: all(all(stranger.everywhere(post)) for post in made))  # and so in the cache
            for post in made:
                dana.report(post)
                begun = time.monotonic()
                unseen = wait(lambda post=post: not any(stranger.everywhere(post)[:3]))  # type: ignore[misc]
                taken["hidden"].append(unseen - begun)
            for post in made:
                desk.people["Ravi"].judge(desk.ledger.item(post.ref()))
                begun = time.monotonic()
                unseen = wait(lambda post=post: not any(stranger.everywhere(post)))  # type: ignore[misc]
                taken["gone"].append(unseen - begun)
        cache.close()
    figures: dict[str, Any] = {kind: machine.spread(seconds) for kind, seconds in taken.items()}
    machine.write("atproto", {"posts": posts, "network_megabytes": network.megabytes, **figures, **around})


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--posts", type=int, default=30)
    measure(parser.parse_args().posts)
