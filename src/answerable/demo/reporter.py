"""Somebody who reports: the public form without scripts, the status page, the receipt."""

import re
import time
from dataclasses import dataclass

from answerable.demo.browser import Browser, Page, PageUnexpected

_CODE = re.compile(r'<p class="code" id="code">(.*?)</p>', re.DOTALL)
IDENTITY_WORDS = ("identity document is needed", "copy of your identity", 'type="file"')


@dataclass(frozen=True)
class Accepted:
    """An accepted report: its code, and when its acknowledgement was there (seconds of `time.monotonic`)."""

    code: str
    sent_at: float
    answered_at: float
    page: Page


class Reporter:
    """One person with a browser. `actions` counts what they had to do: open, choose, type, send."""

    def __init__(self, public_url: str) -> None:
        self.browser = Browser(public_url)
        self.asked_for_a_document = False

    def report(self, link: str, what: str, statement: str = "", more: str = "") -> Accepted:
        """Report a link (and `more`, one a line) through the form."""
        page = self._look(self.browser.get(f"/en/report?link={link}"))
        form = page.form(holding="nonce")
        links = f"{link}\n{more}" if more else link
        sent_at = time.monotonic()
        answer = self.browser.submit(page, form, what=what, links=links, statement=statement)
        answered_at = time.monotonic()
        found = _CODE.search(self._look(answer).text)
        if answer.status != 200 or found is None:
            raise PageUnexpected(f"The report was not acknowledged ({answer.status}).")
        return Accepted(
            re.sub(r"\D", "", re.sub(r"<[^>]*>", "", found.group(1))), sent_at, answered_at, answer
        )

    def open(self, code: str) -> Page:
        """Open the status page with a code."""
        page = self.browser.get("/en/status")
        if 'name="code"' in page.text:
            page = self.browser.submit(page, page.form(holding="code"), code=code)
        return self._look(page)

    def answer(self, code: str, text: str, fact: str = "") -> Page:
        """Write an answer on the status page; `fact` names what is new."""
        page = self.open(code)
        form = page.form(name="answer-form")
        return self._look(self.browser.submit(page, form, text=text, fact=fact))

    def receipt(self, code: str) -> bytes:
        """Download the receipt from the status page."""
        page = self.open(code)
        answer = self.browser.submit(page, page.form(to="/status/receipt"))
        if answer.status != 200:
            raise PageUnexpected(f"No receipt was given ({answer.status}).")
        return answer.content

    def _look(self, page: Page) -> Page:
        self.asked_for_a_document |= any(words in page.text for words in IDENTITY_WORDS)
        return page


def appeal(public_url: str, code: str, text: str) -> bool:
    """Contest, as an account holder, what a notice told. Whether it was taken."""
    browser = Browser(public_url)
    page = browser.get("/en/appeal")
    answer = browser.submit(page, page.form(to="/appeal"), code=code, text=text)
    browser.close()
    return answer.status == 200 and "We have your objection" in answer.text
