"""What is kept as evidence, how it stands, and what keeps it."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q, QuerySet

from answerable.cases.inputs import NotFound, Refused
from answerable.cases.kinds import BY_JUDGING
from answerable.cases.models import (
    Appeal,
    Capture,
    Case,
    Decision,
    EvidenceHold,
    EvidenceObject,
    EvidenceRecipient,
    FilingFile,
    Finding,
    HiddenMedia,
    ItemContent,
    Notice,
)
from answerable.cases.queries.joined import joined_into, with_joined
from answerable.cases.rules.keeping import CAPTURE_FIRST, Hidden, Keeping, Kept, why_ended
from answerable.cases.rules.reasons import RESTRICTING
from answerable.obligations.models import Obligation
from answerable.policy import store
from answerable.policy.words import Age, By, Verdict, Visibility

KEEPING_KINDS = ("preserve", "report_authority", "destroy_preserved")


def objects(sha256: str | Iterable[str]) -> QuerySet[EvidenceObject]:
    """The objects that stand for these bytes, in any store."""
    wanted = [sha256] if isinstance(sha256, str) else list(sha256)
    return EvidenceObject.objects.filter(sha256__in=wanted, destroying_at__isnull=True)


def in_store(sha256: str, name: str) -> EvidenceObject | None:
    """The object that stands for these bytes in that store."""
    return objects(sha256).filter(store=name).first()


def media_are_owed(case: Case) -> bool:
    """Whether a law under which the desk works has media of this case preserved (rule 22)."""
    owed = Obligation.objects.filter(case_id=case.pk, kind="preserve").exclude(state="released")
    return any("media" in str(one.params.get("what", "")) for one in owed)


def capture_is_owed(item_id: int) -> bool:
    """Whether an item is still to be captured. Until then nothing that can't be undone is done to it."""
    return Obligation.objects.filter(kind="capture", subject=f"item:{item_id}", state="owed").exists()


def capture_comes_first(item_id: int, now: datetime) -> bool:
    """Whether an item waits to be captured before it is removed; not for ever."""
    owed = Obligation.objects.filter(kind="capture", subject=f"item:{item_id}", state="owed")
    return owed.filter(owed_at__gt=now - CAPTURE_FIRST).exists()


def people_preserve(destroying: Obligation) -> bool:
    """Whether people preserved by hand what is to be destroyed now: then they destroy it."""
    kept = Obligation.objects.filter(kind="preserve", case_id=destroying.case_id, regime=destroying.regime)
    return kept.filter(by=By.PEOPLE, state__in=["kept", "kept_late"]).exists()


def captured(content: ItemContent, *, media: bool) -> bool:
    """Whether what is owed of a content was captured: with its media, or with the reason why they are not there."""
    captures = Capture.objects.filter(content=content)
    return captures.exclude(media_sha256="", missing="").exists() if media else captures.exists()


def waiting(item_id: int) -> list[Decision]:
    """The decisions on an item whose content is not captured, or not with the media that are owed."""
    standing = Decision.objects.filter(
        content__item_id=item_id, verdict=Verdict.VIOLATING, overturned_at__isnull=True
    ).select_related("content__item__account", "case")
    return [one for one in standing if not captured(one.content, media=media_are_owed(one.case))]


def to_preserve(case: Case, *, media: bool) -> list[Decision]:
    """The decisions in a case of whose content not all is captured that a `preserve` asks for."""
    standing = Decision.objects.filter(case=case, verdict=Verdict.VIOLATING, overturned_at__isnull=True)
    found = standing.select_related("content__item__account", "case").order_by("pk")
    return [one for one in found if not captured(one.content, media=media)]


def kept_of(capture: Capture, now: datetime, *, but: int | None = None) -> Kept:
    """How a capture stands; `but`: the obligation whose time has come, which keeps nothing any more."""
    content, case = capture.content, capture.case
    cases = {case.pk, joined_into(case).pk}
    decided = Decision.objects.filter(
        content=content, verdict=Verdict.VIOLATING, overturned_at__isnull=True
    ).exists()
    owed = Obligation.objects.filter(case_id__in=cases, kind__in=KEEPING_KINDS, state="owed").exclude(
        pk=but or 0
    )
    contested = Appeal.objects.filter(item_id=content.item_id, outcome="").exists() or (
        Obligation.objects.filter(
            kind__in=("decide_appeal", "decide_complaint"), subject=f"item:{content.item_id}", state="owed"
        ).exists()
    )
    return Kept(
        stands=decided,
        filed=was_filed(content),
        contested=contested,
        held=holds(cases, now).exists(),
        window_ends_at=_informed_at(capture) + store.pack(case.pack_digest).contest_for,
        in_vault=not capture.media_sha256 or in_store(capture.media_sha256, "vault") is not None,
        keepings=[Keeping(media=_keeps_media(one)) for one in owed],
    )


def _informed_at(capture: Capture) -> datetime:
    """From when the time to contest counts: when the holder was informed (DSA, Art. 20(1)), or is to be by then."""
    notices = Notice.objects.filter(item_id=capture.content.item_id, kind__in=RESTRICTING)
    told = [at for at in notices.values_list("told_at", flat=True) if at is not None]
    untold = [f"notice:{pk}" for pk in notices.filter(told_at__isnull=True).values_list("pk", flat=True)]
    owed = Obligation.objects.filter(kind="tell_holder", subject__in=untold, state="owed")
    return max([capture.at, *told, *owed.values_list("due_at", flat=True)])


def holds(cases: Iterable[int], now: datetime) -> QuerySet[EvidenceHold]:
    """The holds that stand on these cases."""
    stands = Q(until__isnull=True) | Q(until__gt=now)
    return EvidenceHold.objects.filter(stands, case__in=list(cases), released_at__isnull=True)


def captures_of(obligation: Obligation) -> QuerySet[Capture]:
    """The captures of which something may be destroyed by it."""
    _, _, rest = obligation.subject.partition(":")
    rows = Capture.objects.filter(destroyed_at__isnull=True)
    if obligation.kind == "destroy_preserved":
        return rows.filter(case__in=with_joined(int(rest.partition("/")[0])))
    return rows.filter(content_id=int(rest))


def resting_on(sha256: str) -> QuerySet[Capture]:
    """The captures that need these bytes, and are not destroyed."""
    media = Q(media_sha256=sha256, media_destroyed_at__isnull=True)
    named = media | Q(facts_sha256=sha256) | Q(manifest_sha256=sha256)
    return Capture.objects.filter(named, destroyed_at__isnull=True)


def may_open(case_id: int, *, person_id: int) -> bool:
    """Whether another custodian agreed that this one gets a case's evidence now."""
    waiting = Obligation.objects.filter(kind="open_evidence", subject=f"case:{case_id}", state="owed").first()
    return waiting is not None and waiting.params["asked_by"] == person_id


def asked(case_id: int) -> Obligation | None:
    """What one custodian asks another one to agree to now."""
    return Obligation.objects.filter(kind="agree_evidence", subject=f"case:{case_id}", state="owed").first()


def asked_for(waiting: Obligation) -> str:
    """The name of the authority's key that evidence is asked or agreed for; empty: for the one who asked."""
    row = EvidenceRecipient.objects.filter(pk=waiting.params.get("recipient")).first()
    return row.name if row is not None else ""


def verified_recipient(name: str) -> EvidenceRecipient:
    """The authority of that name, whose key two people verified. Raises NotFound, Refused."""
    row = EvidenceRecipient.objects.filter(name=name, ended_at__isnull=True).first()
    if row is None:
        raise NotFound(f"There is no recipient named {name!r}.")
    if row.verified_at is None:
        raise Refused(
            "Nobody verified this key yet: a second person asks the authority by a contact found elsewhere."
        )
    return row


def verified_recipients() -> list[str]:
    """The names of all keys that two people verified and that stand."""
    rows = EvidenceRecipient.objects.filter(ended_at__isnull=True, verified_at__isnull=False)
    return list(rows.order_by("name").values_list("name", flat=True))


def entries_in_use(before: datetime) -> set[int]:
    """The entries of the log, older than that, which prove what is still kept: not forgotten before it is destroyed."""
    kept = Capture.objects.filter(destroyed_at__isnull=True, at__lt=before)
    return set(kept.values_list("entry_id", flat=True))


def of_case(case_id: int) -> QuerySet[Capture]:
    """All captures of a case and of those that were joined into it, oldest first."""
    return (
        Capture.objects.filter(case__in=with_joined(case_id))
        .select_related("content__item", "case")
        .order_by("pk")
    )


def was_filed(content: ItemContent) -> bool:
    """Whether an authority was told of it before people took that back."""
    reports = FilingFile.objects.filter(filing__environment="production", filing__purpose="report")
    if reports.filter(content=content, filing__state="finished").exists():
        return True  # though others, of the same duty, may be on their way
    for finding in Finding.objects.filter(content=content):
        told = Obligation.objects.filter(
            case_id=finding.case_id,
            kind="report_authority",
            state__in=["kept", "kept_late"],
            closed_at__gte=finding.at,
        )
        if finding.withdrawn_at is not None:
            told = told.filter(closed_at__lte=finding.withdrawn_at)
        if told.exists():
            return True
    return False


def hidden_media(sha256: str) -> QuerySet[HiddenMedia]:
    """What was captured when it was hidden and rests on these bytes."""
    return HiddenMedia.objects.filter(sha256=sha256, ended_at__isnull=True).select_related(
        "content__item__case"
    )


def hidden_of_case(case_id: int) -> QuerySet[HiddenMedia]:
    """What was captured of a case when it was hidden, and is kept as such still, oldest first."""
    rows = HiddenMedia.objects.filter(content__item__case__in=with_joined(case_id), ended_at__isnull=True)
    return rows.select_related("content").order_by("pk")


def why_hidden_ended(row: HiddenMedia, now: datetime) -> str:
    """Why what was captured at hiding is not kept as such any more; empty while it is."""
    content, item = row.content, row.content.item
    decision = Decision.objects.filter(content=content, overturned_at__isnull=True).first()
    judging = Obligation.objects.filter(kind__in=BY_JUDGING, subject=f"item:{item.pk}", state="owed")
    cases = {item.case.pk, joined_into(item.case).pk} if item.case is not None else set[int]()
    undecided = item.interim_since is not None or item.wanted == Visibility.GONE
    return why_ended(
        Hidden(
            verdict=Verdict(decision.verdict) if decision is not None else None,
            captured=decision is not None
            and not capture_is_owed(item.pk)
            and captured(content, media=media_are_owed(decision.case)),
            age=Age(item.age),
            lifted=item.nobody_in_it_at is not None,
            current=item.content_id == content.pk,
            open=undecided or judging.exists(),
            held=holds(cases, now).exists(),
        )
    )


def hidden_is_needed(sha256: str, now: datetime) -> bool:
    """Whether anything hidden and undecided rests on these bytes."""
    return any(not why_hidden_ended(row, now) for row in hidden_media(sha256))


def _keeps_media(owed: Obligation) -> bool:
    """Of a filing that is owed still, and of what says nothing else, media are kept."""
    return "media" in str(owed.params.get("what", "media"))
