"""A data server of the AT Protocol as a platform: what the desk asks of it, and what it tells the desk."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from answerable.media.sniffing import container_of
from answerable.platforms import base, links
from answerable.platforms.atproto import refs, wire
from answerable.platforms.atproto.acting import GONE_BESIDE_OTHERS, Acting, body_of
from answerable.platforms.atproto.listing import Listing
from answerable.platforms.atproto.refs import POST, PROFILE, Ref
from answerable.platforms.atproto.reports import Reports
from answerable.platforms.atproto.sealed import Sealed
from answerable.platforms.atproto.watching import Watch
from answerable.platforms.atproto.xrpc import SaidNo, Xrpc
from answerable.platforms.base import (
    Capability,
    FetchedItem,
    ItemKind,
    Media,
    Named,
    News,
    Page,
    ReportThere,
)
from answerable.platforms.facts import AccountFacts, Contact
from answerable.policy.words import Visibility
from answerable.settings.config import Platform as Entry

PRESETS: Final = {PROFILE: ("avatar", "banner"), "": ("feed_fullsize", "feed_thumbnail")}
"""Under which names an AppView serves a picture."""
_OZONE_ONLY: Final = frozenset({Capability.NOTIFY, Capability.SETTLE})
_NEVER: Final = frozenset(
    {
        Capability.LIMIT,
        Capability.RELEASE_UPLOAD,
        Capability.HEAR,
        Capability.HAND_OVER,
        Capability.ERASE,
    }
)


class Adapter:
    """One configured data server, with the AppView and the Ozone that belong to it."""

    capabilities = frozenset(Capability) - _NEVER
    poll_seconds = 1.0

    def __init__(self, entry: Entry) -> None:
        """Reads and calls nothing. Raises OptionsUnusable."""
        self.name = entry.name
        self.options = wire.read_options(entry.options)
        if not self.options.ozone:
            self.capabilities = self.capabilities - _OZONE_ONLY
        self._hosts = frozenset(map(links.configured_host, entry.hosts))
        self._web = f"https://{entry.hosts[0]}"
        self._xrpc = Xrpc(entry, self.options)
        self._sealed = Sealed(entry.name)
        self._acting = Acting(entry.name, self._xrpc, self._sealed, self._caches)
        self._listing = Listing(self._xrpc, self.item)

    def ref_of(self, url: str) -> Named | None:  # noqa: ARG002  the contract's
        """Never: an address names a post, and only the server says which media are in it. `resolve` asks."""
        return None

    def resolve(self, url: str) -> Named | None:
        """What an address of the web client shows: each picture or video of the post, or its text; a profile's.

        What was taken down is found, too: who reports it again is told of it.
        """
        link = links.read(url)
        path = refs.web_path(link.path) if link else None
        is_name, _ = links.name_at(url)
        if path is None and is_name:
            path = (url.strip().removeprefix("@").partition("@")[0], "")
        if path is None:
            return None
        who, rkey = path
        try:
            did = who if who.startswith("did:") else self._did_of(who)
            ref = Ref(did, POST, rkey) if rkey else Ref(did, PROFILE, "self")
            record = self._record(ref)
            if not record:
                return None
            named = refs.named_of(record, ref)
        except refs.RefTooLong:
            return None  # a person reads the link
        except SaidNo as error:
            if error.not_there or error.error == "InvalidRequest":
                return None
            raise
        first, *rest = named
        return Named(first.ref, first.kind, tuple(rest))

    def fetch(self, ref: str) -> FetchedItem:
        """The item with its bytes: from the server, or as they were kept when it was hidden.

        Raises ItemNotFound, CannotDo where the server hides them and they could not be kept.
        """
        read = Ref.read(ref)
        try:
            if read.cid:
                data = self._bytes(read)
                return self.item(read, _kind(read, data), Media(data=data))
            if not read.collection:
                return self.item(read, ItemKind.ACCOUNT, None)
            _, record = self._acting.record(read)
        except SaidNo as error:
            raise _told(error) from error
        if not record:
            raise base.ItemNotFound("the server has no such record")
        text = Media(data=body_of(record).encode(), media_type="text/plain")
        return self.item(read, ItemKind.TEXT, text)

    def visibility(self, ref: str) -> Visibility:
        """What a stranger gets, without signing in: at the server, the AppView, and every cache that is named.

        A picture that any of them serves is visible. Otherwise it is hidden while its post is there, else gone.
        """
        read = Ref.read(ref)
        try:
            if not read.collection:
                return Visibility.GONE if self.is_suspended(read.did) else Visibility.VISIBLE
            if read.cid and any(self._xrpc.shown(url) for url in self._served_at(read)):
                return Visibility.VISIBLE
            there = self._record_is_shown(read)
            if not read.cid:
                return Visibility.VISIBLE if there else Visibility.GONE
            # The server's own answer too: a proxy that answers 404 to everything must not pass for "gone".
            subject = {"did": read.did, "cid": read.cid}
            mark = self._acting.status(self._xrpc.pds, subject).ref
        except SaidNo as error:
            raise _told(error) from error
        return Visibility.GONE if not there or mark == GONE_BESIDE_OTHERS else Visibility.HIDDEN

    def set_visibility(self, ref: str, wanted: Visibility, serial: int) -> bool:  # noqa: ARG002  it has none
        """Take down or put back. Whether the bytes are kept. Raises CannotDo, with the cache that must be purged."""
        read = Ref.read(ref)
        if not read.collection or read.collection.startswith("chat."):
            raise base.CannotDo("an account or a private message", by_hand=self._acting.page_of(read))
        if wanted is Visibility.LIMITED:
            raise base.CannotDo("this platform can't limit", by_hand=self._acting.page_of(read))
        try:
            if wanted is Visibility.VISIBLE:
                self._acting.show(read)
                return False
            kept = self._acting.hide(read, wanted)
        except SaidNo as error:
            raise _told(error) from error
        if read.cid and not self.options.purge:
            self._refuse_cached(read)
        return kept

    def freeze(self, ref: str) -> None:
        """Keep a picture's bytes here: the server destroys what its author deletes."""
        read = Ref.read(ref)
        if read.cid and not self._sealed.has(read.did, read.cid):
            self._sealed.keep(read.did, read.cid, self._acting.blob(read))

    def suspend(self, account: str, suspended: bool = True) -> None:
        """Take the whole account down, or put it back: the protocol knows nothing between. People decided it."""
        try:
            self._acting.set_account(Ref.read(account).did, suspended=suspended)
        except SaidNo as error:
            raise _told(error) from error

    def is_suspended(self, account: str) -> bool:
        """Whether the account is taken down, here and on the AppView."""
        subject = {"did": Ref.read(account).did}
        places = [self._xrpc.pds, *([self.options.appview] if self.options.appview else [])]
        return all(self._acting.status(place, subject).applied for place in places)

    def account_facts(self, account: str, refs: Sequence[str]) -> AccountFacts:  # noqa: ARG002  of the account alone
        """What the data server knows of an account: its name, and the address that it confirmed."""
        did = Ref.read(account).did
        try:
            known = self._acting.account_info(did)
        except SaidNo as error:
            raise _told(error) from error
        if known.did != did:
            raise base.AnswerMalformed("did: it is not the account that was asked for")
        mail = Contact(value=known.email, verified=known.emailConfirmedAt is not None,
                       verified_at=known.emailConfirmedAt) if known.email else None  # fmt: skip
        return AccountFacts(
            account=account,
            screen_name=known.handle,
            emails=(mail,) if mail else (),
            registered_at=known.indexedAt,
        )

    def notify(self, account: str, text: str, key: str) -> None:
        """Write to the holder by Ozone's mail, which goes to the address that the data server knows."""
        try:
            self._acting.tell(Ref.read(account).did, text, key)
        except SaidNo as error:
            raise _told(error) from error

    def release_upload(self, ref: str) -> None:  # noqa: ARG002  the contract's
        """Nothing is held at upload here."""
        raise base.CannotDo("this platform holds no uploads")

    def list_items(self, cursor: str = "") -> Page:
        """All pictures and videos of all accounts, an account at a time."""
        try:
            return self._listing.page(cursor)
        except SaidNo as error:
            raise _told(error) from error

    def watch(self, cursor: str) -> Iterator[News]:
        """The stream of the data server, and the reports that reach Ozone."""
        return Watch(self._xrpc, self._listing, self._reports, cursor).news()

    def reports_on(self, ref: str) -> tuple[ReportThere, ...]:
        """The newest report of the item's record in Ozone, which keeps one state for all of a record's reports."""
        read = Ref.read(ref)
        if not read.collection:
            return ()
        try:
            return self._reports().on(read)
        except SaidNo as error:
            raise _told(error) from error

    def settle(self, key: str, closed: bool) -> None:
        """Acknowledge a record's reports in Ozone, or put them before its moderators again."""
        try:
            self._reports().settle(key, closed=closed)
        except SaidNo as error:
            raise _told(error) from error

    def item(
        self, ref: Ref, kind: ItemKind, media: Media | None, posted_at: datetime | None = None
    ) -> FetchedItem:
        """What is said of an item, with the address where people see it."""
        url = f"{self._web}/profile/{ref.did}"
        if ref.collection == POST:
            url += f"/post/{ref.rkey}"
        return FetchedItem(str(ref), kind, url, media, account=ref.did, posted_at=posted_at)

    def _bytes(self, ref: Ref) -> bytes:
        try:
            return self._acting.blob(ref)
        except base.ItemNotFound:
            kept = self._sealed.read(ref.did, ref.cid)
            if kept is not None:
                return kept
            if self._acting.status(self._xrpc.pds, {"did": ref.did, "cid": ref.cid}).applied:
                raise base.CannotDo(
                    "it is taken down, and the server gives its bytes to nobody",
                    by_hand=self._acting.page_of(ref),
                ) from None
            raise

    def _did_of(self, handle: str) -> str:
        nsid = "com.atproto.identity.resolveHandle"
        try:
            return self._xrpc.get(wire.Resolved, nsid, handle=handle).did
        except SaidNo as error:
            if not error.not_there or not self.options.appview:
                raise
        # The data server knows no handle of an account that it took down; the AppView does.
        return self._xrpc.get(wire.Resolved, nsid, at=self.options.appview, handle=handle).did

    def _reports(self) -> Reports:
        return Reports(self._xrpc, self._record)

    def _record(self, ref: Ref) -> Mapping[str, Any]:
        """A record, taken down or not; empty where its author deleted it, or it never was."""
        return self._public_record(ref) or self._acting.record(ref)[1]

    def _public_record(self, ref: Ref) -> Mapping[str, Any]:
        """A record as a stranger gets it from the data server; empty where they get none."""
        nsid = "com.atproto.repo.getRecord"
        try:
            return self._xrpc.get(
                wire.RecordAnswer, nsid, repo=ref.did, collection=ref.collection, rkey=ref.rkey
            ).value
        except SaidNo as error:
            if not error.not_there:
                raise
            return {}

    def _record_is_shown(self, ref: Ref) -> bool:
        """Whether a stranger gets the record, at the data server or at the AppView."""
        if self._public_record(ref):
            return True
        if not self.options.appview or ref.collection != POST:
            return False
        nsid = "app.bsky.feed.getPosts"
        return bool(self._xrpc.get(wire.PostViews, nsid, at=self.options.appview, uris=ref.uri).posts)

    def _served_at(self, ref: Ref) -> list[str]:
        """Every address at which strangers are served a picture: the data server's own first, then caches."""
        return [self._xrpc.blob_url(ref.did, ref.cid), *self._caches(ref)]

    def _caches(self, ref: Ref) -> list[str]:
        looks = self.options.looks
        if not looks and self.options.appview:
            presets = PRESETS.get(ref.collection, PRESETS[""])
            appview = self.options.appview
            looks = (
                f"{appview}/blob/{{did}}/{{cid}}",
                *(f"{appview}/img/{one}/plain/{{did}}/{{cid}}" for one in presets),
            )
        return [url.replace("{did}", quote(ref.did, safe=":")).replace("{cid}", ref.cid) for url in looks]

    def _refuse_cached(self, ref: Ref) -> None:
        """Where caches can't be told to forget, and one still serves it, a person must tell it."""
        serving = next((url for url in self._caches(ref) if self._xrpc.shown(url)), "")
        if serving:
            raise base.CannotDo(
                "taken down; a cache still serves it: purge this address there", by_hand=serving
            )


def _kind(ref: Ref, data: bytes) -> ItemKind:
    if container_of(data) is not None:
        return ItemKind.VIDEO
    return ItemKind.PROFILE if ref.collection == PROFILE else ItemKind.IMAGE


def _told(error: SaidNo) -> base.PlatformError:
    """What a server's refusal is to the desk."""
    if error.not_there:
        return base.ItemNotFound(str(error))
    return base.PlatformRefused(str(error))
