"""Where the replay's story is played: what people do on a platform, and what strangers get there."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import httpx

from answerable.demo.ledger import Ledger
from answerable.demo.sample.visitor import Visitor
from answerable.demo.stack import Stack


class Poster(Protocol):
    """Somebody signed in there. What isn't taken raises NotPosted."""

    def upload(self, data: bytes, caption: str = "") -> str:
        """Share a picture; its ref, or "" when it is held for a look."""

    def send(self, to: str, text: str = "", data: bytes | None = None) -> str:
        """Send a private message; its ref, or "" when it is held."""

    def repost(self, ref: str) -> int:
        """Show somebody's post on one's own page."""

    def sees(self, ref: str) -> bool:
        """Whether they get the bytes of an item."""


class Stage(Protocol):
    """One platform that the desk of the replay answers for."""

    reposts: bool
    """Whether people can repost there."""
    private_messages: bool
    """Whether the desk reaches private messages there. Where not, the story plays that part with a post."""
    asks_before_showing: bool
    """Whether the desk is asked about an upload before anybody sees it. Where not, `key` raises StackFailed."""

    def visitor(self, name: str) -> AbstractContextManager[Poster]:
        """Somebody signed in; a new name makes an account."""

    def account(self, name: str) -> str:
        """The desk's ref of that person's account."""

    def reports_there(self, name: str, ref: str, words: str) -> bool:
        """Have somebody report an item in the platform's own client; False where there is no such thing."""

    def link(self, ref: str, kind: str = "p") -> str:
        """An item's address, as people copy it; `kind` "m": a private message."""

    def bytes_of(self, ref: str) -> str:
        """The ref of the item that holds the bytes that this one shows: itself, or an upload of its own."""

    def same_bytes(self, ref: str) -> list[str]:
        """The refs of other items that are these very bytes at the same place."""

    def visible(self, ref: str) -> bool:
        """Whether a stranger gets it, without being counted as a view."""

    def strangers_get(self, ref: str) -> bool:
        """The same, by every way there is; counted where they do."""

    def view(self, refs: Sequence[str], times: int) -> int:
        """Have strangers open each of these posts; how many got to see it."""

    def views(self, refs: Sequence[str]) -> int:
        """How often these were seen in all."""

    def views_since_notice(self, refs: Sequence[str]) -> int:
        """How often these were seen since the desk first heard of each."""

    def untold(self) -> int:
        """What happened there that the desk has not heard of yet."""

    def made(self) -> list[str]:
        """The refs of all posts there, oldest first."""

    def key(self) -> str:
        """The API key by which the platform asks the desk."""


class StartedStage(Stage, Protocol):
    """A real platform, installed beforehand, that the replay starts for itself before its desk."""

    what: str
    """It in a few words, such as "a Matrix homeserver"."""
    remark: str
    """What the reader of the table is to know of it."""
    configuration: str
    """How the desk reaches it, as `answerable.toml` writes it."""

    def __init__(self, data: Path) -> None:
        """`data`: the folder of the replay's desk, where its secrets go."""

    def start(self) -> None:
        """Start it. Raises PlatformMissing where it is not installed, StackFailed where it does not start."""

    def connect(self, stack: Stack, ledger: Ledger) -> None:
        """The desk is up: have it told of what happens there from now on. Raises StackFailed."""

    def close(self) -> None:
        """End it, started or not."""


class PlatformMissing(Exception):
    """A platform is not installed on this machine. Its message says what installs it."""


class SampleStage:
    """The sample site, which counts views itself."""

    reposts = private_messages = asks_before_showing = True

    def __init__(self, url: str, data: Path, ledger: Ledger) -> None:
        self._url = url
        self._key = data / "sample.key"
        self._ledger = ledger
        self._site = httpx.Client(base_url=url, timeout=30, trust_env=False)

    def visitor(self, name: str) -> Visitor:
        """Somebody signed in on the site."""
        return Visitor(self._url, name)

    def account(self, name: str) -> str:
        """The name itself."""
        return name

    def reports_there(self, name: str, ref: str, words: str) -> bool:  # noqa: ARG002  it has the desk's form alone
        """Never: its link leads to the desk's form."""
        return False

    def link(self, ref: str, kind: str = "p") -> str:
        """The page of a post or a message."""
        return f"{self._url}/{kind}/{ref}"

    def bytes_of(self, ref: str) -> str:
        """A post holds its picture."""
        return ref

    def same_bytes(self, ref: str) -> list[str]:  # noqa: ARG002  a post holds its picture
        """None."""
        return []

    def visible(self, ref: str) -> bool:
        """Whether page or picture answer."""
        return 200 in (self._site.head(f"/p/{ref}").status_code, self._site.head(f"/media/{ref}").status_code)

    def strangers_get(self, ref: str) -> bool:
        """Whether a stranger gets the picture or its page. Asking so counts as a view where they do."""
        return 200 in (self._site.get(f"/p/{ref}").status_code, self._site.get(f"/media/{ref}").status_code)

    def view(self, refs: Sequence[str], times: int) -> int:
        """Open the posts' pages."""
        paths = [f"/p/{ref}" for ref in refs for _ in range(times)]
        with ThreadPoolExecutor(4) as crowd:
            return sum(answer.status_code == httpx.codes.OK for answer in crowd.map(self._site.get, paths))

    def views(self, refs: Sequence[str]) -> int:
        """What the site itself counted."""
        views = dict(self._ledger.site("SELECT ref, views FROM sample_item"))
        return sum(int(views[ref]) for ref in refs)

    def views_since_notice(self, refs: Sequence[str]) -> int:
        """What the site itself counted since."""
        noticed = dict(
            self._ledger.rows(
                "SELECT ref, views_at_first_notice FROM cases_item WHERE first_notice_at IS NOT NULL"
            )
        )
        now = dict(self._ledger.site("SELECT ref, views FROM sample_item"))
        return sum(int(now[ref]) - int(noticed.get(ref) or 0) for ref in refs)

    def untold(self) -> int:
        """Events that the site has not sent."""
        return self._ledger.unsent_events()

    def made(self) -> list[str]:
        """All items of the site."""
        return [ref for (ref,) in self._ledger.site("SELECT ref FROM sample_item ORDER BY id")]

    def key(self) -> str:
        """The key that the desk made for the site."""
        return self._key.read_text().strip()
