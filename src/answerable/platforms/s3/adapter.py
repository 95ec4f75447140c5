"""A site of which the desk has only the bucket: what nobody may see is moved to a sealed one, and back.

Moving is one operation that every S3-compatible store has, and that can be undone: copy, check that the copy is the
same, delete. Tags and ACLs depend on policies that stores understand differently, and a public bucket ignores both.
"""

import hmac
import re
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Literal
from urllib.parse import quote, unquote

import structlog
from django.conf import settings
from pydantic import ValidationError

from answerable.platforms import base, links, shared_secret
from answerable.platforms.base import Capability, FetchedItem, Media, Named, News, Page
from answerable.platforms.http import client
from answerable.platforms.s3 import wire
from answerable.platforms.s3.naming import key_of, kind_of, ref_of
from answerable.platforms.s3.store import Store, Stored
from answerable.policy.words import Visibility
from answerable.settings.config import Bucket, ConfigError
from answerable.settings.config import Platform as Entry

MOST_BYTES_OF_A_LOOK: Final = 50_000
SHORTEST_TOKEN: Final = 24
GONE: Final = "!gone"
"""The end of the sealed key that says that an object is to be gone, not only hidden."""
FORMS: Final[tuple[Literal["NFC"], Literal["NFD"]]] = ("NFC", "NFD")
_NOT_SHOWN: Final = (400, 401, 403, 404, 405, 410, 451)
_COPY: Final = re.compile(r"[0-9A-Za-z-]+")

log = structlog.get_logger(__name__)


class Adapter:
    """One configured site."""

    capabilities = frozenset(
        {
            Capability.RESOLVE,
            Capability.FETCH,
            Capability.LOOK,
            Capability.HIDE,
            Capability.REMOVE,
            Capability.RESTORE,
            Capability.FREEZE,
            Capability.LIST,
            Capability.HEAR,
        }
    )
    poll_seconds = 1.0

    def __init__(self, entry: Entry) -> None:
        """Reads and calls nothing. Raises ConfigError."""
        self.name = entry.name
        self.entry = entry
        try:
            self.options = wire.Options.model_validate(entry.options)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            raise ConfigError(f"platforms.{entry.name}.options.{place}: {first['msg']}") from error
        self._public = {url: _pattern(url) for url in self.options.public_urls}
        self._hosts = frozenset(client.host_of(url.partition("{key}")[0]) for url in self._public)

    def ref_of(self, url: str) -> Named | None:
        """By the public addresses. A name that can be written in two ways is asked about (`resolve`)."""
        key = self._key_at(url)
        if key is None or not key.isascii():
            return None
        ref = ref_of(key)
        return Named(ref, kind_of(key)) if ref else None

    def resolve(self, url: str) -> Named | None:
        """Which object a link with letters beyond ASCII means: of the two ways to write them, the one that is there."""
        key = self._key_at(url)
        for form in FORMS:
            written = unicodedata.normalize(form, key) if key else ""
            ref = ref_of(written)
            if ref and (self._store().head(self.options.bucket, written) or self._copies(written)):
                return Named(ref, kind_of(written))
        return None

    def fetch(self, ref: str) -> FetchedItem:
        """The object, or where it is hidden its sealed copy. Raises ItemNotFound."""
        key = self._key(ref)
        found = self._store().head(self.options.bucket, key) or self._newest(key)
        if found is None:
            raise base.ItemNotFound
        media = Media(url=self._store().opened(found), media_type=found.media_type)
        return self._item(key, ref, media, found.media_type)

    def visibility(self, ref: str) -> Visibility:
        """What a stranger gets at each public address, at the store itself, and of the sealed copies.

        `limited`, which no bucket can do, stands for what can't be called either: it lies there, and not every
        public address shows it.
        """
        key = self._key(ref)
        store, options = self._store(), self.options
        there = store.head(options.bucket, key)
        public = [
            self._is_shown(url.replace("{key}", quote(key, safe="/-_.~"))) for url in options.public_urls
        ]
        if there is not None:
            return Visibility.VISIBLE if all(public) else Visibility.LIMITED
        copies = self._copies(key)
        at_the_store = [store.address(options.bucket, key)]
        at_the_store += [store.address(options.sealed_bucket, copy.key) for copy in copies]
        if any(public) or any(self._is_shown(url) for url in at_the_store):
            return Visibility.VISIBLE
        return Visibility.HIDDEN if copies and not self._is_gone(key) else Visibility.GONE

    def set_visibility(self, ref: str, wanted: Visibility, serial: int) -> bool:  # noqa: ARG002  a bucket knows none
        """Move the object to the sealed bucket, or back. Its bytes are frozen by that. Raises ItemNotFound."""
        if wanted is Visibility.LIMITED:
            raise base.CannotDo("a bucket can't put anything behind a notice")
        key = self._key(ref)
        mark = f"{key}~{GONE}"
        if wanted is Visibility.VISIBLE:
            self._put_back(key)
        else:
            self._seal(key, remove=True)
        if wanted is Visibility.GONE:
            self._store().write(self.options.sealed_bucket, mark, b"")
        elif self._is_gone(key):
            self._store().delete(self.options.sealed_bucket, mark)
        return wanted is not Visibility.VISIBLE

    def freeze(self, ref: str) -> None:
        """Copy the object to the sealed bucket, and leave it where it is."""
        self._seal(self._key(ref), remove=False)

    def list_items(self, cursor: str = "") -> Page:
        """All objects under the prefix, in the order of their keys, which is how a bucket lists them."""
        found, more = self._store().list(self.options.bucket, self.options.prefix, after=cursor)
        items = []
        for one in found:
            ref = ref_of(one.key)
            if ref is not None and one.size:
                item = self._item(one.key, ref, None)
                items.append(FetchedItem(item.ref, item.kind, item.url, None, item.account, one.modified))
        return Page(tuple(items), found[-1].key if more and found else "")

    def hears(self, headers: Mapping[str, str], body: bytes) -> News:
        """What a notification of the bucket tells. Raises NotSigned, PlatformRefused, AnswerMalformed.

        Each is a reason to look and no more: an object is fetched as it is now, so that notifications that come
        twice, late or in another order change nothing.
        """
        token = self._secret()
        if not hmac.compare_digest(headers.get("authorization", "").encode(), f"Bearer {token}".encode()):
            raise base.NotSigned("the notification does not carry this platform's token")
        edited, deleted = [], []
        for record in wire.notification(body).latest(self.options.bucket):
            ref = ref_of(record.key) if record.key.startswith(self.options.prefix) else None
            if ref is None:
                if record.key.startswith(self.options.prefix) and not record.key.endswith("/"):
                    log.warning("an object has a name too long or too odd to be an item", platform=self.name)
                continue
            if record.name.startswith(wire.CREATED) and kind_of(record.key) is not base.ItemKind.PAGE:
                edited.append(self._item(record.key, ref, Media(url=self.entry.base_url)))
            elif record.name.startswith(wire.REMOVED) and self.options.principal not in (
                "",
                record.who.principal,
            ):
                deleted.append(ref)  # by somebody else than the desk, which removes what it hides
        return News("", edited=tuple(edited), deleted=tuple(deleted))

    def suspend(self, account: str, suspended: bool = True) -> None:  # noqa: ARG002  the contract's
        """A bucket knows no accounts."""
        raise base.CannotDo(f"{self.name} is a bucket, and knows no accounts")

    def is_suspended(self, account: str) -> bool:  # noqa: ARG002
        """A bucket knows no accounts."""
        raise base.CannotDo(f"{self.name} is a bucket, and knows no accounts")

    def notify(self, account: str, text: str, key: str) -> None:  # noqa: ARG002
        """A bucket knows no accounts."""
        raise base.CannotDo(f"{self.name} is a bucket, and reaches nobody")

    def release_upload(self, ref: str) -> None:  # noqa: ARG002
        """A bucket shows what is in it."""
        raise base.CannotDo(f"{self.name} is a bucket, and holds no uploads back")

    def watch(self, cursor: str) -> Iterator[News]:  # noqa: ARG002
        """Nothing to ask: the bucket sends its notifications (`hears`)."""
        raise base.CannotDo(f"{self.name} sends its notifications itself")

    def _seal(self, key: str, *, remove: bool) -> None:
        store, options = self._store(), self.options
        there = store.head(options.bucket, key)
        if there is None:
            if not self._copies(key):
                raise base.ItemNotFound
            return
        sealed = f"{key}~{re.sub(r'[^0-9A-Za-z-]', '', there.etag) or 'copy'}"
        known = store.head(options.sealed_bucket, sealed)
        if known is None or not store.same(there, known):
            store.copy(there, options.sealed_bucket, sealed)
        if not remove:
            return
        now = store.head(options.bucket, key)
        if now is not None and now.etag != there.etag:
            raise base.PlatformFailed("the object changed while it was sealed")
        store.delete(options.bucket, key)

    def _put_back(self, key: str) -> None:
        """Copy the newest sealed copy back; then no copy of what strangers have again stays sealed."""
        store, options = self._store(), self.options
        there, newest = store.head(options.bucket, key), self._newest(key)
        if there is None and newest is None:
            raise base.ItemNotFound
        if there is None and newest is not None:
            there = store.copy(newest, options.bucket, key, options.acl)
        if there is not None and newest is not None and store.same(there, newest):
            store.delete(options.sealed_bucket, newest.key)

    def _copies(self, key: str) -> list[wire.Listed]:
        start = f"{key}~"
        found, _ = self._store().list(self.options.sealed_bucket, start)
        return sorted(
            (one for one in found if _COPY.fullmatch(one.key.removeprefix(start))),
            key=lambda one: one.modified,
        )

    def _newest(self, key: str) -> Stored | None:
        copies = self._copies(key)
        return self._store().head(self.options.sealed_bucket, copies[-1].key) if copies else None

    def _is_gone(self, key: str) -> bool:
        return self._store().head(self.options.sealed_bucket, f"{key}~{GONE}") is not None

    def _item(self, key: str, ref: str, media: Media | None, media_type: str = "") -> FetchedItem:
        named = re.fullmatch(self.options.account, key) if self.options.account else None
        first = self.options.public_urls[:1]
        url = first[0].replace("{key}", quote(key, safe="/-_.~")) if first else ""
        account = (named.group("account") or "") if named else ""
        return FetchedItem(ref, kind_of(key, media_type), url, media, account[:200])

    def _key_at(self, url: str) -> str | None:
        link = links.read(url)
        if link is None:
            return None
        for pattern in self._public.values():
            found = pattern.fullmatch(f"{link.host}{link.path}")
            if found and found["key"].startswith(self.options.prefix):
                return found["key"]
        return None

    def _key(self, ref: str) -> str:
        key = key_of(ref)
        if key is None or not key.startswith(self.options.prefix):
            raise base.ItemNotFound("no object of this bucket has that name")
        return key

    def _is_shown(self, url: str) -> bool:
        hosts = self._hosts | {client.host_of(self._bucket().endpoint)}
        return client.is_shown(url, hosts, MOST_BYTES_OF_A_LOOK, _NOT_SHOWN)

    def _bucket(self) -> Bucket:
        found = {one.name: one for one in settings.CONFIG.buckets}
        for name in (self.options.bucket, self.options.sealed_bucket):
            if name not in found:
                raise ConfigError(
                    f"platforms.{self.name}.options: name {name} and its endpoint under [[buckets]]"
                )
        mine: Bucket = found[self.options.bucket]
        if found[self.options.sealed_bucket].endpoint != mine.endpoint or len(set(found)) < 2:
            raise ConfigError(
                f"platforms.{self.name}.options: sealed_bucket has another endpoint than bucket"
            )
        return mine

    def _store(self) -> Store:
        return Store(self._bucket(), Path(settings.DATA))

    def _secret(self) -> str:
        token = shared_secret.read(self.entry.secret_file, base.PlatformRefused)
        if len(token) < SHORTEST_TOKEN:
            raise base.PlatformRefused(
                f"secret_file {Path(self.entry.secret_file).name} holds fewer than {SHORTEST_TOKEN} characters"
            )
        return token


def _pattern(url: str) -> "re.Pattern[str]":
    """A public address as links are compared with it: host and path, decoded."""
    before, _, after = url.partition("{key}")
    host, path = client.host_of(before), "/" + before.partition("://")[2].partition("/")[2]
    host = links.configured_host(host)
    return re.compile(re.escape(host + unquote(path)) + r"(?P<key>.+)" + re.escape(unquote(after)))
