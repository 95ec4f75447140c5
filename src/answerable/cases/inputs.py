"""What the doors hand to commands, and what commands answer: plain values."""

from dataclasses import dataclass
from datetime import datetime

from answerable.cases.overlaps import Overlap
from answerable.media import Fingerprints
from answerable.media.frames import Frame
from answerable.policy.words import Age, CopyKind, Danger, Interim, Relation, Verdict, Visibility

STATEMENT_LIMIT = 20_000
"""Characters of a statement or message. The doors check it first and say so; commands refuse more."""
LINKS_LIMIT = 50


class Refused(Exception):
    """That can't be done. The message says why, and what to do instead."""


class NotFound(Refused):
    """There is nothing of that kind under that number."""


class AlreadyDone(Refused):
    """Somebody else did that a moment ago. Nothing of yours is lost: look at the new state and go on."""


@dataclass(frozen=True, slots=True)
class Link:
    """One link as typed, and what the adapters' patterns made of it, without any I/O."""

    typed: str
    platform: str = ""
    ref: str = ""
    kind: str = "image"
    """What stands there, as far as the address tells: image, video, text, profile, account, room, page."""
    address: str = ""
    """Where it stands, without what the link says besides; empty: as typed."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A hash that a reporter made on their own device."""

    kind: str
    value: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportIn:
    """Everything that one reporter says at one moment."""

    harm: str
    relation: Relation
    age: Age
    danger: Danger = Danger.NONE
    links: tuple[Link, ...] = ()
    statement: str = ""
    contact: str = ""
    signature: str = ""
    good_faith: bool = False
    claims: tuple[Claimed, ...] = ()
    language: str = "en"
    channel: str = "intake"
    token: str = ""
    """Who sent it, as proved by a key; empty: anonymous."""
    verified: bool = False
    """The token proves the relation."""
    earlier_report_id: int | None = None
    """The report whose access code came with this one."""
    new_fact: str = ""
    """Kind of the new fact that came with the earlier code: age, police, identity, place."""
    idempotency: tuple[str, str, str] | None = None
    """(scope, key, body digest): the same request again gets the same answer."""
    code: str = ""
    """The access code, where the door derives it (a double click must show the same one); empty: a new one."""


@dataclass(frozen=True, slots=True)
class FiledItem:
    """What a report led to for one of its links."""

    link: str
    state: str
    interim: Interim | None
    item_id: int | None
    look_within_seconds: int


@dataclass(frozen=True, slots=True)
class Filed:
    """An accepted report: it is on disk, with all that it is owed."""

    report_id: int
    code: str
    """Empty when the same request was answered before: a code is shown once."""
    entry_id: int
    items: tuple[FiledItem, ...]
    owed_kinds: tuple[str, ...]
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Prints:
    """The fingerprints of an item's bytes."""

    sha256: str
    md5: str = ""
    pdq: bytes | None = None
    pdq_quality: int | None = None
    media_type: str = ""
    size: int | None = None
    frames: tuple[Frame, ...] = ()
    """Of a video or an animation."""
    duration_seconds: float | None = None
    pdq_turns: bytes | None = None
    """The PDQ of the seven other rotations and flips, 32 bytes each; None where only hashes came."""

    @classmethod
    def of(cls, found: Fingerprints) -> "Prints":
        """What there is to keep of a file's fingerprints."""
        return cls(
            sha256=found.sha256,
            md5=found.md5,
            pdq=found.pdq,
            pdq_quality=found.pdq_quality,
            pdq_turns=b"".join(found.pdq_dihedral[1:]) or None,
            media_type=found.media_type,
            size=found.size,
            frames=found.frames,
            duration_seconds=found.duration_seconds,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemIn:
    """One upload as a platform registers it, or as a fetch found it."""

    platform: str
    ref: str
    url: str = ""
    kind: str = "image"
    account_ref: str = ""
    posted_at: datetime | None = None
    views: int = 0
    prints: Prints | None = None
    held: str = ""
    """Why it is held: list, account, unreadable, as screening says; platform, as it says itself; or empty."""
    on_lists: tuple[str, ...] = ()
    """The lists that it matched: the policy pack says under which harm people look."""
    fetch: bool = False
    """Its bytes stand at an address: the worker fetches them."""
    media_url: str = ""
    """That address, where strangers may use it: looks go there even when the platform no longer says it."""
    edited: bool = False
    """It was there before and changed: the bytes at that address may be new."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A registered upload, and what is wanted for it."""

    item_id: int
    wanted: Visibility
    new: bool


@dataclass(frozen=True, slots=True)
class ScreenedIn:
    """An upload that was held or blocked when it was screened, and why."""

    verdict: str
    why: str
    match_id: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """One fingerprint that comes onto a list ("add") or off it ("remove"), and what that follows from."""

    op: str
    kind: str
    value: bytes
    cause: str


@dataclass(frozen=True, slots=True)
class MatchIn:
    """One copy as the index found it: measured against the content that was searched for."""

    content_id: int
    kind: CopyKind
    distance: int = 0
    overlap: Overlap | None = None
    """Where one of the two is a video: what they have in common. `mine` is the content that was searched for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewIn:
    """One person's judgement of one or several contents that they looked at."""

    content_ids: tuple[int, ...]
    person_id: int
    verdict: Verdict
    age: Age
    clause: str
    reason: str
    began_at: datetime
    exception: str = ""
    missing_element: str = ""
    nobody_in_it: bool = False
    classification: str = ""
    """One of CLASSIFICATIONS, where the provider signed the agreement on that scale; it goes to NCMEC alone."""
    tie: bool = False


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What became of one judged content."""

    content_id: int
    verdict: Verdict | None
    """The decision that now stands; None while it takes another person."""
    confirmed_by_two: bool
    lifted: bool


@dataclass(frozen=True, slots=True)
class WouldBeOwed:
    """A kind that would be owed, until when, and under which laws where it is owed to each by itself."""

    kind: str
    due_at: datetime
    regimes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Consequences:
    """What confirming a judgement would do, shown before it is confirmed. Says nothing of others' judgements."""

    removes_items: int
    identical_items: int
    restores_items: int
    near_copies_to_look_at: int
    reporters_told: int
    owed: tuple[WouldBeOwed, ...] = ()
    """What would be owed, what is due first on top."""
