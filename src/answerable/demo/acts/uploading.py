"""Uploads that must not be seen: tried on the site as people try them, then looked for as a stranger."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from answerable.demo.pictures import Copy
from answerable.demo.replay import Replay
from answerable.demo.sample.visitor import NotPosted

WATCHED_FOR_SECONDS = 60.0


@dataclass(frozen=True)
class Tried:
    """Uploads: how many were tried, and how many of them anybody gets to see once the desk knows them.

    `longest_seconds`: the longest that one was seen before; 0 where the platform asks before it shows anything.
    """

    tried: int
    seen: int
    longest_seconds: float = 0.0


def tried_and_seen(replay: Replay, files: Sequence[Copy], name: str, *, same: bool = False) -> Tried:
    """Upload each file, by an account of its own whose name begins with `name`, or all by that one account."""
    before = len(replay.stage.made())
    longest = 0.0
    for number, copy in enumerate(files):
        with replay.visitor(name if same else f"{name}x{number}") as uploader:
            try:
                ref = uploader.upload(copy.data, copy.how)
            except NotPosted:
                continue
        if not replay.stage.asks_before_showing:
            longest = max(longest, _seconds_seen(replay, ref))
    replay.settle()
    return Tried(len(files), sum(replay.visible(ref) for ref in replay.stage.made()[before:]), longest)


def _seconds_seen(replay: Replay, ref: str) -> float:
    """For how long strangers get what was just posted; not longer than it is worth waiting for."""
    began = time.monotonic()
    while replay.visible(ref) and time.monotonic() - began < WATCHED_FOR_SECONDS:
        time.sleep(0.01)
    return time.monotonic() - began
