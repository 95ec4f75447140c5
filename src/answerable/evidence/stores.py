"""The vault and the working store of this desk: what is put into them, and what is read from the second."""

import hashlib
import secrets
from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from django.conf import settings

from answerable import clock
from answerable.cases import commands
from answerable.cases.evidence_inputs import ObjectIn, ReadFor
from answerable.cases.models import EvidenceObject
from answerable.cases.queries import evidence
from answerable.evidence import keys
from answerable.evidence.errors import NoCustodian, NotStored
from answerable.evidence.sealing import CHUNK_BYTES, Digest, Opened, Sealing
from answerable.evidence.store import FolderStore, Store, name_of

VAULT: Final = "vault"
WORKING: Final = "working"

Write = Callable[[bytes], object]
Stored = tuple[Digest, list[ObjectIn]]
Source = Callable[[Write], object]
"""Writes all the bytes, piece by piece, to the function that it is given."""


def folder() -> Path:
    """Where this desk's evidence lies; with a bucket, where it is encrypted before it goes there."""
    configured = settings.CONFIG.evidence.folder
    return Path(configured) if configured else Path(settings.DATA) / "evidence"


def store(name: str) -> Store:
    """The store of that name: in the configured bucket, else in the folder."""
    evidence_in, here = settings.CONFIG.evidence, FolderStore(folder() / name)
    if not evidence_in.bucket:
        return here
    from answerable.evidence.bucket import BucketStore  # noqa: PLC0415  few desks have one

    entry = next(one for one in settings.CONFIG.buckets if one.name == evidence_in.bucket)
    return BucketStore(entry, Path(settings.DATA), f"{evidence_in.prefix}{name}/", here)


def leaving() -> FolderStore:
    """Where what leaves is encrypted to its recipient: drafts alone, which never get a name."""
    return FolderStore(folder() / "leaving")


def try_out() -> str:
    """Keep an object in the bucket, read it, destroy it, and look that no version of it is left. What was found.

    Raises NotStored, NotRead, ObjectMissing, and NotStored where it is still there; AnotherDesk.
    """
    from answerable.evidence import marking  # noqa: PLC0415  it looks into these stores

    marking.refuse_another()
    tried = store("tried")
    data = secrets.token_bytes(1000)
    digest = hashlib.sha256(data).hexdigest()
    name, draft = name_of(digest, digest), tried.draft()
    try:
        draft.write(data)
        draft.keep(name)
    finally:
        draft.drop()
    with tried.open(name) as file:
        whole = file.read() == data
    tried.destroy(name)
    if not whole or tried.has(name):
        raise NotStored("what was tried is there otherwise than it was written, or was not destroyed")
    said = f"In the bucket {settings.CONFIG.evidence.bucket}: written, read and destroyed."
    if tried.keeps_versions():
        said += " It keeps versions: destroying takes them all away, but copies of the bucket elsewhere stay."
    return said


def custodians() -> tuple[str, ...]:
    """The public keys of those who can read the vault; none: there is no vault."""
    return tuple(one.key for one in settings.CONFIG.evidence.custodians)


def put(source: Source, expected_sha256: str = "", into: Collection[str] = (WORKING, VAULT)) -> Stored:
    """Encrypt bytes into these stores in one pass. What lies there counts once a command has written it down.

    Without custodians there is no vault, and nothing is put into it. Raises OtherBytes where they are not those of the
    expected SHA-256, NotStored, and what `source` raises.
    """
    targets = [target for target in _targets() if target.store in into]
    with ExitStack() as drafts:
        made = []
        for target in targets:
            draft = store(target.store).draft()
            drafts.callback(draft.drop)
            made.append(draft)
        sealing = Sealing([(draft, one.recipients) for draft, one in zip(made, targets, strict=True)])
        try:
            source(sealing.write)
        except BaseException:
            sealing.abandon()
            raise
        plain, sealed = sealing.end(expected_sha256)
        objects = []
        for draft, one, out in zip(made, targets, sealed, strict=True):
            draft.keep(name_of(plain.sha256, out.sha256))
            objects.append(ObjectIn(one.store, plain.sha256, plain.size, out.sha256, out.size, one.key))
    return plain, objects


def put_bytes(data: bytes) -> Stored:
    """As `put`, for a document that is in memory."""
    return put(lambda write: write(data))


def there(sha256: str) -> bool:
    """Whether these bytes lie in every store that this desk has."""
    stores = set(evidence.objects(sha256).values_list("store", flat=True))
    return stores >= ({WORKING, VAULT} if custodians() else {WORKING})


def copy_to_vault(stored: EvidenceObject) -> ObjectIn:
    """Bring what only the working store has into the vault. Raises NoCustodian, and as `read`."""
    if not custodians():
        raise NoCustodian
    with read(stored, ReadFor.VAULT) as file:
        _, objects = put(copying(file), stored.sha256, into=(VAULT,))
    return objects[0]


def copying(file: IO[bytes] | Opened) -> Source:
    """All of a file, piece by piece."""

    def source(write: Write) -> None:
        while data := file.read(CHUNK_BYTES):
            write(data)

    return source


def drop(unneeded: list[ObjectIn]) -> None:
    """Take away what another capture had brought already."""
    for one in unneeded:
        store(one.store).destroy(name_of(one.sha256, one.sealed_sha256))


def read(
    stored: EvidenceObject, purpose: ReadFor, *, actor: str = "worker", case_id: int | None = None
) -> Opened:
    """An object of the working store, decrypted as it is read; a context manager. The log knows before.

    Raises ObjectMissing, KeyMissing; while it is read, ObjectDamaged.
    """
    commands.evidence_read(stored, purpose, actor=actor, case_id=case_id, now=clock.now())
    return opened(stored)


def opened(stored: EvidenceObject) -> Opened:
    """As `read`, for what is noted otherwise."""
    secret = keys.identity(stored.key)
    sealed = store(WORKING).open(name_of(stored.sha256, stored.sealed_sha256))

    def damaged() -> None:
        commands.object_checked(stored.pk, "damaged", now=clock.now())

    return Opened(sealed, secret, Digest(stored.sha256, stored.size), damaged)


@dataclass(frozen=True, slots=True)
class _Target:
    """A store, and who can read what is put into it."""

    store: str
    key: str
    recipients: tuple[str, ...]


def _targets() -> list[_Target]:
    now = clock.now()
    targets = [_Target(WORKING, keys.month_of(now), (keys.recipient(now),))]
    if custodians():
        targets.append(_Target(VAULT, _names(), custodians()))
    return targets


def _names() -> str:
    return ", ".join(one.name for one in settings.CONFIG.evidence.custodians)[:300]
