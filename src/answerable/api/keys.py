"""Making, checking and revoking API keys. A key is shown once."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from ninja.security import HttpBearer

from answerable import audit
from answerable.api.models import ApiKey
from answerable.api.problems import Problem
from answerable.db.prepared import first, prepared
from answerable.policy.words import Relation

SCOPES = ("reports:write", "reports:read", "events:write", "screen", "matches:read", "copies:search")
TELLING = {"matches:read", "copies:search"}
"""They tell how near a match is: no upload path may hold them (see ARCHITECTURE.md)."""
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
    if TELLING & set(scopes) and {"screen", "events:write"} & set(scopes):
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


class Bearer(HttpBearer):
    """`Authorization: Bearer ak_…` with a scope. The key becomes `request.auth`."""

    def __init__(self, scope: str) -> None:
        super().__init__()
        self.scope = scope

    def __call__(self, request: HttpRequest) -> ApiKey:
        """The key of a request. Raises Problem (401, 403)."""
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer" or not token.strip():
            raise Problem(401, "Send an API key: `Authorization: Bearer ak_…`.")
        return self.authenticate(request, token.strip())

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey:  # noqa: ARG002  as ninja calls it
        """The key of that secret. Raises Problem (401, 403)."""
        key = first(_valid(_digest(token)))
        if key is None:
            raise Problem(401, "This API key is unknown or was revoked.")
        if self.scope not in key.scopes:
            raise Problem(403, f"This API key lacks the scope {self.scope!r}.")
        return key
