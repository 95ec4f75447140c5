"""Try a site's implementation of the http contract step by step, as the desk would use it.

It acts on one real item of the site, puts it back as it was, and says of each step what is wrong and how to
put it right. It takes the site's word for nothing: what strangers see is looked at.
"""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from answerable import media
from answerable.platforms import base
from answerable.platforms import check_steps as steps
from answerable.platforms.base import PlatformError
from answerable.platforms.http import client
from answerable.platforms.http.adapter import Adapter
from answerable.policy.words import Visibility
from answerable.settings.config import Platform as Entry


@dataclass(frozen=True)
class Step:
    """One thing that was tried: `problem` is empty when it went well. `note`: and yet something may go wrong."""

    name: str
    problem: str = ""
    fix: str = ""
    note: str = ""

    @property
    def passed(self) -> bool:
        """Whether the site did as the contract says."""
        return not self.problem


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
    trial = steps.Trial(Adapter(entry), secret_file, base_url, ref)
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
    act: Callable[[steps.Trial], None]
    fix: str


def _run(step: _Attempt, trial: steps.Trial) -> Step:
    try:
        with base.asking(f"check-{secrets.token_hex(3)}"):
            step.act(trial)
    except steps.Wrong as wrong:
        return Step(step.name, str(wrong), step.fix)
    except steps.Note as note:
        return Step(step.name, "", step.fix, str(note))
    except (PlatformError, media.MediaError) as error:
        return Step(step.name, f"{type(error).__name__}: {error}", step.fix)
    return Step(step.name)


_LIST = _Attempt(
    "the list of items answers, signed and checked",
    steps.list_all,
    "Answer POST at this very address (a slash more or less is a redirect); check the secret on both sides and the "
    "clock; echo webhook-id as `re`.",
)
_LIST_TAKEN_UP = _Attempt(
    "the list can be taken up at any page",
    steps.list_taken_up,
    "Let a cursor say where a page begins, such as the last item's number before it, and keep it good for good.",
)
_SIGNATURES = (
    _Attempt(
        "a wrong signature is refused", steps.wrong_signature, "Verify the signature over the raw body first."
    ),
    _Attempt(
        "an old request is refused", steps.old_timestamp, "Refuse a webhook-timestamp over 5 minutes off."
    ),
    _Attempt(
        "an unknown verb is refused by name", steps.unknown_verb, 'Answer 400 with error "unknown_verb".'
    ),
    _Attempt(
        "an unknown item is refused by name", steps.unknown_ref, 'Answer 404 with error "not_found" and `re`.'
    ),
)
_GET = _Attempt(
    "the item, its media, and what strangers see",
    steps.get,
    "item.get has ref, kind, url, account, media; item.visibility has visibility, serial, look.",
)
_HIDE_FIX = (
    "Make hidden take effect before you answer, for the page and for every address of the media: answer 404 "
    "there and redirect nowhere, send Cache-Control: no-store, purge caches in front; name the same addresses in "
    "`look` as before; item.get still gives the desk the bytes."
)
_ON_THE_ITEM = (
    _Attempt(
        "what reviewers get is what strangers see",
        steps.same_picture,
        "Let item.get and the address of the media find the picture by the same ref.",
    ),
    _Attempt(
        "no cache may keep what is shown",
        steps.not_cached,
        "Send Cache-Control: no-store, or purge every cache in front before you answer that it is hidden.",
    ),
    _Attempt(
        "its address resolves to it",
        steps.resolve,
        "item.resolve answers with the ref for any address of it.",
    ),
    _Attempt(
        "hidden: strangers see nothing, the desk still does", steps.becomes(Visibility.HIDDEN), _HIDE_FIX
    ),
    _Attempt(
        "a late request changes nothing",
        steps.late_request,
        "Keep the last serial of each item; answer a lower one with done, and change nothing.",
    ),
    _Attempt(
        "the same request again, the same answer", steps.same_again, "Remember the answers by webhook-id."
    ),
    _Attempt(
        "limited: behind a notice",
        steps.becomes(Visibility.LIMITED),
        "Take it out of lists and search, put its page behind a notice.",
    ),
    _Attempt(
        "restored: visible again", steps.becomes(Visibility.VISIBLE), "visible undoes hidden and limited."
    ),
    _Attempt("gone: strangers see nothing, the bytes are sealed", steps.becomes(Visibility.GONE), _HIDE_FIX),
    _Attempt(
        "put back: visible, with the same bytes",
        steps.becomes(Visibility.VISIBLE),
        "gone keeps the bytes: nobody sees them, and visible puts them back.",
    ),
    _Attempt("frozen: kept against its author's deletion", steps.freeze, "Answer item.freeze with done."),
    _Attempt(
        "the holder is told, once per key", steps.notify, "Deliver account.notify; keep keys, deliver once."
    ),
    _Attempt("the account is suspended and let go", steps.suspend, "account.suspend takes true and false."),
    _Attempt("what is known of an account is told", steps.facts, "Answer account.facts with what you know."),
    _Attempt(
        "a recorded request does nothing when it is sent again",
        steps.replay,
        "Remember the webhook-id of what changed something, for ten minutes at least, and answer it from there.",
    ),
)
_LEAVE = _Attempt("left as it was found", steps.becomes(Visibility.VISIBLE), "Set the item visible by hand.")
