"""Uploads that must not be seen: tried on the site as people try them, then looked for as a stranger."""

from collections.abc import Sequence

from answerable.demo.pictures import Copy
from answerable.demo.replay import Replay
from answerable.demo.sample.visitor import NotPosted


def tried_and_seen(
    replay: Replay, files: Sequence[Copy], name: str, *, same: bool = False
) -> tuple[int, int]:
    """Upload each file; how many were tried, and how many of them anybody got to see.

    Each by an account of its own whose name begins with `name`, or all by that one account.
    """
    before = len(replay.stage.made())
    for number, copy in enumerate(files):
        with replay.visitor(name if same else f"{name}x{number}") as uploader:
            try:
                uploader.upload(copy.data, copy.how)
            except NotPosted:
                continue
    replay.settle()
    return len(files), sum(replay.visible(ref) for ref in replay.stage.made()[before:])
