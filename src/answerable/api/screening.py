"""`/screen`: may this upload be published? Never answered from a stale view: 503 instead."""

from typing import Any

from django.http import HttpRequest
from ninja import Router

from answerable import clock, media
from answerable.api.keys import Bearer
from answerable.api.models import ApiKey
from answerable.api.problems import Problem
from answerable.api.shapes import BatchOut, HashesIn, MatchOut, MediaIn, ScreenedOut, ScreenIn
from answerable.cases import commands
from answerable.matching.known import IndexStale
from answerable.matching.screening import AccountRef, Screened, screen, screen_each
from answerable.media import Fingerprints
from answerable.platforms import registry

router = Router(tags=["screening"])


@router.post("/screen", response={200: ScreenedOut | BatchOut}, auth=Bearer("screen"))
def screen_upload(request: HttpRequest, body: ScreenIn) -> Any:
    """Screen one upload by its bytes or hashes, or up to 10,000 by their hashes."""
    key: ApiKey = request.auth  # type: ignore[attr-defined]
    account = AccountRef(key.platform, body.account) if body.account else None
    try:
        if body.batch is not None:
            found = screen_each([_of_hashes(one) for one in body.batch], account=account)
        else:
            prints = fingerprints_of(key, body.media, body.hashes)
            found = [screen(prints, account=account)] if prints is not None else []
    except IndexStale as error:
        raise Problem(503, str(error) or "The index can't catch up: ask again.") from error
    for one in found:
        if one.verdict != "clear":
            commands.upload_screened(
                key.platform, verdict=str(one.verdict), why=one.why, match_id=one.match_id, now=clock.now()
            )
    tells = "matches:read" in key.scopes
    if body.batch is not None:
        return BatchOut(results=[_out(one, tells=tells) for one in found])
    return _out(found[0], tells=tells)


def fingerprints_of(key: ApiKey, sent: MediaIn | None, hashes: HashesIn | None) -> Fingerprints | None:
    """The fingerprints of what a caller sent; None when it sent neither bytes nor hashes. Raises Problem."""
    if sent is None:
        return _of_hashes(hashes) if hashes is not None else None
    try:
        data = sent.data()
        if data is None:
            if not key.platform:
                raise Problem(403, "This API key speaks for no platform: send the bytes, not their address.")
            data = media.fetch(sent.url or "", registry.media_hosts(key.platform)).data
        return media.fingerprint(data)
    except media.DecoderUnavailable as error:
        raise Problem(503, str(error)) from error
    except media.FetchError as error:
        raise Problem(422, str(error)) from error


def _of_hashes(hashes: HashesIn) -> Fingerprints:
    return Fingerprints(
        sha256=hashes.sha256,
        md5=hashes.md5,
        pdq=bytes.fromhex(hashes.pdq) if hashes.pdq else None,
        pdq_quality=hashes.pdq_quality,
    )


def _out(found: Screened, *, tells: bool) -> ScreenedOut:
    match = None
    if tells and found.match is not None:
        match = MatchOut(
            hash_list=found.match.hash_list, kind=found.match.kind, distance=found.match.distance
        )
    return ScreenedOut(verdict=found.verdict.value, match_id=found.match_id, match=match)
