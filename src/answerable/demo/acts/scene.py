"""What the acts of the story share: the picture, where it stands, whose codes are whose, and how it is looked at."""

import base64
import json
import time
from pathlib import Path

import httpx

from answerable.demo import pictures
from answerable.demo.acts.uploading import tried_and_seen
from answerable.demo.ledger import moment
from answerable.demo.replay import NotQuiet, Replay
from answerable.demo.reporter import Accepted, Reporter
from answerable.demo.sample.pictures import jpeg

STORY_PICTURE = 2019
HIDDEN_WITHIN_SECONDS = 120.0


class Scene:
    """The story's picture on the site and at the desk."""

    def __init__(self, replay: Replay) -> None:
        self.replay = replay
        self.original = jpeg(pictures.busy(STORY_PICTURE))
        self.posts: list[str] = []
        self.copies: list[str] = []
        self.message = ""
        self.codes: dict[str, str] = {}
        self.tried = self.seen_again = 0
        self.longest_seen = 0.0
        self.people: dict[str, Reporter] = {}
        replay.violating.append(pictures.fingerprint(self.original)[0])

    def link(self, ref: str, kind: str = "p") -> str:
        """An item's address, as people copy it."""
        return self.replay.stage.link(ref, kind)

    @property
    def everywhere(self) -> list[str]:
        """All posts of the picture."""
        return [*self.posts, *self.copies]

    def report(self, who: str, ref: str, what: str, kind: str = "p", more: str = "") -> Accepted:
        """Somebody reports an item through the form."""
        person = self.people.setdefault(who, Reporter(self.replay.stack.public_url))
        accepted = person.report(self.link(ref, kind), what, more=more)
        self.codes[who] = accepted.code
        return accepted

    def reported_first(self, who: str, ref: str) -> float:
        """Somebody reports in the platform's own client, or through the form where it has none; gives when."""
        began = time.monotonic()
        there = self.replay.stage.reports_there(who, ref, "A child is in this picture.")
        self.replay.figures.reported_in_client = there
        if there:
            return began
        return self.report(who, ref, "other_child").sent_at

    def until_unseen(self, ref: str, sent_at: float) -> float:
        """Seconds from sending a report until a stranger's next try finds nothing."""
        while self.replay.visible(ref):
            if time.monotonic() - sent_at > HIDDEN_WITHIN_SECONDS:
                raise NotQuiet(
                    f"{ref} is still visible {HIDDEN_WITHIN_SECONDS:.0f} seconds after it was reported."
                )
            time.sleep(0.01)
        return time.monotonic() - sent_at

    def seconds_to_hidden(self, ref: str) -> float:
        """From the acceptance of the first report that names an item to the look that found it hidden."""
        found = self.replay.ledger.rows(
            "SELECT i.hidden_at, min(r.received_at) FROM cases_item i JOIN cases_reporteditem n ON n.item_id = i.id "
            "JOIN cases_report r ON r.id = n.report_id WHERE i.ref = ? GROUP BY i.id",
            [ref],
        )
        hidden_at, received_at = found[0]
        if hidden_at is None:
            raise NotQuiet(f"The desk never saw that {ref} is hidden.")
        return (moment(hidden_at) - moment(received_at)).total_seconds()

    def in_case_of_first(self, ref: str) -> bool:
        """Whether the desk linked this copy to the reported picture and put both into one case."""
        sql = (
            "SELECT count(*) FROM cases_item a JOIN cases_item b ON a.case_id = b.case_id "
            "JOIN cases_copy c ON c.content_id = b.content_id AND c.original_id = a.content_id "
            "WHERE a.ref = ? AND b.ref = ?"
        )
        return bool(self.replay.ledger.one(sql, [self.posts[0], self.replay.stage.bytes_of(ref)]))

    def uploaded_again(self, when: str) -> None:
        """The picture is uploaded again, as it was and changed, by new accounts and a known one."""
        again = tried_and_seen(self.replay, pictures.reuploads(self.original), f"again{self.tried}")
        self.tried, self.seen_again = self.tried + again.tried, self.seen_again + again.seen
        self.longest_seen = max(self.longest_seen, again.longest_seconds)
        figures = self.replay.figures
        figures.reuploads_tried = self.tried
        figures.reuploads_blocked = self.tried - self.seen_again
        figures.asked_before_showing = self.replay.stage.asks_before_showing
        if figures.asked_before_showing:
            seen = f"{again.seen} got to be seen"
        else:
            figures.seconds_reuploads_were_seen = round(self.longest_seen, 2)
            seen = f"{again.seen} still seen, none for longer than {again.longest_seconds:.2f} s"
        self.replay.say(f"Uploaded again {when}: {again.tried} tried, {seen}.")

    def is_verified_gone(self, ref: str) -> bool:
        """Whether the desk saw that it is gone after asking, and a stranger finds neither page nor picture."""
        row = self.replay.ledger.rows("SELECT wanted, seen FROM cases_item WHERE ref = ?", [ref])[0]
        kept = self.replay.ledger.one(
            "SELECT count(*) FROM obligations_obligation WHERE kind = 'remove' AND state = 'kept' AND subject = ?",
            [f"item:{self.replay.ledger.item(ref)}"],
        )
        return row == ("gone", "gone") and bool(kept) and not self.replay.stage.strangers_get(ref)

    def screened(self, data: bytes, account: str) -> str:
        """What the desk answers the site about an upload of an account."""
        answer = httpx.post(
            f"{self.replay.stack.public_url}/api/v1/screen",
            headers={"authorization": f"Bearer {self.replay.stage.key()}"},
            timeout=30,
            trust_env=False,
            json={
                "account": self.replay.stage.account(account),
                "media": {"inline": base64.b64encode(data).decode(), "media_type": "image/jpeg"},
            },
        )
        return str(answer.json().get("verdict"))

    def message_seen(self) -> bool:
        """Whether the message's recipient still gets it."""
        with self.replay.visitor("mei") as recipient:
            return recipient.sees(self.message)

    def views_since_notice(self) -> int:
        """Views since the first notice, of the posts, the copies and the message."""
        return self.replay.stage.views_since_notice([*self.everywhere, self.message])

    def receipt_is_good(self, who: str) -> bool:
        """Download a receipt from the status page; verify it by the command, knowing the public key alone."""
        path = Path(self.replay.stack.data / f"receipt-{who.replace(' ', '-')}.json")
        path.write_bytes(self.people[who].receipt(self.codes[who]))
        good = self.replay.verify(path)
        changed = path.with_suffix(".changed.json")
        changed.write_text(
            json.dumps(json.loads(path.read_text())).replace("2019", "2018").replace("2020", "2019")
        )
        return good and not self.replay.verify(changed)
