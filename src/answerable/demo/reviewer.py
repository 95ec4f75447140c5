"""A simulated person of the desk, in the console: signs in with a second factor, looks, judges, keeps duties.

They judge by what the console shows them: a picture is recognised by its fingerprint among those that the
replay says are violating. Everything else is innocent.
"""

import base64
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from answerable.demo.browser import Browser, Page, PageUnexpected
from answerable.demo.pictures import NEAR_BITS, distance, fingerprint
from answerable.demo.totp import digits

_ROW = re.compile(
    r'<a href="/(items|reports|accounts|duties)/(\d+)/">.*?<time datetime="([^"]+)">', re.DOTALL
)
_SECRET = re.compile(r"Secret: <code>([A-Z2-7]+)</code>")
_SHOWN = re.compile(r'<img src="data:image/jpeg;base64,([^"]+)" alt="Item (\d+),')
_JUDGED = re.compile(r"Your judgement.{0,20} is recorded")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of somebody's queue."""

    page: str
    pk: int
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reviewer answers about a picture."""

    verdict: str
    age: str = "child"


VIOLATING, NOT_VIOLATING = Answer("violating"), Answer("not_violating", "unsure")


class Reviewer:
    """One person with a browser of their own and an authenticator app."""

    def __init__(self, name: str, staff_url: str, link: str, known: list[bytes]) -> None:
        """Use a sign-in link, set a password, enrol the app. `known`: fingerprints of what is violating."""
        self.name = name
        self.known = known
        self.browser = Browser(staff_url)
        self._enrol(link)

    def _enrol(self, link: str) -> None:
        page = self.browser.get(link)
        page = self.browser.submit(page, page.forms()[0])
        self.password = password = secrets.token_urlsafe(18)
        form = page.form(holding="new_password1")
        page = self.browser.submit(page, form, new_password1=password, new_password2=password)
        page = self.browser.get("/enrol/app/")
        secret = _SECRET.search(page.text)
        if secret is None:
            raise PageUnexpected(f"{self.name} was shown no secret for an authenticator app.")
        self._secret = secret.group(1)
        page = self.browser.submit(page, page.form(holding="code"), code=self.code())
        done = next(form for form in page.forms() if ("action", "done") in form.submits)
        self.browser.submit(page, done, ("action", "done"))
        self.queue()

    def code(self) -> str:
        """What this person's authenticator app shows now."""
        return digits(self._secret)

    def queue(self) -> list[Row]:
        """What waits for this person, first what is due first."""
        page = self.browser.get("/")
        if "<h1>Queue</h1>" not in page.text:
            raise PageUnexpected(f"{self.name} did not get to the queue ({page.status}, {page.url}).")
        return [
            Row(kind, int(number), datetime.fromisoformat(due))
            for kind, number, due in _ROW.findall(page.text)
        ]

    def may_judge(self, item: int) -> bool:
        """Whether the queue asks this person to judge that item."""
        return any(row.page == "items" and row.pk == item for row in self.queue())

    def judge(self, item: int, answer: Answer | None = None, also: Sequence[int] = ()) -> str:
        """Look at an item, judge by what is shown (or as `answer` says), and with it `also`. Gives the verdict."""
        page = self.browser.get(f"/items/{item}/")
        for other in also:
            page = self.browser.submit(page, page.form(name="judgement"), ("action", f"look:{other}"))
        page = self.browser.submit(page, page.form(name="judgement"), ("action", f"look:{item}"))
        given = answer or self._recognise(page, item)
        form = page.form(name="judgement")
        form.values["items"] = [str(one) for one in (item, *also)]
        if not any("clause" in f.values for f in page.forms()):
            form.values["clause"] = [_first(page, "clause")]
        page = self.browser.submit(
            page,
            form,
            ("action", "consequences"),
            verdict=given.verdict,
            age=given.age,
            reason="Judged in the replay.",
        )
        page = self.browser.submit(page, page.form(holding="opened"), ("action", "confirm"))
        if _JUDGED.search(page.text) is None:
            raise PageUnexpected(f"{self.name}'s judgement of item {item} was not taken ({page.status}).")
        return given.verdict

    def _recognise(self, page: Page, item: int) -> Answer:
        for data, number in _SHOWN.findall(page.text):
            if int(number) == item:
                seen, _quality = fingerprint(base64.b64decode(data))
                return VIOLATING if self._is_known(seen) else NOT_VIOLATING
        raise PageUnexpected(f"{self.name} was not shown item {item}.")

    def _is_known(self, seen: bytes) -> bool:
        return any(distance(seen, one) <= NEAR_BITS for one in self.known)

    def keep(self, row: Row) -> None:
        """Do one thing of the queue, whatever it is."""
        if row.page == "items":
            self.judge(row.pk)
            return
        page = self.browser.get(f"/{row.page}/{row.pk}/")
        if row.page == "accounts":
            self.browser.submit(page, page.form(holding="csrfmiddlewaretoken"), answer="offender")
        elif row.page == "reports":
            reading = [form for form in page.forms() if ("action", "read") in form.submits]
            if not reading:
                raise PageUnexpected(f"{self.name} is offered nothing to read on {page.url}.")
            self.browser.submit(page, reading[0], ("action", "read"))
        else:
            reference = f"REPLAY-{row.pk}"
            self.browser.submit(page, page.form(holding="reference"), reference=reference)


def _first(page: Page, name: str) -> str:
    """The first choice of a group of radio buttons."""
    found = re.search(rf'<input type="radio" name="{name}" value="([^"]+)"', page.text)
    if found is None:
        raise PageUnexpected(f"{page.url} offers no {name}.")
    return found.group(1)


def work(people: Sequence[Reviewer], before: datetime) -> int:
    """Have the people on call keep everything of their queues that is due before a time. How much it was."""
    done = 0
    refused: set[tuple[str, int, str]] = set()
    while True:
        kept, again = 0, False
        for person in people:
            for row in person.queue():
                if row.due_at <= before:
                    try:
                        person.keep(row)
                    except PageUnexpected:
                        asked = any(r.page == row.page and r.pk == row.pk for r in person.queue())
                        this = (row.page, row.pk, person.name)
                        if asked and this in refused:
                            raise
                        if (
                            asked
                        ):  # something changed while they looked, and the page said so: they look again
                            refused.add(this)
                            again = True
                        continue  # else somebody, or a decision, was faster: the queue no longer asks for it
                    kept += 1
        if not kept and not again:
            return done
        done += kept
