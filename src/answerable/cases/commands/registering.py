"""What platforms tell us of uploads, new and edited: facts, bytes, and what is to be held."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction

from answerable.cases.commands.arriving import is_there, reconsider_hiding, tell_whose_it_is
from answerable.cases.commands.aside import owe_hidden_capture
from answerable.cases.commands.deciding import decide_violating
from answerable.cases.commands.framing import write_frames
from answerable.cases.commands.grouping import account_of, begin_notice, lock_at, open_case, put_in
from answerable.cases.commands.harms import harm_decided
from answerable.cases.commands.listed import decide_by_list
from answerable.cases.commands.questions import ask_about
from answerable.cases.commands.rounds import begin_round, standing_decision
from answerable.cases.commands.telling import tell_holder_of_hold
from answerable.cases.commands.wanting import REPORTED, forget, know, know_more, want
from answerable.cases.commands.writing import Writing
from answerable.cases.inputs import ItemIn, NotFound, Prints, Refused, Registered
from answerable.cases.models import (
    Account,
    Decision,
    IdempotencyKey,
    Item,
    ItemContent,
)
from answerable.cases.queries.listed import is_withdrawn, refused_by_people, rests_on_list
from answerable.cases.rules import protecting
from answerable.cases.rules.deciding import youngest
from answerable.obligations import Owed
from answerable.policy import Pack, store
from answerable.policy.words import Age, By, Verdict, Visibility
from answerable.settings.config import config

HIDE_WITHIN = timedelta(seconds=60)


def register_item(
    item_in: ItemIn, *, now: datetime, idempotency: tuple[str, str, str] | None = None
) -> Registered:
    """Know an upload: its account, fingerprints and views. A confirmed file is removed at once.

    An upload that nobody reported and nothing matches is not audited, and owes nothing. `idempotency`: (scope,
    key, body digest); the same event again changes nothing. Raises Refused where a key comes with another body.
    """
    with transaction.atomic():
        item, new = get_or_make(item_in, now)
        if _taken_before(idempotency, now):
            return Registered(item.pk, Visibility(item.wanted), new=False)
        writing = Writing(actor=f"platform:{item.platform}", now=now, cause=f"item:{item.pk}", case=item.case)
        changed = take(writing, item, item_in)
        if changed and item.case is not None:
            writing.record("item_edited", {"item": item.pk, **changed})
        if item_in.prints is None and item_in.fetch and (item.content is None or item_in.edited):
            _owe_fetch(writing, item)
        if (
            item_in.edited and item.look_again_at is not None
        ):  # nobody should see it: an edit may have shown it again
            item.look_again_at = now
            item.save(update_fields=["look_again_at"])
        held = item_in.held or held_account(item)
        if held:
            hold(writing, item, held, item_in.on_lists)
        writing.finish()
        return Registered(item.pk, Visibility(item.wanted), new)


def take(writing: Writing, item: Item, item_in: ItemIn) -> dict[str, object]:
    """Take what is known of an item now, and do what follows for one that was reported. What changed, by name."""
    unseen = item.content_id is None
    changed = _take_facts(item, item_in)
    if item_in.prints is not None:
        _take_content(writing, item, item_in.prints)
    if item.case is None:
        return changed
    is_there(writing, item, unseen=unseen)
    if unseen or "account" in changed:  # not what an author edits: new bytes wait for a look
        reconsider_hiding(writing, item)
    if "account" in changed:
        tell_whose_it_is(writing, item)
    return changed


def held_account(item: Item) -> str:
    """`account` where two people confirmed the uploader as the offender: whatever it uploads waits for a look."""
    return "account" if item.account is not None and item.account.uploads_held_since is not None else ""


def _taken_before(idempotency: tuple[str, str, str] | None, now: datetime) -> bool:
    """Note a request's key; whether it was noted before."""
    if idempotency is None:
        return False
    scope, key, body_digest = idempotency
    known = IdempotencyKey.objects.filter(scope=scope, key=key).first()
    if known is None:
        IdempotencyKey.objects.create(scope=scope, key=key, body_digest=body_digest, at=now)
        return False
    if known.body_digest != body_digest:
        raise Refused("This key was used for another request: send a new one.")
    return True


def get_or_make(item_in: ItemIn, now: datetime) -> tuple[Item, bool]:
    found = lock_at(item_in.platform, item_in.ref)
    if found is not None:
        return found, False
    account = account_of(item_in.platform, item_in.account_ref)
    Item.objects.bulk_create(
        [
            Item(
                platform=item_in.platform,
                ref=item_in.ref,
                url=item_in.url[:2000],
                media_url=item_in.media_url[:2000],
                kind=item_in.kind or "image",
                account=account,
                posted_at=item_in.posted_at,
                views=item_in.views,
                registered_at=now,
            )
        ],
        ignore_conflicts=True,
    )
    made = lock_at(item_in.platform, item_in.ref)
    if made is None:
        raise NotFound(f"Item {item_in.ref!r} vanished while it was registered.")
    return made, True


def _take_facts(item: Item, item_in: ItemIn) -> dict[str, object]:
    """Take the facts of an item; what changed, as the audit log may hold it. An account once known stays."""
    given: dict[str, object] = {
        "url": item_in.url[:2000],
        "media_url": item_in.media_url[:2000],
        "posted_at": item_in.posted_at,
        "kind": item_in.kind,
        "views": item_in.views if item_in.views > item.views else None,
        "account": account_of(item_in.platform, item_in.account_ref) if item.account_id is None else None,
    }
    new = {name: value for name, value in given.items() if value and getattr(item, name) != value}
    if not new:
        return {}
    for name, value in new.items():
        setattr(item, name, value)
    item.save(update_fields=list(new))
    told: dict[str, object] = {name: True for name in new if name in ("url", "posted_at")}
    if "kind" in new:
        told["kind"] = item.kind
    if "account" in new:
        told["account"] = item.account_id
    return told


def _take_content(writing: Writing, item: Item, prints: Prints) -> None:
    """Take the bytes seen. New bytes are a new content: what was decided about the old ones doesn't hold."""
    if item.content is not None and item.content.sha256 == prints.sha256:
        _fill(writing, item, item.content, prints)
        decide_by_list(writing, item)
        return
    before = item.content
    content, _ = ItemContent.objects.get_or_create(
        item=item,
        sha256=prints.sha256,
        defaults={
            "md5": prints.md5,
            "pdq": prints.pdq,
            "pdq_quality": prints.pdq_quality,
            "pdq_turns": prints.pdq_turns,
            "media_type": prints.media_type[:100],
            "size": prints.size,
            "seen_at": writing.now,
        },
    )
    write_frames(content, prints)
    decided = standing_decision(before.pk) if before is not None else None
    if before is not None and not (decided is not None and rests_on_list(decided)):
        forget(writing, item, REPORTED)  # those bytes are no longer what is hidden
    item.content = content
    item.save(update_fields=["content"])
    if item.wanted == Visibility.HIDDEN and item.interim_since is not None:
        know(writing, item, REPORTED)
    if before is not None and item.case is not None:
        item.looked_at = item.nobody_in_it_at = None
        item.save(update_fields=["looked_at", "nobody_in_it_at"])
        writing.record("item_content_changed", {"item": item.pk, "from": before.sha256, "to": prints.sha256})
        if item.contents.filter(hidden_media__isnull=False).exists():  # its platform can't keep these either
            owe_hidden_capture(writing, item)
        begin_round(writing, item, "changed")
        owe_look(writing, item, writing.now + protecting.LOOK_SOON)
    _share_what_is_known(writing, item)
    if item.case is not None:
        owe_search(writing, item)


def _fill(writing: Writing, item: Item, content: ItemContent, prints: Prints) -> None:
    """Add what was not known of the same bytes: an upload registered by its SHA-256 alone, fetched later."""
    new_pdq = content.pdq is None and prints.pdq is not None
    if not write_frames(content, prints) and not new_pdq:
        return
    if new_pdq:
        content.pdq, content.pdq_quality = prints.pdq, prints.pdq_quality
        content.pdq_turns = prints.pdq_turns
    content.md5 = content.md5 or prints.md5
    content.media_type = content.media_type or prints.media_type[:100]
    content.size = content.size or prints.size
    content.save(update_fields=["pdq", "pdq_quality", "pdq_turns", "md5", "media_type", "size"])
    know_more(writing, item)
    if new_pdq and config().shield is not None:
        ask_about(content, writing.now)
    if item.case is not None:
        owe_search(writing, item)


def _share_what_is_known(writing: Writing, item: Item) -> None:
    """The identical file of a confirmed one is removed at once, before any screening or search (rule 11)."""
    content = item.content
    if content is None:
        return
    standing = standing_decision(content.pk)
    if standing is not None:
        if standing.verdict == Verdict.VIOLATING:  # these very bytes came back into the item
            want(writing, item, Visibility.GONE, why="decision", due_at=writing.now + HIDE_WITHIN)
        return
    confirmed = (
        Decision.objects.filter(
            content__sha256=content.sha256,
            verdict=Verdict.VIOLATING,
            overturned_at__isnull=True,
            of_decision__isnull=True,
        )
        .select_related("case", "content__item")
        .order_by("pk")
        .first()
    )
    if confirmed is None or (
        rests_on_list(confirmed) and (is_withdrawn(confirmed) or refused_by_people(content))
    ):
        decide_by_list(writing, item)
        return
    if item.case is None:
        put_in(writing, item, confirmed.case)
        begin_notice(writing, item, youngest([Age(item.age), Age(confirmed.content.item.age)]))
    writing.case = item.case or confirmed.case
    decide_violating(
        writing,
        item,
        writing.case,
        confirmed.clause,
        "exact_copy",
        confirmed.answers_reports_before,
        of=confirmed,
    )


def hold(writing: Writing, item: Item, why: str, on_lists: Collection[str] = ()) -> None:
    """Hold an upload that screening matched, or whose account is held: hidden until a person looked.

    `on_lists`: the lists that it matched, where that is why.
    """
    if item.wanted in (Visibility.HIDDEN, Visibility.GONE) or item.looked_at is not None:
        return
    take_up(writing, item, why, on_lists)
    want(writing, item, Visibility.HIDDEN, why=why, due_at=writing.now + HIDE_WITHIN)
    tell_holder_of_hold(writing, item)
    listed = {"lists": sorted(on_lists)} if on_lists else {}
    writing.record("screened_hold", {"item": item.pk, "why": why, **listed})
    owe_look(writing, item, writing.now + protecting.LOOK_SOON)
    owe_search(writing, item)


def take_up(writing: Writing, item: Item, why: str, on_lists: Collection[str] = ()) -> None:
    """Group an item that no report names, and note that something is said of it now."""
    if item.case is None:
        pack = store.active()
        harm = _harm_of_account(item.account) if why == "account" else _harm_of_lists(pack, on_lists)
        if harm not in pack.harms:
            harm = _presumed_harm(pack, known=why != "unreadable")
        put_in(writing, item, open_case(writing, harm, pack))
    writing.case = item.case
    if item.first_notice_at is None:
        item.first_notice_at = writing.now
        item.views_at_first_notice = item.views
        item.save(update_fields=["first_notice_at", "views_at_first_notice"])


def _presumed_harm(pack: Pack, *, known: bool) -> str:
    """The harm of a case that no report names: the least severe for a file that can't be read, else the most.

    It says who is qualified to look. People see at once what it is, and judge it under any harm's clause.
    """
    choose = max if known else min
    return choose(pack.harms, key=lambda name: pack.harms[name].severity.rank)


def _harm_of_lists(pack: Pack, on_lists: Collection[str]) -> str:
    """The most severe harm under which what these lists find is looked at; a list that the pack gives none counts as
    the most severe there is. Empty where there is no list.
    """
    harms = {pack.harm_of_list(name) or _presumed_harm(pack, known=True) for name in on_lists}
    return max(sorted(harms), key=lambda name: pack.harms[name].severity.rank, default="")


def _harm_of_account(account: Account | None) -> str:
    """The harm under which the account's newest item was judged; empty where none was."""
    if account is None:
        return ""
    decision = (
        Decision.objects.filter(content__item__account=account, overturned_at__isnull=True)
        .select_related("case")
        .order_by("-pk")
        .first()
    )
    return harm_decided(decision.case, decision.clause) if decision else ""


def _owe_fetch(writing: Writing, item: Item) -> None:
    writing.owe(
        [
            Owed(
                kind="fetch_item",
                subject=f"item:{item.pk}",
                by=By.WORKER,
                due_at=writing.now + timedelta(minutes=5),
                platform=item.platform,
            )
        ]
    )


def owe_look(writing: Writing, item: Item, due_at: datetime) -> None:
    """Owe a look by people."""
    writing.owe([Owed(kind="look", subject=f"item:{item.pk}", by=By.PEOPLE, due_at=due_at)])


def owe_search(writing: Writing, item: Item) -> None:
    """Owe a search for copies."""
    writing.owe(
        [
            Owed(
                kind="find_copies",
                subject=f"item:{item.pk}",
                by=By.WORKER,
                due_at=writing.now + timedelta(minutes=5),
            )
        ]
    )
