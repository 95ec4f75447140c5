"""Any site that implements the http contract: one endpoint, the verb inside the signed body."""

import base64
import json
import secrets
from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeVar

from standardwebhooks.webhooks import Webhook

from answerable import clock
from answerable.platforms import base, links, shared_secret
from answerable.platforms.base import Capability, FetchedItem, ItemKind, Media, Named, News, Page
from answerable.platforms.facts import AccountFacts
from answerable.platforms.http import client, wire
from answerable.policy.words import Visibility
from answerable.settings.config import Platform as Entry

A = TypeVar("A", bound=wire.Answer)
MOST_BYTES_OF_A_LOOK = 50_000
_NOT_SHOWN = (401, 403, 404, 410, 451)
_NAMED: Final[dict[str, type[base.PlatformError]]] = {
    "not_found": base.ItemNotFound,
    "cannot": base.CannotDo,
    "unknown_verb": base.CannotDo,
}


class Adapter:
    """One configured site."""

    capabilities = frozenset(Capability) - base.OWN_TONGUE
    poll_seconds = 1.0

    def __init__(self, entry: Entry) -> None:
        """Reads and calls nothing: the public pages make one only to understand links."""
        self.name = entry.name
        self.entry = entry
        self.hosts = frozenset(map(links.configured_host, entry.hosts))
        self.media_hosts = frozenset(map(links.configured_host, entry.media_hosts))

    def ref_of(self, url: str) -> Named | None:
        """By the patterns `item_paths` of the configuration."""
        link = links.read(url)
        found = links.ref_in(link, self.entry.item_paths) if link else None
        return Named(found[0], ItemKind(found[1])) if found else None

    def resolve(self, url: str) -> Named | None:
        """Ask what a short link or a user's name leads to. Unless the site says what it is, it is a page."""
        answer = self._ask(wire.Resolved, "item.resolve", url=url)
        return Named(answer.ref, answer.kind) if answer.ref else None

    def fetch(self, ref: str) -> FetchedItem:
        """Ask for the item. Raises AnswerMalformed when it is another than the one asked for."""
        answer = self._ask(wire.ItemAnswer, "item.get", ref=ref)
        if answer.ref != ref:
            raise base.AnswerMalformed("ref: it is not the item that was asked for")
        return _fetched(answer)

    def visibility(self, ref: str) -> Visibility:
        """Ask, then look at the addresses given, as a stranger.

        What a stranger gets counts more than what the site says: an item said to be hidden or gone whose
        page or media still answer is `visible`; one said to be visible whose media are refused is `hidden`.
        """
        try:
            answer = self.ask_visibility(ref)
        except base.ItemNotFound:
            return Visibility.GONE
        addresses = self._look_addresses(answer.look)
        if not addresses and answer.visibility >= Visibility.HIDDEN:
            raise base.AnswerMalformed(
                "look: it names no address where a stranger could see that it is hidden"
            )
        shown = [self._is_shown(url) for url in addresses]
        if answer.visibility >= Visibility.HIDDEN:
            return Visibility.VISIBLE if any(shown) else answer.visibility
        return answer.visibility if all(shown) else Visibility.HIDDEN

    def ask_visibility(self, ref: str) -> wire.VisibilityAnswer:
        """What the site says, before anybody looked. Raises ItemNotFound."""
        answer = self._ask(wire.VisibilityAnswer, "item.visibility", ref=ref)
        if answer.ref != ref:
            raise base.AnswerMalformed("ref: it is not the item that was asked for")
        return answer

    def set_visibility(self, ref: str, wanted: Visibility, serial: int) -> bool:
        """Ask for it. Whether the bytes are frozen with it. An item that the site no longer has is gone for good."""
        try:
            answer = self._ask(
                wire.VisibilitySet, "item.set_visibility", ref=ref, wanted=wanted.value, serial=serial
            )
        except base.ItemNotFound:
            if wanted is not Visibility.GONE:
                raise
            return False
        if answer.serial < serial:
            raise base.AnswerMalformed(f"serial: {answer.serial} after {serial} was carried out")
        if answer.serial > serial:
            raise base.SerialBehind(f"{answer.serial} there, {serial} here", there=answer.serial)
        return answer.frozen or wanted is Visibility.GONE

    def freeze(self, ref: str) -> None:
        """Ask the site to keep the bytes, against the author's own deletion too."""
        self._ask(wire.Done, "item.freeze", ref=ref)

    def suspend(self, account: str, suspended: bool = True) -> None:
        """Ask the site to stop an account from posting, or to let it post again."""
        self._ask(wire.Done, "account.suspend", account=account, suspended=suspended)

    def is_suspended(self, account: str) -> bool:
        """Ask the site. Raises AnswerMalformed when it speaks of another account."""
        answer = self._ask(wire.AccountAnswer, "account.get", account=account)
        if answer.account != account:
            raise base.AnswerMalformed("account: it is not the account that was asked for")
        return answer.suspended

    def account_facts(self, account: str, refs: Sequence[str]) -> AccountFacts:
        """Ask the site, which need not offer it. Raises AnswerMalformed when it speaks of another account."""
        answer = self._ask(wire.FactsAnswer, "account.facts", account=account, refs=list(refs))
        if answer.account != account:
            raise base.AnswerMalformed("account: it is not the account that was asked for")
        return answer

    def notify(self, account: str, text: str, key: str) -> None:
        """Ask the site to tell the holder of an account; once per key."""
        self._ask(wire.Done, "account.notify", account=account, text=text, key=key)

    def release_upload(self, ref: str) -> None:
        """Ask the site to show an upload that it holds back."""
        self._ask(wire.Done, "upload.release", ref=ref)

    def list_items(self, cursor: str = "") -> Page:
        """Ask for a page of everything there is."""
        answer = self._ask(wire.ListAnswer, "items.list", cursor=cursor)
        return Page(tuple(_fetched(item) for item in answer.items), answer.cursor)

    def watch(self, cursor: str) -> Iterator[News]:  # noqa: ARG002  the contract's
        """Nothing to ask: the site itself tells its news, at `/api/v1/events` and `/api/v1/reports`."""
        raise base.CannotDo(f"{self.name} tells its news itself")

    def _ask(self, kind: type[A], verb: str, **members: Any) -> A:
        asking = base.current()
        request_id = f"{asking.cause}-{secrets.token_hex(6)}"
        body = json.dumps({"verb": verb, **members}, ensure_ascii=False).encode()
        answer = client.call(
            "POST",
            self.entry.base_url,
            hosts=frozenset({client.host_of(self.entry.base_url)}),
            most_bytes=wire.LARGEST_ANSWER_BYTES,
            headers=wire.signed_headers(self._signer(), request_id, body, clock.system_now()),
            body=body,
        )
        if answer.status == 200:
            return wire.parse(kind, answer.body, request_id)
        raise _refusal(answer, request_id)

    def _signer(self) -> Webhook:
        return wire.read_secret(shared_secret.read(self.entry.secret_file))

    def _look_addresses(self, look: wire.Look) -> list[str]:
        pages = [look.page] if look.page else []
        for url, hosts in [(page, self.hosts) for page in pages] + [
            (media, self.hosts | self.media_hosts) for media in look.media
        ]:
            if client.host_of(url) not in hosts:
                raise base.HostNotConfigured(f"look: {client.host_of(url)}")
        return [*pages, *look.media]

    def _is_shown(self, url: str) -> bool:
        return client.is_shown(url, self.hosts | self.media_hosts, MOST_BYTES_OF_A_LOOK, _NOT_SHOWN)


def _refusal(answer: client.Response, request_id: str) -> base.PlatformError:
    """What status and body stand for. Only an answer to this very request can say that an item is absent."""
    if (answer.status >= 500 and answer.status != 501) or answer.status == 429:
        return base.PlatformFailed(f"status {answer.status}", answer.retry_after_seconds)
    if answer.status in (401, 403):
        return base.PlatformRefused(f"status {answer.status}")
    refusal = wire.parse(wire.Refusal, answer.body, request_id)
    return _NAMED.get(refusal.error, base.PlatformRefused)(refusal.error)


def _fetched(answer: wire.ItemAnswer) -> FetchedItem:
    media = answer.media
    return FetchedItem(
        ref=answer.ref,
        kind=answer.kind,
        url=answer.url or "",
        media=Media(
            url=media.url or "",
            data=base64.b64decode(media.inline) if media.inline is not None else None,
            media_type=media.media_type,
        )
        if media
        else None,
        account=answer.account or "",
        posted_at=answer.posted_at,
        views=answer.views,
    )
