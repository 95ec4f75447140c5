"""What is tried of a site, step by step: each function does one thing as the desk would, and raises Wrong.

`check.py` says in which order, and how to put right what fails.
"""

import hashlib
import json
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from answerable import clock, media
from answerable.platforms import base
from answerable.platforms.base import FetchedItem, ItemKind
from answerable.platforms.http import client, wire
from answerable.platforms.http.adapter import MOST_BYTES_OF_A_LOOK, Adapter
from answerable.policy.words import Visibility

MOST_PAGES = 1000
NEAR_BITS = 31
"""Of 256: so much may a rendering of a picture differ from it."""
KEEPS = re.compile(r"max-age=[1-9]|s-maxage=[1-9]|immutable")
NEVER_KEEPS = re.compile(r"no-store|no-cache")
NOTICE = "This is a test of the report desk. Nothing has happened to your account."


class Wrong(Exception):
    """The site answered, and not as the contract says."""


class Note(Exception):
    """The site does as the contract says; something else may still show what is hidden."""


@dataclass
class Trial:
    """What the steps share."""

    adapter: Adapter
    secret: Path
    url: str
    ref: str = ""
    serial: int = 0
    found: FetchedItem | None = None
    digest: str = ""
    look: set[str] = field(default_factory=set)
    """Where strangers saw it while it was visible."""
    listed: list[str] = field(default_factory=list)
    pages: list[tuple[str, list[str]]] = field(default_factory=list)
    """The cursor of each page that was read, and the refs on it."""


def _raw(
    trial: Trial,
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


def list_all(trial: Trial) -> None:
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


def list_taken_up(trial: Trial) -> None:
    """A backfill that was killed begins again on the page where it was."""
    for cursor, refs in trial.pages[-2:]:
        again = [item.ref for item in trial.adapter.list_items(cursor).items]
        if again[: len(refs)] != refs:  # what was posted meanwhile comes after them
            raise Wrong("A page that was asked for again, by the same cursor, begins with other items.")


def wrong_signature(trial: Trial) -> None:
    body = {"verb": "items.list", "cursor": ""}
    answer = _raw(trial, body, sent=json.dumps({"verb": "items.list", "cursor": "0"}).encode())
    if answer.status != 401:
        raise Wrong(f"A body that was changed after signing was answered with {answer.status}, not 401.")


def old_timestamp(trial: Trial) -> None:
    answer = _raw(trial, {"verb": "items.list", "cursor": ""}, age_minutes=20)
    if answer.status != 401:
        raise Wrong(f"A request signed 20 minutes ago was answered with {answer.status}, not 401.")


def unknown_verb(trial: Trial) -> None:
    request_id = f"check-{secrets.token_hex(8)}"
    answer = _raw(trial, {"verb": "item.polish", "ref": trial.ref}, request_id=request_id)
    if answer.status != 400 or wire.parse(wire.Refusal, answer.body, request_id).error != "unknown_verb":
        raise Wrong(f"A verb that does not exist was answered with {answer.status}.")


def unknown_ref(trial: Trial) -> None:
    try:
        trial.adapter.fetch("no-such-item-" + secrets.token_hex(4))
    except base.ItemNotFound:
        return
    raise Wrong("An item that does not exist was found.")


def get(trial: Trial) -> None:
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
    trial.look = _addresses(answer.look)


def same_picture(trial: Trial) -> None:
    """What strangers get at one of the addresses is what reviewers are given: the file, or a rendering of it."""
    answer = trial.adapter.ask_visibility(trial.ref)
    if trial.found is None or trial.found.kind is not ItemKind.IMAGE or not answer.look.media:
        return
    mine = _bytes(trial)
    shown = [_shown_at(trial, url) for url in answer.look.media]
    if mine in shown:
        return
    left = base.current().seconds_left
    wanted = media.fingerprint(mine, within_seconds=left()).pdq
    found = [media.fingerprint(data, within_seconds=left()).pdq for data in shown]
    if wanted is None or not any(pdq and _distance(wanted, pdq) <= NEAR_BITS for pdq in found):
        raise Wrong("item.get gives another picture than the one that strangers see at `look.media`.")


def _addresses(look: wire.Look) -> set[str]:
    return {url for url in (look.page, *look.media) if url}


def _place(url: str) -> str:
    """The address without its token, which is another one each time."""
    return url.partition("?")[0]


def _shown_at(trial: Trial, url: str) -> bytes:
    hosts = trial.adapter.hosts | trial.adapter.media_hosts
    return client.call("GET", url, hosts=hosts, most_bytes=wire.LARGEST_ANSWER_BYTES).body


def _distance(one: bytes, other: bytes) -> int:
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()


def not_cached(trial: Trial) -> None:
    """Whether caches on the way are told that they may keep what is visible now. Raises Note."""
    hosts = trial.adapter.hosts | trial.adapter.media_hosts
    for url in sorted(trial.look):
        answer = client.call("GET", url, hosts=hosts, most_bytes=MOST_BYTES_OF_A_LOOK, cut=True)
        said = answer.headers.get("cache-control", "").lower().replace(" ", "")
        if KEEPS.search(said) and not NEVER_KEEPS.search(said):
            raise Note(f"Caches may keep {urlsplit(url).path} for a while: Cache-Control: {said[:80]}")


def _digest(trial: Trial) -> str:
    return hashlib.sha256(_bytes(trial)).hexdigest()


def _bytes(trial: Trial) -> bytes:
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
    return data


def becomes(wanted: Visibility, *, bytes_stay: bool = True) -> Callable[[Trial], None]:
    def act(trial: Trial) -> None:
        trial.serial += 1
        trial.adapter.set_visibility(trial.ref, wanted, trial.serial)
        seen = trial.adapter.visibility(trial.ref)
        look = trial.adapter.ask_visibility(trial.ref).look
        if missing := {_place(url) for url in trial.look} - {_place(url) for url in _addresses(look)}:
            raise Wrong(f"`look` leaves out an address that it named before: {min(missing)}")
        if seen is not wanted:
            raise Wrong(f"Asked to be {wanted.value}, it was accepted, and a look finds it {seen.value}.")
        if bytes_stay and _digest(trial) != trial.digest:
            raise Wrong("The desk is given other bytes than before.")

    return act


def late_request(trial: Trial) -> None:
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


def same_again(trial: Trial) -> None:
    trial.serial += 1
    body = {"verb": "item.set_visibility", "ref": trial.ref, "wanted": "hidden", "serial": trial.serial}
    request_id = f"check-{secrets.token_hex(8)}"
    answers = [_raw(trial, body, request_id=request_id) for _ in range(2)]
    if [answer.status for answer in answers] != [200, 200] or answers[0].body != answers[1].body:
        raise Wrong("The same request, sent twice, was not answered the same.")


def freeze(trial: Trial) -> None:
    trial.adapter.freeze(trial.ref)


def resolve(trial: Trial) -> None:
    if trial.found is None or not trial.found.url:
        raise Wrong("item.get gave no `url`.")
    named = trial.adapter.resolve(trial.found.url)
    if named is None or named.ref != trial.ref:
        raise Wrong("The item's own address does not resolve to the item.")
    if named.kind is not trial.found.kind:
        raise Wrong(f"item.resolve calls it {named.kind.value}, item.get {trial.found.kind.value}.")


def notify(trial: Trial) -> None:
    account, key = (trial.found.account if trial.found else ""), f"check-{secrets.token_hex(8)}"
    for _ in range(2):
        trial.adapter.notify(account, NOTICE, key)


def suspend(trial: Trial) -> None:
    account = trial.found.account if trial.found else ""
    for suspended in (True, False):
        trial.adapter.suspend(account, suspended=suspended)
        with suppress(base.CannotDo):  # a site need not answer account.get
            if trial.adapter.is_suspended(account) is not suspended:
                raise Wrong(f"account.suspend took {suspended}, and account.get says otherwise.")


def facts(trial: Trial) -> None:
    """Whether reports to authorities can say whose account it is. Raises Note."""
    account = trial.found.account if trial.found else ""
    try:
        known = trial.adapter.account_facts(account, [trial.ref])
    except base.CannotDo as error:
        raise Note(
            "account.facts isn't offered: reports to authorities name this site's accounts and nothing more."
        ) from error
    if not (known.screen_name or known.emails or known.seen):
        raise Note(
            "account.facts tells nothing by which somebody could be found: no name, e-mail or address."
        )


def replay(trial: Trial) -> None:
    """Record a request, let a later one undo it, and send the first again, as somebody between could."""
    account = trial.found.account if trial.found else ""
    body = {"verb": "account.suspend", "account": account, "suspended": True}
    request_id = f"check-{secrets.token_hex(8)}"
    _raw(trial, body, request_id=request_id)
    trial.adapter.suspend(account, suspended=False)
    _raw(trial, body, request_id=request_id)
    try:
        if trial.adapter.is_suspended(account):
            trial.adapter.suspend(account, suspended=False)
            raise Wrong("A request that was recorded and sent again, with its old id, was carried out again.")
    except base.CannotDo:  # without account.get nobody can tell
        return
