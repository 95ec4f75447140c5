"""The package for an authority: the least that was named, as one document, encrypted to its verified key (rule 23).

It holds facts and hashes, never who reported, who judged, or a byte of media: media leave by `evidence export`, which
takes two custodians.
"""

import os
import secrets
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from answerable import clock
from answerable.audit.verify import canonical
from answerable.cases import commands
from answerable.cases.models import AuthorityRequest, Decision, Item, Person
from answerable.db import crash, personal
from answerable.evidence.facts import account_facts, content_facts, item_facts
from answerable.evidence.sealing import Sealing

VERSION: Final = 1
FIELDS: Final = {
    "place": "Where it stands: platform, reference, address, kind",
    "times": "When it was posted, first known here and hidden",
    "hashes": "Hashes of its file, type and size",
    "views": "How often it was seen",
    "decision": "What was decided about it: the verdict, the clause and the day",
    "account": "The account: platform and reference",
    "account_facts": "How many of its items are known here, and whose account people said it is",
}
_ITEM: Final[dict[str, tuple[str, ...]]] = {
    "place": ("platform", "ref", "url", "kind"),
    "times": ("posted_at", "registered_at", "first_notice_at", "hidden_at"),
}
_ACCOUNT: Final[dict[str, tuple[str, ...]]] = {
    "account": ("platform", "ref"),
    "account_facts": ("items_known", "judged_as", "judged_at"),
}
_HASHES: Final = ("sha256", "md5", "pdq", "media_type", "size")


def document(request: AuthorityRequest, items: Sequence[Item], fields: Sequence[str], now: datetime) -> bytes:
    """All that leaves: of these items these fields, and nothing else. Raises ValueError for an unknown field."""
    unknown = sorted(set(fields) - set(FIELDS))
    if unknown:
        raise ValueError(f"There is no field {unknown[0]!r}: choose of {', '.join(FIELDS)}.")
    return canonical(
        {
            "answerable_answer": VERSION,
            "request": request.pk,
            "listed_at": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "fields": sorted(set(fields)),
            "items": [_item(item, set(fields)) for item in sorted(items, key=lambda one: one.pk)],
        }
    )


def give(package_id: int, target: Path, *, person: Person) -> int:
    """Encrypt what was agreed to the authority's key into `target`, which must not exist. The size in bytes.

    That it leaves is in the log before the file has its name: a kill in between leaves an entry and no file, never a
    file without its entry. Raises Refused, NotFound, FileExistsError, EvidenceError.
    """
    package = commands.may_give(package_id, person_id=person.pk)
    if target.exists() or package.document is None:
        raise FileExistsError(f"{target} exists already.")
    plain = personal.open_text(package.document).encode()
    for left in target.parent.glob(f".{target.name}.*"):  # of one that was killed
        left.unlink(missing_ok=True)
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    with ExitStack() as cleaning:
        cleaning.callback(draft.unlink, missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            sealing = Sealing([(file, [package.recipient.key])])
            sealing.write(plain)
            _, (sealed,) = sealing.end(package.digest)
            file.flush()
            os.fsync(file.fileno())
        crash.point("package written")
        commands.package_given(
            package_id, person_id=person.pk, sealed_sha256=sealed.sha256, size=sealed.size, now=clock.now()
        )
        crash.point("package logged")
        draft.replace(target)
    return sealed.size


def _item(item: Item, fields: set[str]) -> dict[str, Any]:
    found: dict[str, Any] = {"number": item.pk}
    known = item_facts(item)
    for name, keys in _ITEM.items():
        if name in fields:
            found[name] = {key: known[key] for key in keys}
    if "hashes" in fields and item.content is not None:
        content = content_facts(item.content)
        found["hashes"] = {key: content[key] for key in _HASHES}
    if "views" in fields:
        found["views"] = item.views
    if "decision" in fields:
        found["decision"] = _decision(item)
    account = account_facts(item.account)
    for name, keys in _ACCOUNT.items():
        if name in fields:
            found[name] = {key: account[key] for key in keys} if account is not None else None
    return found


def _decision(item: Item) -> dict[str, str] | None:
    standing = Decision.objects.filter(content=item.content_id, overturned_at__isnull=True)
    made = standing.order_by("-pk").first() if item.content_id is not None else None
    if made is None:
        return None
    return {"verdict": str(made.verdict), "clause": made.clause, "day": made.at.strftime("%Y-%m-%d")}
