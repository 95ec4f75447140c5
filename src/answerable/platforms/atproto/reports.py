"""Reports that people make in the platform's own clients, as Ozone gets them."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from answerable.platforms.atproto import refs, wire
from answerable.platforms.atproto.refs import Ref
from answerable.platforms.atproto.wire import DEFS
from answerable.platforms.atproto.xrpc import SaidNo, Xrpc
from answerable.platforms.base import ItemKind, Named, ReportThere

AGAIN: Final = timedelta(seconds=30)
"""So far back it is asked each time: Ozone sets an entry's time before the entry can be read."""
MOST_REMEMBERED: Final = 10_000
PASSED_OVER: Final = ""
HARMS: Final = {
    "ChildSafetyCSAM": "csam",
    "ChildSafetyGroom": "grooming",
    "ChildSafetyPrivacy": "other_illegal",
    "ChildSafetyHarassment": "other_illegal",
    "ChildSafetyOther": "csam",
    "SexualAbuseContent": "csam",
    "SexualNCII": "ncii",
    "SexualDeepfake": "ncii",
    "HarassmentDoxxing": "other_illegal",
    "ViolenceThreats": "other_illegal",
    "ViolenceTrafficking": "other_illegal",
    "ViolenceExtremistContent": "other_illegal",
    **dict.fromkeys(
        ("Appeal", "Spam", "Misleading", "Rude", "MisleadingBot", "MisleadingElections", "MisleadingImpersonation",
         "MisleadingOther", "MisleadingScam", "MisleadingSpam", "HarassmentHateSpeech", "HarassmentOther",
         "HarassmentTargeted", "HarassmentTroll", "RuleBanEvasion", "RuleOther", "RuleProhibitedSales",
         "RuleSiteSecurity", "SelfHarmContent", "SelfHarmED", "SelfHarmOther", "SelfHarmStunts",
         "SelfHarmSubstances", "SexualAnimal", "SexualUnlabeled", "ViolenceAnimal", "ViolenceGlorification",
         "ViolenceGraphicContent", "ViolenceOther"),
        PASSED_OVER,
    ),
}  # fmt: skip
"""What each type of report is taken for. Empty: it stays with the platform's moderators. A type that isn't here (the
old `Sexual`, `Violation`, `Other`, and whatever comes) may be anything: it is taken for `report_harm`."""


class Reports:
    """Reports in Ozone, told once each by this process; the desk knows by their number whatever is told again."""

    def __init__(self, xrpc: Xrpc, record: Callable[[Ref], Mapping[str, Any]]) -> None:
        """`record`: what stands in a record, taken down or not."""
        self._xrpc = xrpc
        self._record = record
        own = {
            key.rpartition("#")[2].removeprefix("reason"): harm for key, harm in xrpc.options.harms.items()
        }
        self._harms = HARMS | own
        self._told: dict[int, None] = {}

    def since(self, at: datetime) -> Iterator[tuple[datetime, ReportThere | None]]:
        """Reports from a time on, oldest first, with their times; None for one that isn't this desk's business.

        Raises SaidNo, PlatformError.
        """
        cursor = ""
        while True:
            page = self._xrpc.get(
                wire.Events, "tools.ozone.moderation.queryEvents", "moderator",
                types=DEFS + "modEventReport", createdAfter=(at - AGAIN).isoformat(), sortDirection="asc",
                limit=100, cursor=cursor,
            )  # fmt: skip
            for event in page.events:
                if event.id not in self._told:
                    yield event.createdAt, self._read(event)
                    self._told[event.id] = None
                    while len(self._told) > MOST_REMEMBERED:
                        del self._told[next(iter(self._told))]
            if not page.events or not page.cursor or page.cursor == cursor:
                return
            cursor = page.cursor

    def on(self, ref: Ref) -> tuple[ReportThere, ...]:
        """The newest report of a record, and whether Ozone is done with it. Raises SaidNo, PlatformError.

        Ozone keeps one state for all reports of a record: where one of them isn't this desk's business, none is told,
        and its moderators close them.
        """
        events = self._xrpc.get(
            wire.Events, "tools.ozone.moderation.queryEvents", "moderator",
            types=DEFS + "modEventReport", subject=ref.uri, limit=100,
        ).events  # fmt: skip
        if not events or any(self._harm(event) == PASSED_OVER for event in events):
            return ()
        states = self._xrpc.get(
            wire.Statuses, "tools.ozone.moderation.queryStatuses", "moderator", subject=ref.uri
        ).subjectStatuses
        closed = bool(states) and states[0].reviewState == DEFS + "reviewClosed"
        # Of a record that its author deleted the item remains, and whether that is done with.
        about = self._about(events[0].subject) or (Named(str(ref)),)
        return (ReportThere(f"ozone:{events[0].id}", about, closed=closed),)

    def settle(self, key: str, *, closed: bool) -> None:
        """Close what a report is about in Ozone, or open it again. Raises SaidNo, PlatformError."""
        number = key.removeprefix("ozone:")
        event = self._xrpc.get(wire.EventDetail, "tools.ozone.moderation.getEvent", "moderator", id=number)
        subject = {"$type": "com.atproto.repo.strongRef", "uri": event.subject.uri, "cid": event.subject.cid}
        kind = "modEventAcknowledge" if closed else "modEventEscalate"
        body = {
            "event": {"$type": DEFS + kind},
            "subject": subject,
            "createdBy": self._xrpc.moderator(),
            "modTool": {"name": "answerable"},
        }
        self._xrpc.post(wire.Nothing, "tools.ozone.moderation.emitEvent", body, "moderator")

    def _read(self, event: wire.Event) -> ReportThere | None:
        harm = self._harm(event)
        if harm == PASSED_OVER:
            return None
        return ReportThere(
            key=f"ozone:{event.id}",
            about=self._about(event.subject),
            words=event.event.comment or "",
            harm=harm or "",
            reporter=event.createdBy,
        )

    def _harm(self, event: wire.Event) -> str | None:
        """What its type is taken for; None where it may be anything."""
        return self._harms.get(event.event.reportType.rpartition("#")[2].removeprefix("reason"))

    def _about(self, subject: wire.Subject) -> tuple[Named, ...]:
        """What it is about; nothing where that is gone already: people read the words then."""
        try:
            if subject.messageId:
                name = Ref(subject.did, "chat.bsky.convo.message", f"{subject.convoId}.{subject.messageId}")
                return (Named(str(name), ItemKind.TEXT),)
            if subject.did:
                return (Named(str(Ref(subject.did)), ItemKind.ACCOUNT),)
            ref = Ref.of_uri(subject.uri)
            if ref is None:
                return ()
            record = self._record(ref)
            return refs.named_of(record, ref) if record else ()
        except SaidNo as error:
            if error.not_there:
                return ()
            raise
        except refs.RefTooLong:
            return ()
