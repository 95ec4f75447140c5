"""The replay's story on the AT Protocol's own programs: everybody uses their client's calls, strangers use none."""

import importlib.util
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from answerable.demo.atproto.cache import TOKEN, Cache
from answerable.demo.atproto.network import ADMIN_PASSWORD, MODERATOR, Network
from answerable.demo.atproto.person import Account, Post, Stranger
from answerable.demo.ledger import Ledger
from answerable.demo.real import CountedViews, OnDesk, until_watched
from answerable.demo.stack import Stack, StackFailed
from answerable.demo.stage import PlatformMissing
from answerable.settings.create import write_private

INDEXED_WITHIN_SECONDS = 30.0
NEEDED = ("websockets", "libipld")
"""What the extra `atproto` brings."""
PLATFORM = """
[[platforms]]
name = "sky"
adapter = "atproto"
base_url = "{pds}"
secret_file = "pds.secret"
hosts = ["sky.example"]

[platforms.options]
appview = "{appview}"
ozone = "{ozone_did}"
moderator = "{moderator}"
moderator_secret_file = "moderator.secret"
purge = "{purge}"
purge_secret_file = "purge.secret"
"""


def configuration(network: Network, purge: str) -> str:
    """How a desk reaches the network and its cache, as `answerable.toml` writes it."""
    return PLATFORM.format(
        pds=network.pds,
        appview=network.appview,
        ozone_did=network.ozone_did,
        moderator=MODERATOR[0],
        purge=purge,
    )


def write_secrets(data: Path) -> None:
    """Give the desk of this data directory the passwords that its configuration names."""
    for name, secret in (
        ("pds.secret", ADMIN_PASSWORD),
        ("moderator.secret", MODERATOR[1]),
        ("purge.secret", TOKEN),
    ):
        write_private(data / name, secret.encode())


class AtprotoStage(OnDesk):
    """A network of the replay's own, with a cache before it that can be told to forget."""

    what = "a network of the AT Protocol (data server, AppView and Ozone)"
    remark = (
        "Played on the AT Protocol's own programs, by its clients' calls. They count no views: the views are the\n"
        "fetches in which a stranger of the replay got a picture, counted by the replay. They show a post before\n"
        "anybody can be asked, so what is uploaded again is seen until the desk has heard of it: for how long is\n"
        "measured. Their private messages can't be reached: that part is played with a second post."
    )
    reposts = True
    private_messages = False
    asks_before_showing = False

    def __init__(self, data: Path) -> None:
        super().__init__()
        self._data = data
        self._network = Network(data / "network")
        self._cache = Cache(self._network.images)
        self.configuration = ""
        self._stranger = Stranger(self._network)
        self._people: dict[str, Account] = {}
        self._posts: dict[str, Post] = {}
        self._handles: dict[str, str] = {}
        self._indexed: set[str] = set()
        self._reposted_by: dict[str, list[str]] = defaultdict(list)
        self._views = CountedViews()
        self._reports = 0

    def start(self) -> None:
        """Start it, and write down what the desk needs of it. Raises PlatformMissing, StackFailed."""
        if lacking := [name for name in NEEDED if importlib.util.find_spec(name) is None]:
            raise PlatformMissing(
                f"The desk's own side needs {', '.join(lacking)}: run pip install 'answerable[atproto]'."
            )
        self._network.start()
        write_secrets(self._data)
        self.configuration = configuration(self._network, self._cache.url)

    def connect(self, stack: Stack, ledger: Ledger) -> None:
        """The desk is up: wait until it is on the stream; from then on nothing is missed. Raises StackFailed."""
        self._stack, self._ledger = stack, ledger
        until_watched(ledger, "sky")

    def close(self) -> None:
        """End it."""
        self._cache.close()
        self._network.stop()

    def _person(self, name: str) -> Account:
        if name not in self._people:
            self._people[name] = Account(self._network, name)
        return self._people[name]

    @contextmanager
    def visitor(self, name: str) -> Iterator["_Poster"]:
        """Somebody with an account there."""
        yield _Poster(self, self._person(name))

    def account(self, name: str) -> str:
        """Their DID."""
        return self._person(name).did

    def reports_there(self, name: str, ref: str, words: str) -> bool:
        """Report a post, as every client can."""
        self._person(name).report(self._posts[ref], words=words)
        self._reports += 1
        return True

    def link(self, ref: str, kind: str = "p") -> str:  # noqa: ARG002  all are posts
        """What the web client copies as the link to a post."""
        return f"https://sky.example/profile/{self._handles[ref]}/post/{self._posts[ref].rkey}"

    def bytes_of(self, ref: str) -> str:
        """A post's picture is the item itself."""
        return ref

    def same_bytes(self, ref: str) -> list[str]:  # noqa: ARG002  as above
        """None."""
        return []

    def visible(self, ref: str) -> bool:
        """Whether the data server, the AppView or its cache gives a stranger the picture."""
        return any(self._stranger.pictures(self._posts[ref]))

    def strangers_get(self, ref: str) -> bool:
        """The picture or the post, at any of them, or in the feed of somebody who reposted it."""
        post = self._posts[ref]
        seen = bool(self.view([ref], 1)) or any(self._stranger.everywhere(post))
        return seen or any(self._stranger.in_feed_of(did, post) for did in self._reposted_by[ref])

    def view(self, refs: Sequence[str], times: int) -> int:
        """Load each from the AppView, as clients do; every time that a stranger gets one is counted."""
        got = 0
        for ref in refs:
            post = self._posts[ref]
            self._until_indexed(ref)
            for _ in range(times):
                if self._stranger.picture(post.did, post.blobs[0]):
                    self._views.got(ref, self._now())
                    got += 1
        return got

    def _until_indexed(self, ref: str) -> None:
        """Wait for the AppView, once for each: it has a post some milliseconds after the data server."""
        limit = time.monotonic() + INDEXED_WITHIN_SECONDS
        post = self._posts[ref]
        while ref not in self._indexed:
            if self._stranger.in_appview(post) or not self._stranger.record(post):
                self._indexed.add(ref)
            elif time.monotonic() > limit:
                raise StackFailed(
                    f"The AppView does not show {post.uri} after {INDEXED_WITHIN_SECONDS:.0f} s."
                )
            else:
                time.sleep(0.02)

    def views(self, refs: Sequence[str]) -> int:
        """How often strangers got these, as counted here."""
        return self._views.of(refs)

    def views_since_notice(self, refs: Sequence[str]) -> int:
        """The same, after the desk first heard of each."""
        return self._views.since_notice(refs, self._desk)

    def untold(self) -> int:
        """Posts and reports that the desk doesn't know yet."""
        known = {ref for (ref,) in self._desk.rows("SELECT ref FROM cases_item WHERE platform = 'sky'")}
        taken = int(self._desk.one("SELECT count(*) FROM cases_report WHERE channel = 'platform'"))
        return len(self._posts.keys() - known) + self._reports - taken

    def made(self) -> list[str]:
        """All posts with a picture."""
        return list(self._posts)

    def key(self) -> str:
        """None: nothing there asks the desk. Raises StackFailed."""
        raise StackFailed("The AT Protocol's programs ask nobody before they show an upload.")

    def posted(self, person: Account, data: bytes, words: str) -> str:
        """Post a picture. Raises NotPosted."""
        post = person.post(data, text=words)
        ref = post.ref()
        self._handles[ref] = person.handle
        self._posts[ref] = post
        return ref

    def reposted(self, person: Account, ref: str) -> int:
        """Repost; how many now did. Raises NotPosted."""
        person.repost(self._posts[ref])
        self._reposted_by[ref].append(person.did)
        return len(self._reposted_by[ref])


class _Poster:
    """What somebody does there, as the story's people do it everywhere."""

    def __init__(self, stage: AtprotoStage, person: Account) -> None:
        self._stage, self._person = stage, person

    def upload(self, data: bytes, caption: str = "") -> str:
        return self._stage.posted(self._person, data, caption or "picture")

    def send(self, to: str, text: str = "", data: bytes | None = None) -> str:  # noqa: ARG002  everybody sees a post
        return self._stage.posted(self._person, data or b"", text or "picture")

    def repost(self, ref: str) -> int:
        return self._stage.reposted(self._person, ref)

    def sees(self, ref: str) -> bool:
        return self._stage.visible(ref)
