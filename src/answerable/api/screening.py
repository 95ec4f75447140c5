"""`/screen`: may this upload be published? Never answered from a stale view: 503 instead.

`answer` is all of it, from a body's bytes to those of the answer. `direct` calls it before Django is asked; the
operation here calls it wherever Django serves alone, and is what the OpenAPI document shows.
"""

import json
from typing import Any
from urllib.parse import unquote

from django.http import HttpRequest, HttpResponse
from ninja import Router

from answerable import clock, media
from answerable.api.keys import READS_MATCHES, Bearer, may_read_matches
from answerable.api.models import ApiKey
from answerable.api.problems import Problem, parsed
from answerable.api.shapes import (
    ACCOUNT_LIMIT,
    BatchOut,
    HashesIn,
    MatchOut,
    MediaIn,
    ScreenedOut,
    ScreenIn,
    inlined,
)
from answerable.cases import commands
from answerable.cases.inputs import ScreenedIn
from answerable.matching.known import IndexStale
from answerable.matching.match_ids import UnknownMatch, unseal
from answerable.matching.screening import AccountRef, Screened, screen, screen_each
from answerable.matching.verdicts import Verdict
from answerable.media import Fingerprints
from answerable.media.frames import Frame
from answerable.platforms import registry

SCOPES = ("screen", READS_MATCHES)
FILES = ("image/", "video/", "application/octet-stream")
ACCOUNT_HEADER = "Answerable-Account"
_FILE = {"schema": {"type": "string", "format": "binary"}}
_BODY = {
    "required": True,
    "content": {
        "application/json": {"schema": inlined(ScreenIn)},
        "image/*": _FILE,
        "video/*": _FILE,
        "application/octet-stream": _FILE,
    },
}
_ACCOUNT = {
    "name": ACCOUNT_HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "maxLength": ACCOUNT_LIMIT, "pattern": "^[!-~]*$"},
    "description": "with a file as body: the uploader, percent-encoded",
}
router = Router(tags=["screening"])


@router.post(
    "/screen",
    response={200: ScreenedOut | BatchOut},
    auth=Bearer(*SCOPES),
    openapi_extra={"requestBody": _BODY, "parameters": [_ACCOUNT]},
)
def screen_upload(request: HttpRequest) -> Any:
    """Screen one upload by its bytes or hashes, or up to 10,000 by their hashes."""
    key: ApiKey = request.auth  # type: ignore[attr-defined]
    account = request.headers.get(ACCOUNT_HEADER, "")
    said = answer(key, request.body, media_type=request.headers.get("Content-Type", ""), account=account)
    return HttpResponse(said, content_type="application/json")


@router.get("/matches/{match_id}", response=MatchOut, auth=Bearer(READS_MATCHES))
def read_match(request: HttpRequest, match_id: str) -> MatchOut:
    """What matched, behind the opaque id that a platform got with its `hold` or `block`."""
    key: ApiKey = request.auth  # type: ignore[attr-defined]
    if not may_read_matches(key):
        raise Problem(403, "A key that screens uploads or sends events is not told what matched.")
    try:
        match = unseal(match_id)
    except UnknownMatch as error:
        raise Problem(404, str(error)) from error
    commands.match_told(match_id, actor=_actor(key), now=clock.now())
    return MatchOut(hash_list=match.hash_list, kind=match.kind, distance=match.distance)


def answer(key: ApiKey, body: bytes, *, media_type: str, account: str = "") -> bytes:
    """The answer to a body that is a file, or JSON (`ScreenIn`), as JSON. Raises Problem.

    `account`: the uploader, percent-encoded, where the body is a file. Screenings that didn't end in `clear` are in the
    audit log when this returns.
    """
    try:
        if media_type.startswith(FILES):
            found = _screened(key, [_of_file(body)], _account(account))
            return _json(_out(found[0], tells=may_read_matches(key)))
        return _of_json(key, parsed(ScreenIn, body))
    except IndexStale as error:
        raise Problem(503, str(error) or "The index can't catch up: ask again.") from error


def _of_json(key: ApiKey, asked: ScreenIn) -> bytes:
    tells = may_read_matches(key)
    if asked.batch is not None:
        found = _screened(key, [_of_hashes(one) for one in asked.batch], asked.account)
        return _json({"results": [_out(one, tells=tells) for one in found]})
    prints = fingerprints_of(key, asked.media, asked.hashes)
    if prints is None:
        raise Problem(422, "Give exactly one of `media`, `hashes`, `batch`.")
    return _json(_out(_screened(key, [prints], asked.account)[0], tells=tells))


def _screened(key: ApiKey, prints: list[Fingerprints], account: str) -> list[Screened]:
    """The verdicts, those that aren't `clear` recorded. Raises IndexStale."""
    uploader = AccountRef(key.platform, account) if account else None
    found = screen_each(prints, account=uploader) if len(prints) > 1 else [screen(prints, account=uploader)]
    noted = [
        ScreenedIn(str(one.verdict), one.why, one.match_id)
        for one in found
        if one.verdict is not Verdict.CLEAR
    ]
    if noted:
        commands.uploads_screened(noted, platform=key.platform, actor=_actor(key), now=clock.now())
    return found


def _account(header: str) -> str:
    account = unquote(header)
    if len(account) > ACCOUNT_LIMIT or "\x00" in account:
        raise Problem(422, f"`{ACCOUNT_HEADER}` names an account in at most {ACCOUNT_LIMIT} characters.")
    return account


def _actor(key: ApiKey) -> str:
    return f"platform:{key.platform}" if key.platform else f"key:{key.pk}"


def fingerprints_of(key: ApiKey, sent: MediaIn | None, hashes: HashesIn | None) -> Fingerprints | None:
    """The fingerprints of what a caller sent; None when it sent neither bytes nor hashes. Raises Problem."""
    if sent is None:
        return _of_hashes(hashes) if hashes is not None else None
    data = sent.data()
    if data is None:
        if not key.platform:
            raise Problem(403, "This API key speaks for no platform: send the bytes, not their address.")
        try:
            data = media.fetch(sent.url or "", registry.media_hosts(key.platform)).data
        except media.FetchError as error:
            raise Problem(422, str(error)) from error
    return fingerprints_of_file(data)


def fingerprints_of_file(data: bytes) -> Fingerprints:
    """The fingerprints of a file. Raises Problem when nobody can say now."""
    try:
        return media.fingerprint(data)
    except media.DecoderUnavailable as error:
        raise Problem(503, str(error)) from error


def _of_file(body: bytes) -> Fingerprints:
    if not body:
        raise Problem(422, "The body is empty: send the file's bytes.")
    return fingerprints_of_file(body)


def _of_hashes(hashes: HashesIn) -> Fingerprints:
    return Fingerprints(
        sha256=hashes.sha256,
        md5=hashes.md5,
        pdq=bytes.fromhex(hashes.pdq) if hashes.pdq else None,
        pdq_quality=hashes.pdq_quality,
        pdq_dihedral=tuple(bytes.fromhex(one) for one in (hashes.pdq, *hashes.pdq_turns))
        if hashes.pdq_turns
        else (),
        frames=tuple(
            Frame(bytes.fromhex(one.pdq), one.quality, one.at_seconds)
            for one in sorted(hashes.frames, key=lambda frame: frame.at_seconds)
        ),
        duration_seconds=hashes.duration_seconds,
    )


def _out(found: Screened, *, tells: bool) -> dict[str, Any]:
    """A `ScreenedOut` as plain values, which are written ten times as fast as the model."""
    match = None
    if tells and found.match is not None:
        match = {
            "hash_list": found.match.hash_list,
            "kind": found.match.kind,
            "distance": found.match.distance,
        }
    return {"verdict": found.verdict.value, "match_id": found.match_id, "match": match}


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
