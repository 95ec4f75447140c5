"""Try a site's implementation of the http contract step by step, as the desk would use it.

It acts on one real item of the site, puts it back as it was, and says of each step what is wrong and how to
put it right. It takes the site's word for nothing: what strangers see is looked at.
"""

import hashlib
import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from answerable import clock, media
from answerable.platforms import base
from answerable.platforms.base import FetchedItem, ItemKind, PlatformError
from answerable.platforms.http import client, wire
from answerable.platforms.http.adapter import Adapter
from answerable.policy.words import Visibility
from answerable.settings.config import Platform as Entry

MOST_PAGES = 1000
NOTICE = "This is a test of the report desk. Nothing has happened to your account."


@dataclass(frozen=True)
class Step:
    """One thing that was tried: `problem` is empty when it went well."""

    name: str
    problem: str = ""
    fix: str = ""

    @property
    def passed(self) -> bool:
        """Whether the site did as the contract says."""
        return not self.problem


class Wrong(Exception):
    """The site answered, and not as the contract says."""


@dataclass
class _Trial:
    """What the steps share."""

    adapter: Adapter
    secret: Path
    url: str
    ref: str = ""
    serial: int = 0
    found: FetchedItem | None = None
    digest: str = ""
    listed: list[str] = field(default_factory=list)
    pages: list[tuple[str, list[str]]] = field(default_factory=list)
    """The cursor of each page that was read, and the refs on it."""


def check(base_url: str, secret_file: Path, hosts: tuple[str, ...] = (), ref: str = "") -> Iterator[Step]:
    """Try everything and yield each step as it is done. Stops early when nothing more can be tried.

    `hosts`: where the site's pages and media live, besides the host of `base_url`. `ref`: the item to try it
    on, best one that was made for it; otherwise the first visible picture in the list.
    """
    here = client.host_of(base_url)
    entry = Entry(
        name="checked",
        base_url=base_url,
        secret_file=str(secret_file.resolve()),
        hosts=(here, *hosts),
        media_hosts=(here, *hosts),
    )
    trial = _Trial(Adapter(entry), secret_file, base_url, ref)
    for step in (_LIST, _LIST_TAKEN_UP, *_SIGNATURES):
        yield (result := _run(step, trial))
        if step is _LIST and not result.passed:
            return
    yield (result := _run(_GET, trial))
    if not result.passed:
        return
    try:
        for step in _ON_THE_ITEM:
            yield _run(step, trial)
    finally:
        yield _run(_LEAVE, trial)


@dataclass(frozen=True)
class _Attempt:
    name: str
    act: Callable[[_Trial], None]
    fix: str


def _run(step: _Attempt, trial: _Trial) -> Step:
    try:
        with base.asking(f"check-{secrets.token_hex(3)}"):
            step.act(trial)
    except Wrong as wrong:
        return Step(step.name, str(wrong), step.fix)
    except (PlatformError, media.MediaError) as error:
        return Step(step.name, f"{type(error).__name__}: {error}", step.fix)
    return Step(step.name)


def _raw(
    trial: _Trial,
    body: dict[str, Any],
    *,
    sent: bytes | None = None,
    age_minutes: int = 0,
    request_id: str = "",
) -> client.Response:
    """A signed request; `sent` replaces the signed body, `age_minutes` makes it old."""
    signer = wire.read_secret(trial.secret.read_text("ascii"))
    raw = json.dumps(body).encode()
    at = clock.system_now() - timedelta(minutes=age_minutes)
    headers = wire.signed_headers(signer, request_id or f"check-{secrets.token_hex(8)}", raw, at)
    return client.call(
        "POST",
        trial.url,
        hosts={client.host_of(trial.url)},
        most_bytes=wire.LARGEST_ANSWER_BYTES,
        headers=headers,
        body=raw if sent is None else sent,
    )


def _list(trial: _Trial) -> None:
    cursor = ""
    for _page in range(MOST_PAGES):
        page = trial.adapter.list_items(cursor)
        trial.listed += [item.ref for item in page.items]
        trial.pages.append((cursor, [item.ref for item in page.items]))
        if len(set(trial.listed)) != len(trial.listed):
            raise Wrong("The same item is listed twice.")
        pictures = [item for item in page.items if item.kind is ItemKind.IMAGE and item.media]
        if not trial.ref and pictures:
            trial.ref = pictures[0].ref
        if not page.cursor:
            break
        if page.cursor == cursor:
            raise Wrong("The cursor does not move: the list never ends.")
        cursor = page.cursor
    if not trial.ref:
        raise Wrong("There is no picture to try it on: post one, or name it with --ref.")


def _list_taken_up(trial: _Trial) -> None:
    """A backfill that was killed begins again on the page where it was."""
    for cursor, refs in trial.pages[-2:]:
        again = [item.ref for item in trial.adapter.list_items(cursor).items]
        if again[: len(refs)] != refs:  # what was posted meanwhile comes after them
            raise Wrong("A page that was asked for again, by the same cursor, begins with other items.")


def _wrong_signature(trial: _Trial) -> None:
    body = {"verb": "items.list", "cursor": ""}
    answer = _raw(trial, body, sent=json.dumps({"verb": "items.list", "cursor": "0"}).encode())
    if answer.status != 401:
        raise Wrong(f"A body that was changed after signing was answered with {answer.status}, not 401.")


def _old_timestamp(trial: _Trial) -> None:
    answer = _raw(trial, {"verb": "items.list", "cursor": ""}, age_minutes=20)
    if answer.status != 401:
        raise Wrong(f"A request signed 20 minutes ago was answered with {answer.status}, not 401.")


def _unknown_verb(trial: _Trial) -> None:
    request_id = f"check-{secrets.token_hex(8)}"
    answer = _raw(trial, {"verb": "item.polish", "ref": trial.ref}, request_id=request_id)
    if answer.status != 400 or wire.parse(wire.Refusal, answer.body, request_id).error != "unknown_verb":
        raise Wrong(f"A verb that does not exist was answered with {answer.status}.")


def _unknown_ref(trial: _Trial) -> None:
    try:
        trial.adapter.fetch("no-such-item-" + secrets.token_hex(4))
    except base.ItemNotFound:
        return
    raise Wrong("An item that does not exist was found.")


def _get(trial: _Trial) -> None:
    trial.found = trial.adapter.fetch(trial.ref)
    if not trial.found.account:
        raise Wrong("`account` is missing: nobody could be told, and nothing learned about who posts.")
    trial.digest = _digest(trial)
    answer = trial.adapter.ask_visibility(trial.ref)
    trial.serial = answer.serial
    if answer.visibility is not Visibility.VISIBLE:
        raise Wrong(f"The item is {answer.visibility.value}: name a visible one with --ref.")
    if not answer.look.media and not answer.look.page:
        raise Wrong("`look` names no address, so nobody can check what strangers see.")
    if trial.adapter.visibility(trial.ref) is not Visibility.VISIBLE:
        raise Wrong("It is said to be visible, but an address in `look` does not answer with 200.")


def _digest(trial: _Trial) -> str:
    item = trial.adapter.fetch(trial.ref)
    if item.media is None:
        raise Wrong("`media` is missing: reviewers could not see what they judge.")
    data = item.media.data
    if data is None:
        if not item.media.url:
            raise Wrong("`media` has neither `inline` nor `url`.")
        hosts = trial.adapter.media_hosts
        left = base.current().seconds_left()
        data = media.fetch(item.media.url, hosts, timeout_seconds=left).data
    return hashlib.sha256(data).hexdigest()


def _becomes(wanted: Visibility, *, bytes_stay: bool = True) -> Callable[[_Trial], None]:
    def act(trial: _Trial) -> None:
        trial.serial += 1
        trial.adapter.set_visibility(trial.ref, wanted, trial.serial)
        seen = trial.adapter.visibility(trial.ref)
        if seen is not wanted:
            raise Wrong(f"Asked to be {wanted.value}, it was accepted, and a look finds it {seen.value}.")
        if bytes_stay and _digest(trial) != trial.digest:
            raise Wrong("The desk is given other bytes than before.")

    return act


def _late_request(trial: _Trial) -> None:
    before = trial.adapter.visibility(trial.ref)
    body = {
        "verb": "item.set_visibility",
        "ref": trial.ref,
        "wanted": "visible",
        "serial": trial.serial - 1,
    }
    answer = _raw(trial, body)
    if answer.status != 200:
        raise Wrong(f"A lower serial was answered with {answer.status}; it should be ignored with 200.")
    if trial.adapter.visibility(trial.ref) is not before:
        raise Wrong("A request with a lower serial than the last one changed the item.")


def _same_again(trial: _Trial) -> None:
    trial.serial += 1
    body = {"verb": "item.set_visibility", "ref": trial.ref, "wanted": "hidden", "serial": trial.serial}
    request_id = f"check-{secrets.token_hex(8)}"
    answers = [_raw(trial, body, request_id=request_id) for _ in range(2)]
    if [answer.status for answer in answers] != [200, 200] or answers[0].body != answers[1].body:
        raise Wrong("The same request, sent twice, was not answered the same.")


def _freeze(trial: _Trial) -> None:
    trial.adapter.freeze(trial.ref)


def _resolve(trial: _Trial) -> None:
    if trial.found is None or not trial.found.url:
        raise Wrong("item.get gave no `url`.")
    named = trial.adapter.resolve(trial.found.url)
    if named is None or named.ref != trial.ref:
        raise Wrong("The item's own address does not resolve to the item.")
    if named.kind is not trial.found.kind:
        raise Wrong(f"item.resolve calls it {named.kind.value}, item.get {trial.found.kind.value}.")


def _notify(trial: _Trial) -> None:
    account, key = (trial.found.account if trial.found else ""), f"check-{secrets.token_hex(8)}"
    for _ in range(2):
        trial.adapter.notify(account, NOTICE, key)


def _suspend(trial: _Trial) -> None:
    account = trial.found.account if trial.found else ""
    for suspended in (True, False):
        trial.adapter.suspend(account, suspended=suspended)
        with suppress(base.CannotDo):  # a site need not answer account.get
            if trial.adapter.is_suspended(account) is not suspended:
                raise Wrong(f"account.suspend took {suspended}, and account.get says otherwise.")


_LIST = _Attempt(
    "the list of items answers, signed and checked",
    _list,
    "Answer POST at this address; check the secret on both sides and the clock; echo webhook-id as `re`.",
)
_LIST_TAKEN_UP = _Attempt(
    "the list can be taken up at any page",
    _list_taken_up,
    "Let a cursor say where a page begins, such as the last item's number before it, and keep it good for good.",
)
_SIGNATURES = (
    _Attempt(
        "a wrong signature is refused", _wrong_signature, "Verify the signature over the raw body first."
    ),
    _Attempt("an old request is refused", _old_timestamp, "Refuse a webhook-timestamp over 5 minutes off."),
    _Attempt("an unknown verb is refused by name", _unknown_verb, 'Answer 400 with error "unknown_verb".'),
    _Attempt(
        "an unknown item is refused by name", _unknown_ref, 'Answer 404 with error "not_found" and `re`.'
    ),
)
_GET = _Attempt(
    "the item, its media, and what strangers see",
    _get,
    "item.get has ref, kind, url, account, media; item.visibility has visibility, serial, look.",
)
_HIDE_FIX = (
    "Make hidden take effect before you answer, for the page and for every address of the media: answer 404 "
    "there, send Cache-Control: no-store, purge caches in front; item.get still gives the desk the bytes."
)
_ON_THE_ITEM = (
    _Attempt(
        "its address resolves to it", _resolve, "item.resolve answers with the ref for any address of it."
    ),
    _Attempt("hidden: strangers see nothing, the desk still does", _becomes(Visibility.HIDDEN), _HIDE_FIX),
    _Attempt(
        "a late request changes nothing",
        _late_request,
        "Keep the last serial of each item; answer a lower one with done, and change nothing.",
    ),
    _Attempt("the same request again, the same answer", _same_again, "Remember the answers by webhook-id."),
    _Attempt(
        "limited: behind a notice",
        _becomes(Visibility.LIMITED),
        "Take it out of lists and search, put its page behind a notice.",
    ),
    _Attempt("restored: visible again", _becomes(Visibility.VISIBLE), "visible undoes hidden and limited."),
    _Attempt("gone: strangers see nothing, the bytes are sealed", _becomes(Visibility.GONE), _HIDE_FIX),
    _Attempt(
        "put back: visible, with the same bytes",
        _becomes(Visibility.VISIBLE),
        "gone keeps the bytes: nobody sees them, and visible puts them back.",
    ),
    _Attempt("frozen: kept against its author's deletion", _freeze, "Answer item.freeze with done."),
    _Attempt("the holder is told, once per key", _notify, "Deliver account.notify; keep keys, deliver once."),
    _Attempt("the account is suspended and let go", _suspend, "account.suspend takes true and false."),
)
_LEAVE = _Attempt("left as it was found", _becomes(Visibility.VISIBLE), "Set the item visible by hand.")
