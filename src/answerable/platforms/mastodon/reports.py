"""The reports that a Mastodon server keeps: read in order, made once for its moderators, closed and opened again."""

import json
from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import quote

from answerable.platforms import base
from answerable.platforms.base import News
from answerable.platforms.mastodon import news, wire
from answerable.platforms.mastodon.api import Api, Form

PATH: Final = "/api/v1/admin/reports"
OVERLAP: Final = 50
"""So many reports before the last one are asked for again: numbers are given before rows can be seen."""
OPEN_AND_CLOSED: Final = ("false", "true")
"""Without `resolved`, only the open ones are listed. Open ones first: one that is closed meanwhile is in both."""
COMMENT: Final = (
    "From the report desk: please look at this. Nothing outside Mastodon can hide a single post. [{ref}]"
)


class Reports:
    """The reports of one server, as the desk's own account handles them."""

    def __init__(self, api: Api, own_account: str, category: str) -> None:
        self._api = api
        self._own = own_account
        self._category = category
        self._told: set[str] = set()

    def since(self, cursor: str, news_of: Callable[[wire.AdminReport, str], News]) -> Iterator[News]:
        """Each report after the cursor, then the cursor after all of them."""
        if not cursor:
            first = [
                next(self._pages([("resolved", one), ("limit", "1")], "next"), []) for one in OPEN_AND_CLOSED
            ]
            yield News(_cursor(max((int(one.id) for page in first for one in page), default=0)))
            return
        last = newest = int(json.loads(cursor)["report"])
        for resolved in OPEN_AND_CLOSED:
            query = [("resolved", resolved), ("limit", "200"), ("min_id", str(max(0, last - OVERLAP)))]
            for page in self._pages(query, "prev"):
                for report in sorted(page, key=lambda one: int(one.id)):
                    if report.id not in self._told:
                        yield news_of(report, cursor)
                        self._told.add(report.id)
                    newest = max(newest, int(report.id))
        self._told = {one for one in self._told if int(one) >= newest - 2 * OVERLAP}
        yield News(_cursor(newest))

    def hand_over(self, ref: str, account: str, post: str) -> str:
        """Report an item, unless that was done: the server itself remembers. The page where moderators act on it."""
        for report in self.all([("account_id", self._own), ("target_account_id", account)]):
            if f"[{ref}]" in report.comment:
                if report.action_taken:
                    self.settle(report.id, closed=False)
                return self._page(report.id)
        form = [("account_id", account), ("comment", COMMENT.format(ref=ref)), ("category", self._category)]
        form += [("forward", "false"), *([("status_ids[]", post)] if post else [])]
        return self._page(wire.read(wire.Made, self._api.post("/api/v1/reports", form)).id)

    def all(self, query: Form) -> Iterator[wire.AdminReport]:
        """All that fit, open ones first, newest first."""
        for resolved in OPEN_AND_CLOSED:
            for page in self._pages([*query, ("resolved", resolved), ("limit", "200")], "next"):
                yield from page

    def settle(self, key: str, closed: bool) -> None:
        """Close a report, or open it again. Raises AnswerMalformed when another is answered."""
        verb = "resolve" if closed else "reopen"
        made = wire.read(wire.Made, self._api.post(f"{PATH}/{news.checked_id(key)}/{verb}"))
        if made.id != key:
            raise base.AnswerMalformed("id: it is not the report that was asked for")

    def _pages(self, query: Form, towards: str) -> Iterator[list[wire.AdminReport]]:
        return self._api.pages(wire.AdminReport, PATH, query, towards)

    def _page(self, report: str) -> str:
        return f"{self._api.base_url}/admin/reports/{quote(report)}"


def _cursor(report: int) -> str:
    return json.dumps({"report": report})
