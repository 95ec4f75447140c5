"""What a reviewer opened, carried by the page itself and sealed: items, contents, the time, the looks."""

from dataclasses import dataclass, replace
from datetime import datetime

from django.core import signing

SALT = "answerable.console.opened"
LONGEST_SECONDS = 12 * 3600


class OpenedUnusable(Exception):
    """This page is too old, or belongs to somebody else. Open the item again; your text is kept below."""


@dataclass(frozen=True, slots=True)
class Opened:
    """Which contents a person has before them. `looked`: items whose media they were shown."""

    person_id: int
    began_at: datetime
    contents: dict[int, int]
    looked: frozenset[int] = frozenset()

    def with_look(self, item_id: int) -> "Opened":
        """The same, with one more item looked at."""
        return replace(self, looked=self.looked | {item_id})

    def seal(self) -> str:
        """A text that only this desk could have written."""
        value = [
            self.person_id,
            self.began_at.isoformat(),
            sorted(self.contents.items()),
            sorted(self.looked),
        ]
        return signing.dumps(value, salt=SALT, compress=True)


def unseal(text: str, *, person_id: int) -> Opened:
    """What a page carried. Raises OpenedUnusable."""
    try:
        person, began_at, contents, looked = signing.loads(text, salt=SALT, max_age=LONGEST_SECONDS)
    except (signing.BadSignature, ValueError) as error:
        raise OpenedUnusable from error
    if person != person_id:
        raise OpenedUnusable
    return Opened(person, datetime.fromisoformat(began_at), dict(contents), frozenset(looked))
