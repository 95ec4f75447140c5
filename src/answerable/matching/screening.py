"""Screening: may this upload be published? Never answered from a stale view.

`clear` screenings are not in the audit log: an uploader's everyday files are nobody's business.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.db import Error as DatabaseError
from django.db.models import QuerySet

from answerable.cases.models import Account
from answerable.db.prepared import prepared
from answerable.matching.known import IndexStale, known
from answerable.matching.match_ids import seal
from answerable.matching.verdicts import Judged, KnownMatch, Verdict, judge
from answerable.media import Fingerprints
from answerable.policy import store


class AccountRef(NamedTuple):
    """An uploader: the platform, and its name for the account."""

    platform: str
    ref: str


@dataclass(frozen=True, slots=True)
class Screened:
    """The answer. To an uploader's platform only `verdict` and `match_id` are told.

    match_id: opaque (see `match_ids.unseal`), empty where no list matched.
    why: `list`, `account`, `unreadable`, or empty.
    match: what decided, for keys with `matches:read` only.
    on_lists: every list that matched, for the desk alone.
    """

    verdict: Verdict
    match_id: str = ""
    why: str = ""
    match: KnownMatch | None = None
    on_lists: tuple[str, ...] = ()


def screen(
    fingerprints: Fingerprints | Sequence[Fingerprints],
    *,
    account: AccountRef | tuple[str, str] | None = None,
) -> Screened:
    """One upload of one or several files: the strictest of their verdicts. Raises IndexStale (HTTP 503)."""
    files = [fingerprints] if isinstance(fingerprints, Fingerprints) else list(fingerprints)
    matches = [match for found in known().look_up(files) for match in found]
    unreadable = any(prints.unreadable for prints in files)
    return _screened(_judged(matches, _is_held(account), unreadable), matches)


def screen_each(
    fingerprints: Sequence[Fingerprints], *, account: AccountRef | tuple[str, str] | None = None
) -> list[Screened]:
    """Many uploads, each by itself, with one catching up. Raises IndexStale (HTTP 503)."""
    held = _is_held(account)
    found = known().look_up(fingerprints)
    return [
        _screened(_judged(matches, held, prints.unreadable), matches)
        for prints, matches in zip(fingerprints, found, strict=True)
    ]


def _judged(matches: list[KnownMatch], held: bool, unreadable: bool) -> Judged:
    """The verdict. The policy pack is asked only where it could change it: most uploads match nothing."""
    if not any(match.of_others and match.is_the_file for match in matches):
        return judge(matches, account_held=held, unreadable=unreadable)
    try:
        trusts = store.active().trusts
    except store.UnknownPackError:
        return judge(matches, account_held=held, unreadable=unreadable)  # no pack, no trust: it is held
    except DatabaseError as error:
        raise IndexStale from error
    return judge(matches, account_held=held, unreadable=unreadable, trusts=trusts)


def _screened(judged: Judged, matches: list[KnownMatch]) -> Screened:
    match_id = seal(judged.match) if judged.match else ""
    return Screened(
        judged.verdict,
        match_id,
        judged.why,
        judged.match,
        tuple(sorted({match.hash_list for match in matches})),
    )


def _is_held(account: AccountRef | tuple[str, str] | None) -> bool:
    if account is None:
        return False
    try:
        return bool(_held_accounts(*account))
    except DatabaseError as error:
        raise IndexStale from error


@prepared
def _held_accounts(platform: str, ref: str) -> "QuerySet[Account, int]":
    held = Account.objects.filter(platform=platform, ref=ref, uploads_held_since__isnull=False)
    return held.values_list("pk", flat=True)
