"""Making, checking and revoking API keys. A key is shown once."""

import hashlib
import secrets
import threading
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from ninja.security import HttpBearer

from answerable import audit
from answerable.api.models import ApiKey
from answerable.api.problems import Problem
from answerable.db.mark import mark
from answerable.db.prepared import first, prepared
from answerable.policy.words import Relation

SCOPES = (
    "reports:write",
    "reports:read",
    "events:write",
    "screen",
    "matches:read",
    "copies:search",
    "banks:write",
)
UPLOADING = frozenset({"screen", "events:write"})
"""The scopes of whatever stands where uploads come in."""
READS_MATCHES = "matches:read"
"""Tells list, kind and distance of a match. No key of an upload path may hold it: by distances an uploader could climb,
change by change, to a copy that is not found."""
TELLING = frozenset({READS_MATCHES, "copies:search"})
"""They tell how near a match is."""
WRITES_BANKS = "banks:write"
"""Fills and empties the banks of the door for HMA's users; who uploads must not empty one."""
PROVABLE = (Relation.TRUSTED_FLAGGER, Relation.AUTHORITY)
PREFIX = "ak_"


class KeyRefused(ValueError):
    """The key can't be made like that. The message says why."""


def create_key(
    name: str, scopes: Sequence[str], *, now: datetime, platform: str = "", relation: str = ""
) -> str:
    """Make a key and give its secret, which is not kept. Raises KeyRefused."""
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise KeyRefused(
            f"Choose scopes among {', '.join(SCOPES)}; unknown: {', '.join(unknown) or 'none given'}."
        )
    if WRITES_BANKS in scopes and UPLOADING & set(scopes):
        raise KeyRefused("A key that screens uploads must not write banks: an uploader could empty them.")
    if TELLING & set(scopes) and UPLOADING & set(scopes):
        raise KeyRefused(
            "A key that screens uploads must not read matches or search for copies: an uploader could climb to a miss."
        )
    if "events:write" in scopes and not platform:
        raise KeyRefused("A key that sends events speaks for one platform: name it.")
    if relation and relation not in PROVABLE:
        raise KeyRefused(f"A key can prove one of {', '.join(PROVABLE)}.")
    secret = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        if ApiKey.objects.filter(name=name).exists():
            raise KeyRefused(f"There is a key named {name!r}: choose another name, or revoke it.")
        key = ApiKey.objects.create(
            name=name,
            digest=_digest(secret),
            scopes=sorted(set(scopes)),
            platform=platform,
            relation=relation,
            created_at=now,
        )
        audit.append(
            "api_key_changed",
            actor="operator",
            now=now,
            event={"key": key.pk, "made": True, "scopes": key.scopes},
        )
    return secret


def revoke_key(name: str, *, now: datetime) -> None:
    """End a key at once. Raises KeyRefused when there is none of that name."""
    with transaction.atomic():
        key = ApiKey.objects.filter(name=name, revoked_at__isnull=True).first()
        if key is None:
            raise KeyRefused(f"There is no key named {name!r} that could be revoked.")
        key.revoked_at = now
        key.save(update_fields=["revoked_at"])
        audit.append("api_key_changed", actor="operator", now=now, event={"key": key.pk, "revoked": True})


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


@prepared
def _valid(digest: str) -> "QuerySet[ApiKey]":
    return ApiKey.objects.filter(digest=digest, revoked_at__isnull=True)


def may_read_matches(key: ApiKey) -> bool:
    """Whether this key may be told what matched. Asked again at each use: a row could be changed by hand."""
    return READS_MATCHES in key.scopes and UPLOADING.isdisjoint(key.scopes)


def holder(authorization: str, *scopes: str) -> ApiKey:
    """The key of an `Authorization` header, if it holds one of the scopes. Raises Problem (401, 403).

    The database is asked each time, so a revoked key ends with its next request, in every process.
    """
    kind, _, token = authorization.partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise Problem(401, "Send an API key: `Authorization: Bearer ak_…`.")
    return key_of(token.strip(), *scopes)


def key_of(secret: str, *scopes: str) -> ApiKey:
    """The key with that secret, if it holds one of the scopes. Raises Problem (401, 403).

    Only digests are compared. A secret has 256 random bits, so one SHA-256 hides it as well as any slow function.
    """
    key = _known(_digest(secret))
    if key is None:
        raise Problem(401, "This API key is unknown or was revoked.")
    if not set(scopes) & set(key.scopes):
        lacks = " or ".join(repr(scope) for scope in scopes)
        raise Problem(403, f"This API key lacks the scope {lacks}.")
    return key


_seen = threading.local()
MOST_SEEN: Final = 256


def _known(digest: str) -> ApiKey | None:
    """The valid key of that digest. It is asked for again as soon as anything was written anywhere (`mark`)."""
    now = mark()
    if now is None:
        return first(_valid(digest))
    if getattr(_seen, "mark", None) != now:
        _seen.mark, _seen.keys = now, {}
    key: ApiKey | None = _seen.keys.get(digest)
    if key is None:
        key = first(_valid(digest))
        if key is not None and len(_seen.keys) < MOST_SEEN:
            _seen.keys[digest] = key
    return key


class Bearer(HttpBearer):
    """`Authorization: Bearer ak_…` with one of the scopes. The key becomes `request.auth`."""

    def __init__(self, *scopes: str) -> None:
        super().__init__()
        self.scopes = scopes

    def __call__(self, request: HttpRequest) -> ApiKey:
        """The key of a request. Raises Problem (401, 403)."""
        return holder(request.headers.get("Authorization", ""), *self.scopes)

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey:  # noqa: ARG002  as ninja calls it
        """The key of that secret. Raises Problem (401, 403)."""
        return key_of(token, *self.scopes)
