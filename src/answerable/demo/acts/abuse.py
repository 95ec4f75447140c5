"""What abuse tries: a brigade on one photo, a thousand posts of one author, a flood with one true report in it."""

import json
import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from answerable.demo import pictures
from answerable.demo.crowd import Filling, flood
from answerable.demo.ledger import moment
from answerable.demo.panel import Panel
from answerable.demo.replay import Replay
from answerable.demo.sample.pictures import jpeg, landscape

BRIGADE, AUTHOR_POSTS, JUNK = 1000, 1000, 10_000
POOL = 60
"""Posts of other people at which junk is aimed; some of it names no link at all."""
INNOCENT_PICTURE, TRUE_PICTURE = 4000, 3000
SCALED_LEAST = 20
UPLOADING_AT_ONCE = 3


@dataclass(frozen=True)
class Post:
    """A post on the site and its address."""

    ref: str
    link: str


class Abuse:
    """The acts of abuse. People on call judge through the commands here (see docs/replay.md)."""

    def __init__(self, replay: Replay) -> None:
        self.replay = replay
        self.panel = Panel(replay)

    def close(self) -> None:
        """End the reviewers' process."""
        self.panel.close()

    def scaled(self, number: int) -> int:
        """A number of reports at the replay's scale."""
        return max(SCALED_LEAST, round(number * self.replay.scale))

    def post(self, author: str, data: bytes) -> Post:
        """A post by this author."""
        with self.replay.visitor(author) as person:
            return self._at(person.upload(data, "A day outside."))

    def posts(self, author: str, number: int, seed: int) -> list[Post]:
        """Many posts by one author, each with a picture of its own."""
        with ThreadPoolExecutor(UPLOADING_AT_ONCE) as hands:
            parts = [range(first, number, UPLOADING_AT_ONCE) for first in range(UPLOADING_AT_ONCE)]
            return [
                post
                for part in hands.map(lambda part: self._upload(author, part, seed), parts)
                for post in part
            ]

    def _upload(self, author: str, numbers: range, seed: int) -> list[Post]:
        with self.replay.visitor(author) as person:
            return [
                self._at(person.upload(jpeg(landscape(seed + which, 96, 72), 70), f"Number {which}"))
                for which in numbers
            ]

    def _at(self, ref: str) -> Post:
        return Post(ref, f"{self.replay.stack.sample_url}/p/{ref}")

    def send(self, fillings: Sequence[Filling], between: Callable[[int], None] | None = None) -> float:
        """File all of these; reports accepted in a second. Raises ConnectionError when one was refused."""
        found = flood(self.replay.stack.public_url, fillings, between=between)
        if found.refused:
            raise ConnectionError(
                f"{len(found.refused)} reports were refused, the first with {found.refused[0]}."
            )
        return found.accepted / max(found.seconds, 0.001)

    def finish(self, *names: str) -> None:
        """Let everybody do all that waits, until nothing does."""
        self.replay.settle()
        while self.panel.turn(*names, within_minutes=25 * 60):
            self.replay.settle()

    def brigade(self) -> None:
        """One innocent photo, reported a thousand times by people who say that they are the child in it."""
        replay, figures, number = self.replay, self.replay.figures, self.scaled(BRIGADE)
        innocent = self.post("ines", jpeg(pictures.busy(INNOCENT_PICTURE)))
        replay.settle()
        fillings = [
            Filling("me_child", innocent.link, f"That is me, take it down. {n}") for n in range(number)
        ]
        first, rest = fillings[: number // 20 + 1], fillings[number // 20 + 1 :]
        self.send(first)
        replay.later(minutes=7)
        self.panel.turn("Ravi")
        replay.settle()
        self.send(rest[: len(rest) // 3])
        replay.later(minutes=6)
        self.panel.turn("Rosa")
        replay.settle()
        figures.innocent_restored = replay.visible(innocent.ref)
        with self.panel.on_call("Ravi", "Rosa"):
            self.send(rest[len(rest) // 3 :])
        self.finish("Lena", "Noor", "Ravi", "Rosa")
        times, seconds = replay.ledger.rows(
            "SELECT interim_times, interim_seconds FROM cases_item WHERE ref = ?", [innocent.ref]
        )[0]
        figures.innocent_reports = number
        figures.innocent_times_hidden = times
        figures.innocent_hidden_minutes = round(seconds / 60, 1)
        figures.innocent_restored = figures.innocent_restored and replay.visible(innocent.ref)
        replay.say(
            f"A brigade of {number} on one photo: hidden {times} time, {figures.innocent_hidden_minutes} minutes, "
            f"{'visible again' if figures.innocent_restored else 'STILL HIDDEN'}."
        )

    def author(self) -> None:
        """A thousand posts of one author, each reported once."""
        replay, figures, number = self.replay, self.replay.figures, self.scaled(AUTHOR_POSTS)
        posts = self.posts("mei", number, 10_000)
        replay.settle()
        fillings = [Filling("other_child", one.link, f"This must go. {n}") for n, one in enumerate(posts)]
        after = replay.ledger.one("SELECT coalesce(max(id), 0) FROM audit_entry")
        self.send(fillings[: number // 2])
        with self.panel.on_call("Ravi", "Rosa", pause_seconds=2.0):
            self.send(fillings[number // 2 :])
        self.finish("Ravi", "Rosa")
        figures.author_reports = number
        figures.author_items_hidden_unlooked = self.most_hidden_unlooked({one.ref for one in posts}, after)
        figures.author_items_restored = all(replay.visible(one.ref) for one in posts[: 2 * SCALED_LEAST])
        replay.say(
            f"{number} posts of one author, each reported once: at most {figures.author_items_hidden_unlooked} "
            f"hidden at a time before anybody looked; "
            f"{'all' if figures.author_items_restored else 'NOT all'} visible again."
        )

    def most_hidden_unlooked(self, refs: set[str], after: int) -> int:
        """How many of these items were at most hidden at one time before a person looked, from the log."""
        known = dict(self.replay.ledger.rows("SELECT id, ref FROM cases_item"))
        numbers = {pk for pk, ref in known.items() if ref in refs}
        entries = self.replay.ledger.rows(
            "SELECT kind, event FROM audit_entry WHERE id > ? AND kind IN ('wanted_changed', 'review_made') "
            "ORDER BY id",
            [after],
        )
        hidden: set[int] = set()
        looked: set[int] = set()
        most = 0
        for kind, text in entries:
            event = json.loads(text)
            item = event["item"]
            if item not in numbers:
                continue
            if kind == "review_made":
                looked.add(item)
            elif event["to"] in ("hidden", "gone", "limited"):
                hidden.add(item)
            else:
                hidden.discard(item)
            most = max(most, len(hidden - looked))
        return most

    def junk(self) -> None:
        """Ten thousand junk reports, and a true one in the middle of them."""
        replay, figures, number = self.replay, self.replay.figures, self.scaled(JUNK)
        pool = [one for who in range(6) for one in self.posts(f"poster{who}", POOL // 6, 20_000 + 100 * who)]
        true_picture = jpeg(pictures.busy(TRUE_PICTURE))
        replay.violating.append(pictures.fingerprint(true_picture)[0])
        true = self.post("harm_doer", true_picture)
        replay.settle()
        self.panel.violating.add(replay.ledger.item(true.ref))
        chance = random.Random(7)  # noqa: S311  junk, the same each time
        whats = ("me_child", "other_child", "my_child", "other_adult", "me_adult", "other")
        fillings = [
            Filling(
                chance.choice(whats), chance.choice(pool).link if chance.random() < 0.98 else "", f"Junk {n}"
            )
            for n in range(number)
        ]
        place = number // 2 + chance.randrange(max(1, number // 4))
        fillings.insert(place, Filling("me_child", true.link, "It is me."))
        with self.panel.on_call("Ravi", "Rosa", pause_seconds=15.0):
            figures.flood_reports_per_second = round(self.send(fillings), 1)
        self.finish("Ravi", "Rosa", "Lena", "Noor")
        figures.flood_reports = number
        hidden_at, noticed_at = replay.ledger.rows(
            "SELECT hidden_at, first_notice_at FROM cases_item WHERE ref = ?", [true.ref]
        )[0]
        if hidden_at and not replay.visible(true.ref):
            figures.seconds_to_hidden_in_flood = (moment(hidden_at) - moment(noticed_at)).total_seconds()
        took = figures.seconds_to_hidden_in_flood
        replay.say(
            f"{number} junk reports ({figures.flood_reports_per_second} a second) and a true one among them: "
            + ("NOT hidden." if took is None else f"hidden and checked after {took:.2f} s.")
        )
