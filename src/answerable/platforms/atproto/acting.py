"""Taking down and putting back: blob and record, on the data server and on the AppView, and what Ozone is told.

Each place keeps its own takedown, and none of them tells the others (Ozone pushes blobs, not records). All of it is
undone by the same calls, because the servers keep what they show to nobody.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import structlog

from answerable.cases.models import Item
from answerable.platforms import base
from answerable.platforms.atproto import ipld, refs, wire
from answerable.platforms.atproto.refs import PROFILE, Ref
from answerable.platforms.atproto.sealed import Sealed
from answerable.platforms.atproto.wire import DEFS
from answerable.platforms.atproto.xrpc import SaidNo, Xrpc
from answerable.policy.words import Visibility

MARK: Final = "answerable"
"""What the desk writes beside its takedowns, so that it lifts no one else's."""
GONE_BESIDE_OTHERS: Final = "answerable: removed, others of its record stay"
TOOL: Final = {"name": "answerable"}
MOST_BYTES_OF_A_BLOB: Final = 64 * 1024 * 1024

log = structlog.get_logger(__name__)


class Acting:
    """What is done to one item, and what an administrator sees of it."""

    def __init__(self, name: str, xrpc: Xrpc, sealed: Sealed, caches: Callable[[Ref], list[str]]) -> None:
        """`caches`: the addresses at which a picture is served besides the data server's own."""
        self._name = name
        self._caches = caches
        self._xrpc = xrpc
        self._sealed = sealed

    @property
    def _places(self) -> list[str]:
        """Where takedowns are kept: what strangers mostly use comes first."""
        appview = self._xrpc.options.appview
        return [*([appview] if appview else []), self._xrpc.pds]

    def hide(self, ref: Ref, wanted: Visibility) -> bool:
        """Hide or remove an item; whether its bytes are kept here. Raises SaidNo, PlatformError.

        What strangers get comes first, caches included; then the record, and what Ozone is told.
        """
        kept = bool(ref.cid) and self._keep(ref)
        if ref.cid:
            self._take_down(_blob(ref), MARK)
            if self._xrpc.options.purge:
                self._xrpc.forget(self._caches(ref))
        cid, record = self.record(ref)
        if not ref.cid and not cid:
            raise base.ItemNotFound("its author deleted it")
        alone = _alone(ref, record)
        if wanted is Visibility.GONE or not ref.cid:
            if alone:
                self._take_down(_record(ref, cid), MARK)
            else:
                self._mark(ref, GONE_BESIDE_OTHERS)
        elif alone and self.status(self._xrpc.pds, _record(ref, cid)).applied:
            self._lift(_record(ref, cid), ref)  # it was removed before, and is only to be hidden now
        if self._xrpc.options.ozone and cid:
            self._tell_ozone(ref, cid, wanted, alone=alone)
        return kept

    def show(self, ref: Ref) -> None:
        """Undo all of it. Raises CannotDo where it isn't ours to undo, ItemNotFound, SaidNo, PlatformError."""
        cid, record = self.record(ref)
        pushed = ""
        if self._xrpc.options.ozone and cid:
            pushed = self._reverse_in_ozone(ref, cid, alone=_alone(ref, record))
        if cid:
            self._lift(_record(ref, cid), ref)
        if ref.cid:
            self._show_blob(ref, pushed)
        if not cid:
            raise base.ItemNotFound("its author deleted it")

    def _show_blob(self, ref: Ref, pushed: str) -> None:
        """Put a blob back, unless its account's other items with it are still to be hidden."""
        same = Item.objects.filter(
            platform=self._name,
            account__ref=ref.did,
            ref__endswith=f"!{ref.cid}",
            wanted__in=(Visibility.HIDDEN, Visibility.GONE),
        ).exclude(ref=str(ref))
        if same.exists():
            raise base.CannotDo("the same file of this account stays hidden in another of its records")
        self._lift(_blob(ref), ref, pushed)
        self._sealed.destroy(ref.did, ref.cid)

    def record(self, ref: Ref) -> tuple[str, Mapping[str, Any]]:
        """The record as it is, taken down or not, and its name; ("", {}) where its author deleted it."""
        try:
            car = self._xrpc.bytes_of(
                "com.atproto.sync.getRecord", "admin", did=ref.did, collection=ref.collection, rkey=ref.rkey
            )
        except SaidNo as error:
            if error.not_there:
                return "", {}
            raise
        for raw, block in ipld.blocks_of(car).items():
            if isinstance(block, dict) and block.get("$type") == ref.collection:
                return refs.cid_text(raw), block
        return "", {}

    def status(self, place: str, subject: Mapping[str, str]) -> wire.Takedown:
        """What a place's administrator is told of a blob, record or account."""
        blob = {"did": subject.get("did", ""), "blob": subject.get("cid", "")}
        query = {"uri": subject["uri"]} if "uri" in subject else blob
        nsid = "com.atproto.admin.getSubjectStatus"
        try:
            return self._xrpc.get(wire.SubjectStatus, nsid, "admin", place, **query).takedown
        except SaidNo as error:
            if error.not_there:
                return wire.Takedown()
            raise

    def account_info(self, did: str) -> wire.AccountInfo:
        """What the data server knows of an account. Raises SaidNo, PlatformError."""
        return self._xrpc.get(wire.AccountInfo, "com.atproto.admin.getAccountInfo", who="admin", did=did)

    def set_account(self, did: str, *, suspended: bool) -> None:
        """Take a whole account down, or put it back. Raises CannotDo, SaidNo, PlatformError."""
        subject = {"$type": "com.atproto.admin.defs#repoRef", "did": did}
        if suspended:
            self._take_down(subject, MARK)
        else:
            self._lift(subject, Ref(did))

    def blob(self, ref: Ref) -> bytes:
        """The bytes that the server has under a blob's name. Raises ItemNotFound, AnswerMalformed, PlatformError."""
        try:
            data = self._xrpc.bytes_of(
                "com.atproto.sync.getBlob", "admin", most=MOST_BYTES_OF_A_BLOB, did=ref.did, cid=ref.cid
            )
        except SaidNo as error:
            if error.not_there:
                raise base.ItemNotFound("the server has no such blob") from error
            raise
        if not refs.is_blob(data, ref.cid):
            raise base.AnswerMalformed("these bytes are not the blob of that name")
        return data

    def _keep(self, ref: Ref) -> bool:
        """Keep the bytes before nobody gets them any more. What can't be kept is hidden all the same."""
        if self._sealed.has(ref.did, ref.cid):
            return True
        try:
            self._sealed.keep(ref.did, ref.cid, self.blob(ref))
        except (base.PlatformError, SaidNo, OSError) as error:
            log.warning("what is hidden could not be kept", platform=self._name, why=type(error).__name__)
            return False
        return True

    def _take_down(self, subject: Mapping[str, str], mark: str) -> None:
        for place in self._places:
            if not self.status(place, subject).applied:  # the AppView fails where it is taken down already
                self._update(place, subject, {"applied": True, "ref": mark})

    def _mark(self, ref: Ref, mark: str) -> None:
        if self.status(self._xrpc.pds, _blob(ref)).ref == MARK:
            self._update(self._xrpc.pds, _blob(ref), {"applied": True, "ref": mark})

    def _lift(self, subject: Mapping[str, str], ref: Ref, pushed: str = "") -> None:
        """Lift a takedown that is ours: by its mark, or `pushed`, the one that Ozone wrote for an event of ours."""
        own = self.status(self._xrpc.pds, subject)
        if own.applied and own.ref != pushed and not (own.ref or "").startswith(MARK):
            raise base.CannotDo("the platform's own moderators took it down", by_hand=self.page_of(ref))
        for (
            place
        ) in self._places:  # the data server last: as long as it is applied there, this is asked again
            if (own if place == self._xrpc.pds else self.status(place, subject)).applied:
                self._update(place, subject, {"applied": False})

    def _update(self, place: str, subject: Mapping[str, str], takedown: Mapping[str, object]) -> None:
        body = {"subject": subject, "takedown": takedown}
        self._xrpc.post(wire.Nothing, "com.atproto.admin.updateSubjectStatus", body, "admin", place)

    def _tell_ozone(self, ref: Ref, cid: str, wanted: Visibility, *, alone: bool) -> None:
        """Write it into Ozone's history; where the post is that one picture or text, its label goes out, too."""
        if wanted is Visibility.HIDDEN:
            if alone:
                self._label(ref, cid, "createLabelVals")
            return
        if not alone:
            comment = f"One of this record's files was removed: {ref.cid}"
            self._emit({"$type": DEFS + "modEventComment", "comment": comment}, ref, cid)
            return
        try:
            self._emit(
                {"$type": DEFS + "modEventTakedown", "comment": "Decided at the report desk."}, ref, cid
            )
        except SaidNo as error:
            if "already taken down" not in error.message:
                raise

    def _reverse_in_ozone(self, ref: Ref, cid: str, *, alone: bool) -> str:
        """Reverse the desk's own event, if the last was; the mark that Ozone pushed for it, or ""."""
        event = self._last_takedown(ref)
        pushed = ""
        if event is not None and event.modTool is not None and event.modTool.name == TOOL["name"]:
            pushed = f"BSKY-TAKEDOWN-{event.id}"
            try:
                self._emit({"$type": DEFS + "modEventReverseTakedown"}, ref, cid)
            except SaidNo as error:
                if "not taken down" not in error.message:
                    raise
        if alone:
            self._label(ref, cid, "negateLabelVals")
        return pushed

    def _last_takedown(self, ref: Ref) -> wire.Event | None:
        """The newest takedown of a record in Ozone's history."""
        events = self._xrpc.get(
            wire.Events, "tools.ozone.moderation.queryEvents", "moderator",
            types=DEFS + "modEventTakedown", subject=ref.uri, limit=1,
        ).events  # fmt: skip
        return events[0] if events else None

    def _label(self, ref: Ref, cid: str, what: str) -> None:
        """`!hide`, or its negation: other services go by it. An extra, because hidden is what strangers don't get."""
        event = {
            "$type": DEFS + "modEventLabel",
            "createLabelVals": [],
            "negateLabelVals": [],
            what: ["!hide"],
        }
        try:
            self._emit(event, ref, cid)
        except (SaidNo, base.PlatformError) as error:
            log.warning("a label could not be set", platform=self._name, why=str(error)[:200])

    def _emit(self, event: Mapping[str, object], ref: Ref, cid: str) -> None:
        body: dict[str, object] = {
            "event": event,
            "subject": _record(ref, cid)
            if cid
            else {"$type": "com.atproto.admin.defs#repoRef", "did": ref.did},
            "createdBy": self._xrpc.moderator(),
            "modTool": TOOL,
        }
        if ref.cid and "akedown" in str(event["$type"]):
            body["subjectBlobCids"] = [ref.cid]
        self._xrpc.post(wire.Nothing, "tools.ozone.moderation.emitEvent", body, "moderator")

    def tell(self, did: str, text: str, key: str) -> None:
        """Write to the holder of an account by Ozone's mail, once for each key. Raises SaidNo, PlatformError."""
        told = self._xrpc.get(
            wire.Events, "tools.ozone.moderation.queryEvents", "moderator",
            types=DEFS + "modEventEmail", subject=did, comment=key,
        ).events  # fmt: skip
        if any(one.event.comment == key for one in told):
            return
        first, _, _ = text.partition("\n")
        event = {"$type": DEFS + "modEventEmail", "subjectLine": first[:100], "content": text, "comment": key}
        self._emit(event, Ref(did), "")

    def page_of(self, ref: Ref) -> str:
        """Where a moderator does by hand what the desk can't."""
        page = self._xrpc.options.ozone_page.rstrip("/")
        return (
            f"{page}/repositories/{ref.did}" + (f"/{ref.collection}/{ref.rkey}" if ref.rkey else "")
            if page
            else ""
        )


def _alone(ref: Ref, record: Mapping[str, Any]) -> bool:
    """Whether the record is this item and nothing more: then it goes as a whole. A profile never does."""
    if not ref.cid:
        return True
    if ref.collection == PROFILE or not record:
        return False
    blobs = refs.blobs_of(record, ref.collection)
    return len(blobs) <= 1


def _blob(ref: Ref) -> dict[str, str]:
    return {"$type": "com.atproto.admin.defs#repoBlobRef", "did": ref.did, "cid": ref.cid}


def _record(ref: Ref, cid: str) -> dict[str, str]:
    return {"$type": "com.atproto.repo.strongRef", "uri": ref.uri, "cid": cid}


def body_of(record: Mapping[str, Any]) -> str:
    """What is written in a record, for those who judge it."""
    text = record.get("text") or record.get("description") or record.get("message")
    return text if isinstance(text, str) else json.dumps(record, default=str, ensure_ascii=False)[:20_000]
