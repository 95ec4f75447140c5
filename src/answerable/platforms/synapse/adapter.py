"""A Matrix homeserver that runs Synapse: what the desk wants of it, done by quarantine and seen as another user.

Synapse quarantines files, not messages: whatever has the same bytes is hidden, and shown again, together. So what is
hidden and what is gone look the same there, and the stricter wish wins (docs/platforms/synapse.md).
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

from answerable.platforms import base, identical
from answerable.platforms.base import OWN_TONGUE, Capability, FetchedItem, ItemKind, Media, Named, News, Page
from answerable.platforms.facts import AccountFacts
from answerable.platforms.synapse import accounts, refs, wire
from answerable.platforms.synapse.homeserver import Homeserver, options_of, path
from answerable.platforms.synapse.news import Told
from answerable.platforms.synapse.refs import Mxc, Thing
from answerable.policy.words import Visibility
from answerable.settings.config import Platform as Entry

_CANT: Final = (OWN_TONGUE - {Capability.WATCH, Capability.ERASE}) | {
    Capability.LIMIT,
    Capability.RELEASE_UPLOAD,
}


class Adapter:
    """One configured homeserver."""

    capabilities = frozenset(Capability) - _CANT
    poll_seconds = 0.5

    def __init__(self, entry: Entry) -> None:
        """Reads and calls nothing: the public pages make one only to understand links."""
        self.name = entry.name
        self.entry = entry
        self._server = Homeserver(entry)
        self._told = Told()

    def ref_of(self, url: str) -> Named | None:
        """By the link alone, but for an event: what it is has to be asked (rule 5), see `resolve`."""
        named = refs.in_link(url)
        return None if named is None or named.kind is ItemKind.TEXT else named

    def resolve(self, url: str) -> Named | None:
        """What a link to an event leads to; None where the homeserver has none such."""
        named = refs.in_link(url)
        if named is None:
            return None
        if named.kind is not ItemKind.TEXT:
            return named
        try:
            return Named(named.ref, self._event(named.ref).kind)
        except base.ItemNotFound:
            return None

    def fetch(self, ref: str) -> FetchedItem:
        """The item with its media, quarantined or redacted too, as far as Synapse still has them."""
        thing = _thing(ref)
        if thing.media:
            info, media = self._info(thing.media), thing.media
            return FetchedItem(
                ref,
                wire.kind_of_type(info.media_type or ""),
                url=self._address(media),
                media=self._bytes(media, info),
                account=info.user_id or "",
                posted_at=datetime.fromtimestamp(info.created_ts / 1000, UTC),
            )
        if not thing.event:
            kind = ItemKind.ACCOUNT if thing.user else ItemKind.ROOM
            return FetchedItem(ref, kind, url=self._by_hand(thing), account=thing.user)
        event = self._event(ref)
        shown = event.media[0] if event.kind is not ItemKind.TEXT else None
        return FetchedItem(
            ref,
            event.kind,
            url=self._by_hand(thing),
            media=self._bytes(shown, self._info(shown))
            if shown
            else Media(data=event.words.encode(), media_type="text/plain"),
            account=event.sender,
            posted_at=event.posted_at,
        )

    def visibility(self, ref: str) -> Visibility:
        """What an ordinary user gets of the media; of what has none, whether Synapse still gives it to its readers.

        Not served and quarantined is `gone`: to Synapse hidden and gone are the same. Not served for another reason
        is `hidden`: nobody has said that it stays so.
        """
        thing = _thing(ref)
        try:
            if thing.media:
                return self._seen([thing.media])
            if thing.event:
                event = self._event(ref)
                if event.kind is ItemKind.TEXT:
                    return Visibility.GONE if self._is_redacted(thing) else Visibility.VISIBLE
                return self._seen(event.media)
            if thing.user:
                return Visibility.GONE if self._user(thing.user).deactivated else Visibility.VISIBLE
            self._server.admin(wire.Room, "GET", path("_synapse", "admin", "v1", "rooms", thing.room))
        except base.ItemNotFound:
            return Visibility.GONE
        return Visibility.VISIBLE

    def set_visibility(self, ref: str, wanted: Visibility, serial: int) -> bool:  # noqa: ARG002  Synapse has none
        """Quarantine what an item shows, or lift that. True: quarantined bytes stay, whoever deletes the message.

        Raises CannotDo for what has no media, and where lifting would show another item that is to stay hidden.
        """
        thing = _thing(ref)
        shown = [thing.media] if thing.media else []
        if thing.event:
            event = self._event(ref)
            shown = event.media if event.kind is not ItemKind.TEXT else []
        if not shown:
            raise base.CannotDo("Synapse hides media only", by_hand=self._by_hand(thing))
        if wanted is Visibility.VISIBLE:
            self._lift(ref, thing, shown)
            return False
        for media in shown:
            self._quarantine(media)
        return True

    def freeze(self, ref: str) -> None:
        """Keep the bytes: quarantined they stay; others are protected from the homeserver's own tidying up."""
        thing = _thing(ref)
        shown = [thing.media] if thing.media else self._event(ref).media if thing.event else []
        if not shown:
            raise base.CannotDo("Synapse keeps media only", by_hand=self._by_hand(thing))
        for media in shown:
            if not self._info(media).quarantined_by:
                self._media("POST", "protect", media.media_id)

    def erase(self, ref: str) -> None:
        """Redact an event, of which everything that it shows is quarantined already. An upload stays, sealed.

        Raises CannotDo where nobody may redact it, NotAsWanted where something of it is served still.
        """
        thing = _thing(ref)
        if thing.media:
            return
        if not thing.event:
            raise base.CannotDo("a room or a user is not redacted", by_hand=self._by_hand(thing))
        event = self._event(ref)
        if event.kind is not ItemKind.TEXT and self._seen(event.media) is not Visibility.GONE:
            raise base.NotAsWanted("not all of its media are quarantined")
        if self._is_redacted(thing):
            return
        where, body = "/_synapse/client/answerable/redact", {"room_id": thing.room, "event_id": thing.event}
        answer = self._server.admin(wire.Redacted, "POST", where, body)
        if not answer.redacted:
            raise base.CannotDo(f"Synapse refused: {answer.why}", by_hand=self._by_hand(thing))

    def suspend(self, account: str, suspended: bool = True) -> None:
        """Stop an account from posting. It can still upload: what it uploads is held by the desk."""
        where = path("_synapse", "admin", "v1", "suspend", account)
        self._server.admin(wire.Done, "PUT", where, {"suspend": suspended})

    def is_suspended(self, account: str) -> bool:
        """Ask Synapse. What is locked or deactivated posts nothing either, and is not what was asked for."""
        return self._user(account).suspended

    def account_facts(self, account: str, refs: Sequence[str]) -> AccountFacts:  # noqa: ARG002  of the account alone
        """What Synapse knows of a user, and from where their devices were used."""
        user = path("_synapse", "admin", "v2", "users", account)
        whois = path("_synapse", "admin", "v1", "whois", account)
        known = self._server.admin(wire.UserFacts, "GET", user)
        return accounts.facts(account, known, self._server.admin(wire.Whois, "GET", whois))

    def notify(self, account: str, text: str, key: str) -> None:
        """Tell the holder in Synapse's room for server notices. Raises CannotDo where there is none."""
        if not options_of(self.entry).server_notices:
            raise base.CannotDo(
                "server notices are not configured", by_hand=self._by_hand(Thing(user=account))
            )
        content = {"user_id": account, "content": {"msgtype": "m.text", "body": text}}
        self._server.admin(
            wire.Done, "PUT", path("_synapse", "admin", "v1", "send_server_notice", key), content
        )

    def release_upload(self, ref: str) -> None:
        """Show an upload that was held: what lifts its quarantine is `set_visibility`."""
        raise base.CannotDo(f"{ref} is shown by its visibility")

    def list_items(self, cursor: str = "") -> Page:
        """All uploads, oldest first, from the module."""
        after, _, after_id = cursor.partition(" ")
        where = f"/_synapse/client/answerable/media?after={quote(after)}&after_id={quote(after_id)}"
        page = self._server.admin(wire.Uploads, "GET", where)
        items = [
            FetchedItem(
                refs.media_ref(Mxc(page.server_name, one.media_id)),
                wire.kind_of_type(one.media_type or ""),
                account=one.user_id or "",
                posted_at=datetime.fromtimestamp(one.created_ts / 1000, UTC),
            )
            for one in page.media
        ]
        last = page.media[-1] if page.media and page.more else None
        return Page(tuple(items), f"{last.created_ts} {last.media_id}" if last else "")

    def watch(self, cursor: str) -> Iterator[News]:
        """Reports of events, users and rooms, and posted media, from the module."""
        yield from self._told.since(cursor, self._server)

    def _seen(self, shown: list[Mxc]) -> Visibility:
        """What an ordinary user gets of these uploads together: one that is served is enough."""
        seen = Visibility.GONE
        for media in shown:
            if self._server.is_served(media):
                return Visibility.VISIBLE
            try:
                if not self._info(media).quarantined_by:
                    seen = Visibility.HIDDEN
            except base.ItemNotFound:
                continue
        return seen

    def _quarantine(self, media: Mxc) -> None:
        """Hide the bytes, unless they are quarantined already, as the identical file: Synapse goes by the hash.

        A protected upload would be left alone without a word: its protection goes first.
        """
        info = self._info(media)
        if info.quarantined_by:
            return
        if info.safe_from_quarantine:
            self._media("POST", "unprotect", media.media_id)
        self._media("POST", "quarantine", media.server, media.media_id)

    def _lift(self, ref: str, thing: Thing, shown: list[Mxc]) -> None:
        """Show the bytes again, unless another item with the same is to stay hidden; it may become so meanwhile."""
        if thing.event and self._is_redacted(thing):
            raise base.CannotDo("the event is redacted, which can't be undone", by_hand=self._by_hand(thing))
        digests = {media: self._info(media).sha256 or "" for media in shown}
        for media, sha256 in digests.items():
            if identical.stays_hidden(self.name, sha256, but=ref):
                raise self._stays(thing)
            self._media("POST", "unquarantine", media.server, media.media_id)
            if identical.stays_hidden(self.name, sha256, but=ref):
                self._quarantine(media)
                raise self._stays(thing)

    def _stays(self, thing: Thing) -> base.CannotDo:
        return base.CannotDo("the identical file is to stay hidden elsewhere", by_hand=self._by_hand(thing))

    def _event(self, ref: str) -> wire.Event:
        """The event as it was sent, redacted or not, as long as Synapse keeps it."""
        thing = _thing(ref)
        where = path("_synapse", "admin", "v1", "fetch_event", thing.event)
        return self._server.admin(wire.EventAnswer, "GET", where).event

    def _is_redacted(self, thing: Thing) -> bool:
        """Whether readers of the room get the event without its content."""
        where = path("_synapse", "admin", "v1", "rooms", thing.room, "context", thing.event)
        return self._server.admin(wire.EventAnswer, "GET", f"{where}?limit=0").event.redacted

    def _info(self, media: Mxc) -> wire.MediaInfo:
        where = path("_synapse", "admin", "v1", "media", media.server, media.media_id)
        return self._server.admin(wire.MediaInfoAnswer, "GET", where).media_info

    def _user(self, user: str) -> wire.User:
        return self._server.admin(wire.User, "GET", path("_synapse", "admin", "v2", "users", user))

    def _media(self, method: str, *parts: str) -> None:
        self._server.admin(wire.Done, method, path("_synapse", "admin", "v1", "media", *parts), {})

    def _bytes(self, media: Mxc, info: wire.MediaInfo) -> Media:
        """The bytes. Raises AnswerMalformed when they aren't those that Synapse names."""
        answer = self._server.bytes_of(media)
        identical.check(answer.body, info.sha256 or "")
        return Media(data=answer.body, media_type=info.media_type or "")

    def _address(self, media: Mxc) -> str:
        where = path("_matrix", "client", "v1", "media", "download", media.server, media.media_id)
        return self.entry.base_url.rstrip("/") + where

    def _by_hand(self, thing: Thing) -> str:
        if thing.media:
            return self._address(thing.media)
        place = "/".join(quote(part, safe="!$@:") for part in (thing.user or thing.room, thing.event) if part)
        return options_of(self.entry).by_hand.replace("{place}", place)


def _thing(ref: str) -> Thing:
    found = refs.thing(ref)
    if found is None:
        raise base.ItemNotFound("it is no ref of a homeserver")
    return found
