"""A wrong decision, contested by the account holder with the code from the notice, and everything put back."""

import re
from datetime import timedelta

from answerable.demo import pictures
from answerable.demo.acts.uploading import tried_and_seen
from answerable.demo.pictures import Copy
from answerable.demo.replay import Replay
from answerable.demo.reporter import Reporter, appeal
from answerable.demo.reviewer import NOT_VIOLATING, VIOLATING
from answerable.demo.sample.pictures import jpeg
from answerable.demo.sample.visitor import NotPosted, Visitor

WRONGED_PICTURE, LATER_PICTURE = 5000, 5001
CODE = re.compile(r"\b\d{4} \d{4} \d{4} \d{4}\b")


def overturned(replay: Replay) -> None:
    """Two people decide wrongly; the holder contests; two others decide anew; all of it is undone."""
    data = jpeg(pictures.busy(WRONGED_PICTURE))
    with replay.visitor("oskar") as holder, replay.visitor("tomas") as friend:
        mine, copy = holder.upload(data, "The lake."), friend.upload(data, "Oskar's lake.")
    replay.settle()
    Reporter(replay.stack.public_url).report(f"{replay.stack.sample_url}/p/{mine}", "other_child")
    replay.settle()
    item = replay.ledger.item(mine)
    replay.later(minutes=6)
    replay.people["Ravi"].judge(item, VIOLATING)
    replay.settle()
    replay.people["Rosa"].judge(item, VIOLATING)
    replay.settle()
    replay.staff_work(replay.time.now() + timedelta(hours=25))  # its account is judged, its uploads are held
    replay.settle()
    while_gone = tried_and_seen(replay, [Copy("the same file", data)], "friend of oskar")
    was_gone = not replay.visible(mine) and not replay.visible(copy) and while_gone.seen == 0
    code = notice_code(replay)
    taken = appeal(replay.stack.public_url, code, "That is a lake, and nobody is in it.")
    replay.settle()
    for name in ("Lena", "Noor"):
        replay.later(minutes=30)
        replay.people[name].judge(item, NOT_VIOLATING)
        replay.settle()
    replay.staff_work(replay.time.now() + timedelta(hours=25))
    replay.settle()
    back = {
        "was gone": was_gone,
        "appeal taken": taken,
        "visible again": replay.visible(mine),
        "its copy visible again": replay.visible(copy),
        "the file may be uploaded": uploads(replay, "mei", data),
        "the holder may upload": uploads(replay, "oskar", jpeg(pictures.busy(LATER_PICTURE))),
        "no strike": replay.ledger.one("SELECT strikes FROM cases_account WHERE ref = 'oskar'") == 0,
        "told": told_of_it(replay),
    }
    replay.figures.overturned_put_back = all(back.values())
    lacking = ", ".join(name for name, done in back.items() if not done)
    replay.say(
        "A wrong decision, contested with the notice's code: "
        + (f"NOT {lacking}." if lacking else "all put back.")
    )


def notice_code(replay: Replay) -> str:
    """Let time pass until the holder is told (rule 16), then read the code in the notice on the site."""
    for _day in range(6):
        with Visitor(replay.stack.sample_url, "oskar") as holder:
            found = CODE.findall(holder.page("/notices").text)
        if found:
            return str(found[0])
        replay.later(hours=24)
    return ""


def uploads(replay: Replay, name: str, data: bytes) -> bool:
    """Whether this account can post that file now, and strangers see it."""
    with replay.visitor(name) as person:
        try:
            ref = person.upload(data, "Once more.")
        except NotPosted:
            return False
    replay.settle()
    return bool(ref) and replay.visible(ref)


def told_of_it(replay: Replay) -> bool:
    """Whether the reporter was told that the decision was overturned."""
    return bool(replay.ledger.one("SELECT count(*) FROM cases_message WHERE reply = 'overturned'"))
