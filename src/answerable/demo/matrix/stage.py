"""The replay's story on a real Matrix homeserver: everybody uses the client API, and nobody counts views but we."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from answerable.demo.ledger import Ledger
from answerable.demo.matrix.person import Person, Refused
from answerable.demo.matrix.server import SERVER_NAME, Synapse
from answerable.demo.real import CountedViews, OnDesk, until_watched
from answerable.demo.sample.visitor import NotPosted
from answerable.demo.stack import Stack, StackFailed, free_ports
from answerable.settings.create import write_private

PLATFORM = """
[[platforms]]
name = "matrix"
adapter = "synapse"
base_url = "{url}"
secret_file = "matrix-admin.token"
hosts = ["matrix.to"]

[platforms.options]
reader_token_file = "matrix-reader.token"
server_notices = true
"""


class MatrixStage(OnDesk):
    """A homeserver of the replay's own. Started before the desk, and again with the module once there is a key."""

    what = "a Matrix homeserver (Synapse)"
    remark = (
        "Played on a Matrix homeserver (Synapse), by its client API. It has no reposts and counts no views:\n"
        "the views are the fetches in which a stranger of the replay got a picture, counted by the replay."
    )
    reposts = False
    private_messages = asks_before_showing = True

    def __init__(self, data: Path) -> None:
        super().__init__()
        self._data = data
        [port] = free_ports(1)
        self._synapse = Synapse(data / "homeserver", port, None)
        self.configuration = PLATFORM.format(url=self._synapse.url)
        self._spool = data / "homeserver" / "spool"
        self._people: dict[str, Person] = {}
        self._mxc: dict[str, str] = {}
        self._views = CountedViews()
        self._room = self._key = ""

    def start(self) -> None:
        """Start it, and make the accounts that the desk uses."""
        self._synapse.start()
        admin = self._synapse.person("answerable", admin=True)
        write_private(self._data / "matrix-admin.token", admin.token.encode())
        write_private(self._data / "matrix-reader.token", self._person("reader").token.encode())
        self._room = admin.room()

    def connect(self, stack: Stack, ledger: Ledger) -> None:
        """The desk is up: load the module, with a key of the desk's. Raises StackFailed."""
        self._stack, self._ledger = stack, ledger
        made = stack.command(
            "key", "add", "matrix", "--platform", "matrix", "--scope", "screen", "--scope", "events:write"
        )
        if made.returncode != 0:
            raise StackFailed(f"The homeserver's key could not be made: {made.stderr}")
        self._key = made.stdout.strip()
        write_private(self._data / "matrix.key", self._key.encode())
        self._synapse.stop()
        self._synapse.configure(
            {
                "desk_url": stack.public_url,
                "api_key_file": str(self._data / "matrix.key"),
                "spool": str(self._spool),
            }
        )
        self._synapse.start()
        until_watched(ledger, "matrix")

    def close(self) -> None:
        """End it."""
        self._synapse.stop()

    def _person(self, name: str) -> Person:
        if name not in self._people:
            self._people[name] = self._synapse.person(name)
        return self._people[name]

    @contextmanager
    def visitor(self, name: str) -> Iterator["_Poster"]:
        """Somebody with an account there."""
        yield _Poster(self, self._person(name))

    def account(self, name: str) -> str:
        """Their whole name."""
        return f"@{name}:{SERVER_NAME}"

    def reports_there(self, name: str, ref: str, words: str) -> bool:
        """Report an event, as every Matrix client can."""
        _, room, event = ref.split("/")
        person = self._person(name)
        person.join(room)
        person.report_event(room, event, words)
        return True

    def link(self, ref: str, kind: str = "p") -> str:  # noqa: ARG002  messages are events like all
        """What a client copies as the link to a message."""
        _, room, event = ref.split("/")
        return f"https://matrix.to/#/{quote(room, safe='!:')}/{quote(event, safe='$')}?via={SERVER_NAME}"

    def bytes_of(self, ref: str) -> str:
        """The upload that an event shows."""
        return "media/" + self._mxc[ref].removeprefix("mxc://")

    def same_bytes(self, ref: str) -> list[str]:
        """The upload, which the desk knows beside the event that shows it."""
        return [self.bytes_of(ref)]

    def visible(self, ref: str) -> bool:
        """Whether an account that is neither author nor staff gets the file."""
        return self._person("stranger").sees(self._mxc[ref])

    def strangers_get(self, ref: str) -> bool:
        """The file, or a thumbnail of it."""
        thumbnail = self._person("stranger").sees(self._mxc[ref], thumbnail=True)
        return bool(self.view([ref], 1)) or thumbnail

    def view(self, refs: Sequence[str], times: int) -> int:
        """Load each; every time that a stranger gets one is counted here: Synapse counts none."""
        got = 0
        for ref in refs:
            for _ in range(times):
                if self.visible(ref):
                    self._views.got(ref, self._now())
                    got += 1
        return got

    def views(self, refs: Sequence[str]) -> int:
        """How often strangers got these, as counted here."""
        return self._views.of(refs)

    def views_since_notice(self, refs: Sequence[str]) -> int:
        """How often strangers got these after the desk first heard of each."""
        return self._views.since_notice(refs, self._desk)

    def untold(self) -> int:
        """Posts and uploads that the desk doesn't know yet."""
        known = {ref for (ref,) in self._desk.rows("SELECT ref FROM cases_item WHERE platform = 'matrix'")}
        return len({ref for ref in self._mxc} - known) + len(list(self._spool.glob("*/*.json")))

    def made(self) -> list[str]:
        """All events with a picture."""
        return list(self._mxc)

    def key(self) -> str:
        """The key of the module."""
        return self._key

    def posted(self, person: Person, data: bytes, words: str, room: str) -> str:
        """Upload and post in a room. Raises NotPosted."""
        try:
            mxc = person.upload(data, "image/jpeg")
            person.join(room)
            event = person.send(
                room,
                {"msgtype": "m.image", "body": words, "url": mxc, "info": {"mimetype": "image/jpeg"}},
            )
        except Refused as error:
            raise NotPosted(str(error)) from error
        ref = f"event/{room}/{event}"
        self._mxc[ref] = mxc
        return ref

    def public(self, person: Person, data: bytes, words: str) -> str:
        """Post in the room where everybody is. Raises NotPosted."""
        return self.posted(person, data, words, self._room)

    def private(self, person: Person, to: str, data: bytes, words: str) -> str:
        """Post in a room of these two alone. Raises NotPosted."""
        other = self._person(to)
        room = str(
            person.call(
                "POST",
                "/_matrix/client/v3/createRoom",
                {"preset": "trusted_private_chat", "invite": [other.user_id], "is_direct": True},
            )["room_id"]
        )
        other.join(room)
        return self.posted(person, data, words, room)

    def gets(self, person: Person, ref: str) -> bool:
        """Whether somebody gets the file of an event."""
        return person.sees(self._mxc[ref])


class _Poster:
    """What somebody does there, as the story's people do it everywhere."""

    def __init__(self, stage: MatrixStage, person: Person) -> None:
        self._stage, self._person = stage, person

    def upload(self, data: bytes, caption: str = "") -> str:
        return self._stage.public(self._person, data, caption or "picture")

    def send(self, to: str, text: str = "", data: bytes | None = None) -> str:
        return self._stage.private(self._person, to, data or b"", text or "picture")

    def repost(self, ref: str) -> int:
        raise NotPosted(f"Matrix has no reposts ({ref})")

    def sees(self, ref: str) -> bool:
        return self._stage.gets(self._person, ref)
