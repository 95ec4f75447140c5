"""All that stands on a data server, account by account: for a backfill, and for what the stream could not tell."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

import structlog
from pydantic import ValidationError

from answerable.platforms import base
from answerable.platforms.atproto import refs, wire
from answerable.platforms.atproto.refs import Ref
from answerable.platforms.atproto.xrpc import SaidNo, Xrpc
from answerable.platforms.base import FetchedItem, ItemKind, Media, Page

ACCOUNTS_AT_ONCE: Final = 50
RECORDS_AT_ONCE: Final = 100
_REV_LETTERS: Final = "234567abcdefghijklmnopqrstuvwxyz"
MakeItem = Callable[[Ref, ItemKind, Media | None, datetime | None], FetchedItem]

log = structlog.get_logger(__name__)


class Place(wire.Wire):
    """How far a listing came: the page of accounts, how many of it are done, the kinds done, the page of records."""

    accounts: str = ""
    done: int = 0
    kinds: int = 0
    records: str = ""


class Listing:
    """Lists of accounts and of what they show."""

    def __init__(self, xrpc: Xrpc, item: MakeItem) -> None:
        self._xrpc = xrpc
        self._item = item

    def media(
        self, ref: Ref, blobs: tuple[refs.Blob, ...], posted_at: datetime | None = None
    ) -> Iterator[FetchedItem]:
        """The items of a record. One whose names are longer than a ref can be is passed over, and logged."""
        for blob in blobs:
            try:
                one = Ref(ref.did, ref.collection, ref.rkey, blob.cid)
                media = Media(url=self._xrpc.blob_url(one.did, one.cid))
                yield self._item(one, blob.kind, media, posted_at)
            except refs.RefTooLong:
                log.warning("a record's names are too long to be watched", account=ref.did[:80])

    def page(self, cursor: str) -> Page:
        """One page of everything. Raises SaidNo, PlatformError."""
        try:
            place = Place.model_validate_json(cursor) if cursor else Place()
        except ValidationError as error:
            raise base.AnswerMalformed("not a cursor of this listing") from error
        repos = self._repos(place.accounts)
        if place.done >= len(repos.repos):
            if not repos.cursor or not repos.repos:
                return Page(())
            return Page((), Place(accounts=repos.cursor).model_dump_json())
        did = repos.repos[place.done].did
        kinds = self._kinds(did)
        if place.kinds >= len(kinds):
            return Page(
                (),
                place.model_copy(
                    update={"done": place.done + 1, "kinds": 0, "records": ""}
                ).model_dump_json(),
            )
        records = self._records(did, kinds[place.kinds], place.records)
        more = {"records": records.cursor} if records.cursor else {"kinds": place.kinds + 1, "records": ""}
        return Page(tuple(self._items(did, records)), place.model_copy(update=more).model_dump_json())

    def of_account(self, did: str) -> Iterator[FetchedItem]:
        """All pictures and videos of an account; nothing where it is gone. Raises SaidNo, PlatformError."""
        for kind in self._kinds(did):
            cursor = ""
            while True:
                records = self._records(did, kind, cursor)
                yield from self._items(did, records)
                if not records.cursor or records.cursor == cursor:
                    break
                cursor = records.cursor

    def changed_since(self, at: datetime) -> Iterator[str]:
        """The accounts that wrote something since a time. Raises SaidNo, PlatformError."""
        oldest, cursor = rev_at(at), ""
        while True:
            repos = self._repos(cursor)
            yield from (one.did for one in repos.repos if one.rev >= oldest)
            if not repos.cursor or repos.cursor == cursor:
                return
            cursor = repos.cursor

    def _items(self, did: str, records: wire.Records) -> Iterator[FetchedItem]:
        for record in records.records:
            ref = Ref.of_uri(record.uri)
            if ref is not None and ref.did == did:
                yield from self.media(ref, refs.blobs_of(record.value, ref.collection))

    def _repos(self, cursor: str) -> wire.Repos:
        return self._xrpc.get(wire.Repos, "com.atproto.sync.listRepos", limit=ACCOUNTS_AT_ONCE, cursor=cursor)

    def _kinds(self, did: str) -> tuple[str, ...]:
        try:
            return self._xrpc.get(wire.Collections, "com.atproto.repo.describeRepo", repo=did).collections
        except SaidNo as error:
            if error.not_there:
                return ()
            raise

    def _records(self, did: str, kind: str, cursor: str) -> wire.Records:
        try:
            return self._xrpc.get(
                wire.Records, "com.atproto.repo.listRecords",
                repo=did, collection=kind, limit=RECORDS_AT_ONCE, reverse="true", cursor=cursor,
            )  # fmt: skip
        except SaidNo as error:
            if error.not_there:
                return wire.Records(records=())
            raise


def rev_at(at: datetime) -> str:
    """The revision that a repository written at that time has: microseconds since 1970 and ten bits, in base 32."""
    number = int(at.timestamp() * 1_000_000) << 10
    return "".join(_REV_LETTERS[number >> shift & 31] for shift in range(60, -1, -5))
