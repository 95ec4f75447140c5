"""Plays the acts that were asked for on a stack of its own, and measures what holds over all of them."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from answerable.demo.acts.abuse import Abuse
from answerable.demo.acts.overturn import overturned
from answerable.demo.acts.story import BEGIN, FIRST_REPORT, Story
from answerable.demo.atproto.stage import AtprotoStage
from answerable.demo.drawing import svg
from answerable.demo.figures import Figures
from answerable.demo.matrix.stage import MatrixStage
from answerable.demo.pager import Pager
from answerable.demo.replay import Replay
from answerable.demo.stack import Stack
from answerable.demo.stage import StartedStage
from answerable.demo.targets import ACTS, AUTHOR, BRIGADE, FLOOD, OVERTURN, STORY

SVG_NAME = "views.svg"
SAMPLE, SYNAPSE, ATPROTO = "sample", "synapse", "atproto"
REAL: Final[dict[str, type[StartedStage]]] = {SYNAPSE: MatrixStage, ATPROTO: AtprotoStage}
"""The platforms that are installed and started for the story."""
PLATFORMS: Final = (SAMPLE, *REAL)


def acts_on(platform: str) -> tuple[str, ...]:
    """What is played there: the abuse needs thousands of posts, and the overturning what the sample site shows."""
    return (STORY,) if platform in REAL else ACTS


def play(
    data: Path, acts: tuple[str, ...], scale: float, say: Callable[[str], None], platform: str = SAMPLE
) -> Figures:
    """The acts, in their order; gives what was measured. Raises what went wrong with the stack or an act."""
    began = time.monotonic()
    with ExitStack() as ends:
        stage = None
        if platform in REAL:
            stage = REAL[platform](data)
            ends.callback(stage.close)
            say(f"Starting {stage.what}, on this machine and for the replay alone.")
            stage.start()
        say("Starting a desk, its worker and a sample site for the replay alone.")
        pager = ends.enter_context(Pager())
        more = stage.configuration if stage else ""
        stack = ends.enter_context(Stack(data, BEGIN, pager.url, more))
        say("It is up: everything that follows happens at its doors.")
        replay = Replay(stack, say, scale, stage)
        replay.figures.platform = platform
        if stage:
            stage.connect(stack, replay.ledger)
            say("The desk is connected to it, and told of what happens there.")
        replay.hire()
        say("Four reviewers signed in to the console, each with a second factor.")
        if STORY in acts:
            Story(replay).play()
            (data / SVG_NAME).write_text(svg(replay.figures.views, FIRST_REPORT))
        if OVERTURN in acts:
            overturned(replay)
        _abuse(replay, acts)
        _over_all(replay)
        replay.figures.seconds_it_took = round(time.monotonic() - began, 1)
        return replay.figures


def _abuse(replay: Replay, acts: tuple[str, ...]) -> None:
    if not {BRIGADE, AUTHOR, FLOOD} & set(acts):
        return
    abuse = Abuse(replay)
    try:
        for act, part in ((BRIGADE, abuse.brigade), (AUTHOR, abuse.author), (FLOOD, abuse.junk)):
            if act in acts:
                part()
    finally:
        abuse.close()


def _over_all(replay: Replay) -> None:
    """What was late in all of it, and whether the log is whole."""
    replay.later(
        hours=26
    )  # whatever people were still owed within the day is kept before, or the replay ends
    late = replay.ledger.late(replay.time.now())
    replay.figures.obligations_late = len(late)
    replay.figures.obligations_total = int(replay.ledger.one("SELECT count(*) FROM obligations_obligation"))
    checked = replay.stack.command("audit", "check")
    replay.figures.audit_verified = checked.returncode == 0
    replay.say((checked.stdout or checked.stderr).strip().splitlines()[-1])
    for kind, subject, due_at in late[:10]:
        replay.say(f"Late: {kind} of {subject}, due at {due_at}.")
