"""Writing a case's evidence into one file: encrypted objects or digests alone, what the log has, and how to verify it.

The server never writes a byte of media in the clear: what leaves is encrypted to the custodians, as it lies in the
vault, or to an authority's key that two people verified (rule 23).
"""

import hashlib
import io
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import IO, Any, Final

from answerable import clock
from answerable.audit.receipts import receipt
from answerable.audit.sequencer import sequence
from answerable.cases import commands
from answerable.cases.commands.custody import BOTH
from answerable.cases.evidence_inputs import ReadFor
from answerable.cases.inputs import NotFound, Refused
from answerable.cases.models import Capture, EvidenceObject, Filing, Person
from answerable.cases.queries import evidence
from answerable.evidence import custody, filed, stores, verify
from answerable.evidence.errors import EvidenceError, ObjectDamaged
from answerable.evidence.sealing import CHUNK_BYTES, Sealing
from answerable.evidence.store import name_of

FILINGS: Final = "filings.json"


class NotPlaced(EvidenceError):
    """The log could not place the export: is its key (`keys/audit.key`) in the data directory?"""


@dataclass(frozen=True, slots=True)
class _Member:
    """One file of the archive that is already digested."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Exported:
    """What was exported."""

    captures: int
    objects: int
    left_out: int


def export(
    case_id: int,
    target: Path,
    *,
    person: Person,
    recipient: str = "",
    request_id: int | None = None,
    opened: bool = False,
) -> Exported:
    """Write a case's evidence into `target`, which must not exist.

    `recipient`: the authority whose verified key the objects are encrypted to, as the answer to its verified request
    (`request_id`): only what that covers. `opened`: for the custodian who asked, with the vault's own objects. Neither:
    with digests alone. The first two take what another custodian agreed to.
    Raises Refused, NotFound, FileExistsError, EvidenceError.
    """
    if bool(recipient) != (request_id is not None):
        raise Refused(BOTH)
    captures = list(evidence.of_case(case_id).filter(destroyed_at__isnull=True))
    if not captures:
        raise NotFound(f"Nothing is kept of case {case_id}.")
    items, covered = None, None
    if request_id is not None:
        items = commands.may_hand_out(case_id, request_id, person_id=person.pk, recipient=recipient)
        captures = [one for one in captures if one.content.item_id in items]
        covered = custody.Covered(items, request_id)
    with_objects = bool(recipient) or opened
    key = evidence.verified_recipient(recipient).key if recipient else ""
    if with_objects and not evidence.may_open(case_id, person_id=person.pk):
        raise Refused("Another custodian has to agree first: `answerable evidence ask`.")
    if target.exists():
        raise FileExistsError(f"{target} exists already.")
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    with ExitStack() as cleaning:
        cleaning.callback(draft.unlink, missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            archive = _Archive(file)
            given: dict[str, _Member] = {}
            listed = [_capture(archive, one, key, with_objects, given) for one in captures]
            keys = ([key] if key else stores.custodians()) if with_objects else []
            filings = filed.filings(case_id, items)
            sent = [_filing(archive, one, keys, given) for one in filings]
            members = [*given.values()]
            while sequence():
                pass
            members += _documents(archive, listed, sent, custody.entries(case_id, captures, filings, covered))
            manifest = verify.canonical(
                {
                    "answerable_export": verify.VERSION,
                    "case": case_id,
                    "files": [{"name": m.name, "sha256": m.sha256, "size": m.size} for m in members],
                }
            )
            archive.add(verify.MANIFEST, manifest)
            objects = sum(m.name.startswith("objects/") for m in members)
            digest = hashlib.sha256(manifest).hexdigest()
            numbers = [one.pk for one in filings]
            if request_id is not None:
                entry_id = commands.evidence_handed_out(
                    case_id,
                    request_id,
                    person_id=person.pk,
                    recipient=recipient,
                    item_ids=[one.content.item_id for one in captures],
                    manifest_sha256=digest,
                    objects=objects,
                    filings=numbers,
                    now=clock.now(),
                )
            else:
                entry_id = commands.evidence_given(
                    case_id,
                    person_id=person.pk,
                    manifest_sha256=digest,
                    objects=objects,
                    filings=numbers,
                    now=clock.now(),
                )
            archive.add(verify.PROOF, verify.canonical(_placed(entry_id)))
            archive.end()
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    left_out = sum(one["file"] is None for said in listed for one in said["objects"])
    return Exported(len(captures), objects, left_out)


class _Archive:
    """A tar file whose every byte follows from names and contents."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._written = file, 0

    def add(self, name: str, data: bytes) -> _Member:
        """A document that is in memory."""
        self._write(verify.header(name, len(data)))
        self._write(data)
        self._write(bytes(-len(data) % verify.BLOCK))
        return _Member(name, len(data), hashlib.sha256(data).hexdigest())

    def copy(self, name: str, size: int, source: IO[bytes]) -> _Member:
        """A file of that size, piece by piece. Raises ObjectDamaged where it is shorter or longer."""
        digest, left = hashlib.sha256(), size
        self._write(verify.header(name, size))
        while piece := source.read(CHUNK_BYTES):
            left -= len(piece)
            digest.update(piece)
            self._write(piece)
        if left:
            raise ObjectDamaged(name)
        self._write(bytes(-size % verify.BLOCK))
        return _Member(name, size, digest.hexdigest())

    def end(self) -> None:
        """The two empty blocks, and what fills the last record."""
        self._write(bytes(2 * verify.BLOCK))
        self._write(bytes(-self._written % verify.RECORD))

    def _write(self, data: bytes) -> None:
        self._file.write(data)
        self._written += len(data)


def _capture(
    archive: _Archive, capture: Capture, key: str, with_objects: bool, given: dict[str, _Member]
) -> dict[str, Any]:
    """What the file says of one capture; its objects come into the file where they are given, each once."""
    listed: list[dict[str, Any]] = []
    parts = {
        "media": capture.media_sha256,
        "facts": capture.facts_sha256,
        "manifest": capture.manifest_sha256,
    }
    for part, sha256 in parts.items():
        if not sha256:
            continue
        said: dict[str, Any] = {
            "part": part,
            "sha256": sha256,
            "file": None,
            "sealed_sha256": None,
            "to": None,
        }
        stored = _stored(sha256, key)
        if with_objects and stored is not None:
            name = f"objects/{sha256}.age"
            if name not in given:
                given[name] = _object(archive, name, stored, key, capture)
            to_them = bool(key) and stored.store == stores.WORKING
            said |= {
                "file": name,
                "sealed_sha256": given[name].sha256,
                "to": "the recipient" if to_them else "the custodians",
            }
        listed.append({**said, "size": stored.size if stored is not None else None})
    return {
        "content": capture.content_id,
        "entry": capture.entry_id,
        "at": capture.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "manifest": capture.manifest_sha256,
        "facts": capture.facts_sha256,
        "media": capture.media_sha256 or None,
        "missing": capture.missing,
        "objects": listed,
    }


def _stored(sha256: str, key: str) -> EvidenceObject | None:
    """The object to be given: for an authority the working store's, as long as there is one; else the vault's."""
    order = (stores.WORKING, stores.VAULT) if key else (stores.VAULT,)
    return next((found for name in order if (found := evidence.in_store(sha256, name)) is not None), None)


def _object(archive: _Archive, name: str, stored: EvidenceObject, key: str, capture: Capture) -> _Member:
    if stored.store == stores.VAULT:
        with stores.store(stores.VAULT).open(name_of(stored.sha256, stored.sealed_sha256)) as sealed:
            member = archive.copy(name, stored.sealed_size, sealed)
        if member.sha256 != stored.sealed_sha256:
            raise ObjectDamaged(name)
        return member
    draft = stores.leaving().draft()
    try:
        with stores.read(stored, ReadFor.EXPORT, case_id=capture.case_id) as plain:
            sealing = Sealing([(draft, [key])])
            stores.copying(plain)(sealing.write)
            _, (sealed_digest,) = sealing.end(stored.sha256)
        with draft.reading() as sealed:
            return archive.copy(name, sealed_digest.size, sealed)
    finally:
        draft.drop()


def _filing(
    archive: _Archive, filing: Filing, keys: Sequence[str], given: dict[str, _Member]
) -> dict[str, Any]:
    """What the file says of one filing; with `keys`, its documents come into the file, encrypted to them."""
    listed = []
    for part in filed.parts(filing, with_contents=bool(keys)):
        said: dict[str, Any] = {"part": part.part, "step": part.step, "at": part.at, "sha256": part.sha256}
        name = f"objects/{part.sha256}.age"
        if part.data is not None and name not in given:
            out = io.BytesIO()
            sealing = Sealing([(out, keys)])
            sealing.write(part.data)
            _, (sealed,) = sealing.end(part.sha256)
            given[name] = archive.copy(name, sealed.size, io.BytesIO(out.getvalue()))
        listed.append({**said, "file": name if part.data is not None else None})
    return {**filed.described(filing), "parts": listed}


def _documents(
    archive: _Archive, listed: list[dict[str, Any]], sent: list[dict[str, Any]], entries: list[int]
) -> Iterator[_Member]:
    yield archive.add(verify.CAPTURES, verify.canonical({"captures": listed}))
    if sent:
        yield archive.add(FILINGS, verify.canonical({"filings": sent}))
    yield archive.add(verify.CUSTODY, verify.canonical({"receipts": [_placed(one) for one in entries]}))
    here = resources.files("answerable.evidence")
    yield archive.add("README.txt", (here / "README.txt").read_bytes())
    yield archive.add("verify.py", (here / "verify.py").read_bytes())


def _placed(entry_id: int) -> dict[str, Any]:
    """The proof of an entry that has its place in the log. Raises NotPlaced."""
    found = receipt(entry_id, wait_seconds=0)
    if found["checkpoint"] is None:
        while sequence():
            pass
        found = receipt(entry_id, wait_seconds=5)
    if found["checkpoint"] is None:
        raise NotPlaced(str(entry_id))
    return found
