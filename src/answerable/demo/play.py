"""Plays the acts that were asked for on a stack of its own, and measures what holds over all of them."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from answerable.demo.acts.abuse import Abuse
from answerable.demo.acts.overturn import overturned
from answerable.demo.acts.story import BEGIN, FIRST_REPORT, Story
from answerable.demo.drawing import svg
from answerable.demo.figures import Figures
from answerable.demo.matrix.stage import MatrixStage
from answerable.demo.pager import Pager
from answerable.demo.replay import Replay
from answerable.demo.stack import Stack, free_ports
from answerable.demo.targets import ACTS, AUTHOR, BRIGADE, FLOOD, OVERTURN, STORY

SVG_NAME = "views.svg"
SAMPLE, SYNAPSE = "sample", "synapse"
PLATFORMS = (SAMPLE, SYNAPSE)
ACTS_ON = {SAMPLE: ACTS, SYNAPSE: (STORY,)}
"""What is played where: the others need thousands of posts, or what only the sample site shows."""


def play(
    data: Path, acts: tuple[str, ...], scale: float, say: Callable[[str], None], platform: str = SAMPLE
) -> Figures:
    """The acts, in their order; gives what was measured. Raises what went wrong with the stack or an act."""
    began = time.monotonic()
    with ExitStack() as ends:
        stage = _homeserver(data, say, ends) if platform == SYNAPSE else None
        say("Starting a desk, its worker and a sample site for the replay alone.")
        pager = ends.enter_context(Pager())
        more = stage.configuration if stage else ""
        stack = ends.enter_context(Stack(data, BEGIN, pager.url, more))
        say("It is up: everything that follows happens at its doors.")
        replay = Replay(stack, say, scale, stage)
        if stage:
            stage.open(stack, replay.ledger)
            say("The homeserver loaded the module: from now on it asks the desk about every upload.")
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


def _homeserver(data: Path, say: Callable[[str], None], ends: ExitStack) -> MatrixStage:
    """A Matrix homeserver for the story, started. Raises SynapseMissing, SynapseFailed."""
    say("Starting a Matrix homeserver, on this machine and for the replay alone.")
    [port] = free_ports(1)
    stage = MatrixStage(data, port)
    ends.callback(stage.close)
    stage.prepare()
    return stage


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
