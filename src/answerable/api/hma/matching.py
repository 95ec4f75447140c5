"""`/m/…`: lookups. A key that reads matches gets banks and distances, as in the original; one that screens, neither.

By distances, or by which bank matched, an uploader could climb, change by change, to a copy that is not found. So a key
of an upload path sees one bank, named after what is to be done with the upload: `HOLD` or `BLOCK`.
"""

import random
from typing import Any

from answerable import clock
from answerable.api.hma import hashing
from answerable.api.hma.asked import Asked, Missing
from answerable.api.hma.banks import Found, found_in, listed
from answerable.api.hma.signals import NO_DISTANCE, SIGNAL_TYPES, SignalType, signal_type
from answerable.api.problems import Problem
from answerable.cases import commands
from answerable.cases.inputs import ScreenedIn
from answerable.matching.known import known
from answerable.matching.known_rows import INDEXED
from answerable.matching.match_ids import seal
from answerable.matching.screening import screen
from answerable.matching.verdicts import KnownMatch, Verdict
from answerable.media import Fingerprints

ByBank = dict[str, list[dict[str, Any]]]


def lookup_get(asked: Asked) -> dict[str, Any]:
    """By hash: bank -> matches. By address: signal type -> bank -> matches."""
    if asked.query.get("url"):
        by_type = _of_file(asked, hashing.from_url(asked))
        wanted = asked.query.get("signal_type")
        return by_type.get(wanted, {}) if wanted is not None else by_type
    signal, name = asked.query.get("signal"), asked.query.get("signal_type")
    if not signal or not name:
        raise Problem(400, "Either url or both signal and signal_type are required")
    prints, kind = _asked_for(signal, name)
    return _told(asked, _matches(prints), kind) if asked.tells else _verdict(asked, prints)


def lookup_post(asked: Asked) -> dict[str, Any]:
    """Of the file in the form: signal type -> bank -> matches."""
    return _of_file(asked, hashing.from_form(asked))


def raw_lookup(asked: Asked) -> dict[str, Any]:
    """All contents that match, with distances if they are asked for; no bank's ratio counts."""
    for name in ("signal", "signal_type"):
        if name not in asked.query:
            raise Missing(name)
    prints, kind = _asked_for(asked.query["signal"], asked.query["signal_type"])
    found = found_in(_of_kind(_matches(prints), kind), asked.banks())
    _record(asked, found)
    if asked.flag("include_distance"):
        return {"matches": [_match(one) for one in found]}
    return {"matches": [one.content_id for one in found]}


def compare(asked: Asked) -> dict[str, Any]:
    """Whether two hashes match, and their distance. It says nothing of what is known."""
    compared: dict[str, Any] = {}
    for name, pair in asked.json().items():
        if not isinstance(pair, list):
            raise Problem(400, f"Comparison hashes for {name} was not a list")
        if len(pair) != 2:
            raise Problem(400, "Comparison hash list length must be exactly 2")
        one = signal_type(name)
        try:
            compared[name] = one.compared(one.checked(pair[0]), one.checked(pair[1]))
        except ValueError as error:
            raise Problem(400, f"Invalid {name} hash: {error}") from error
    return compared


def index_status(asked: Asked) -> dict[str, Any]:
    """Of each signal type's index. Ours is never behind: it catches up before each answer."""
    known().catch_up()
    sizes = {"pdq": len(known()), "video_md5": listed("md5")}
    limited = asked.query.get("signal_type")
    if limited is not None and limited not in SIGNAL_TYPES:
        raise Problem(400, f"No such signal type '{limited}'")
    now = int(clock.now().timestamp())
    return {
        name: {"present": True, "built_to": now, "size": sizes[name]}
        for name in SIGNAL_TYPES
        if limited in (None, name)
    }


def _asked_for(signal: str, name: str) -> tuple[Fingerprints, SignalType]:
    one = signal_type(name)
    try:
        return one.prints(one.checked(signal)), one
    except ValueError as error:
        raise Problem(400, f"invalid signal: {error}") from error


def _matches(prints: Fingerprints) -> list[KnownMatch]:
    return known().look_up([prints])[0]


def _of_kind(matches: list[KnownMatch], one: SignalType) -> list[KnownMatch]:
    kinds = INDEXED if one.kind == "pdq" else (one.kind,)  # a still may be a frame of a known video
    return [match for match in matches if match.kind in kinds]


def _of_file(asked: Asked, hashed: hashing.Hashed) -> dict[str, Any]:
    """Every hash of the file is looked up, those of the whole file too: a list may hold no other."""
    if not asked.tells:
        return {one.name: _verdict(asked, hashed.prints) for one in hashed.types[:1]}
    hashed.signals()
    matches = _matches(hashed.prints)
    told: dict[str, Any] = {one.name: _told(asked, _of_kind(matches, one), one) for one in hashed.types}
    for kinds in (("sha256",), ("md5",), INDEXED):
        of_file = [match for match in matches if match.kind in kinds]
        if of_file and kinds[0] not in {one.kind for one in hashed.types}:
            told[kinds[0]] = _told(asked, of_file, None)
    return told


def _told(asked: Asked, matches: list[KnownMatch], kind: SignalType | None) -> ByBank:
    """Bank -> matches, of the banks that a throw of the coin enables."""
    found = found_in(_of_kind(matches, kind) if kind else matches, asked.banks())
    coin = 0.0 if asked.flag("bypass_coinflip") else random.Random(asked.query.get("seed")).random()  # noqa: S311
    enabled = [one for one in found if one.ratio >= coin]
    _record(asked, enabled)
    by_bank: ByBank = {}
    for one in enabled:
        by_bank.setdefault(one.bank, []).append(_match(one))
    return by_bank


def _match(found: Found) -> dict[str, Any]:
    exact = found.match.kind not in INDEXED
    return {
        "bank_content_id": found.content_id,
        "distance": NO_DISTANCE if exact else str(found.match.distance),
    }


def _record(asked: Asked, found: list[Found]) -> None:
    """Who is told what matched is in the log (rule 21)."""
    if found:
        commands.match_told(seal(found[0].match), actor=asked.actor, now=clock.now())


def _verdict(asked: Asked, prints: Fingerprints) -> ByBank:
    """What to do with an upload, in the shape of a match in a bank."""
    screened = screen(prints)
    if screened.verdict is Verdict.CLEAR:
        return {}
    noted = ScreenedIn(str(screened.verdict), screened.why, screened.match_id)
    platform = asked.key.platform
    commands.uploads_screened(
        [noted], platform=platform, actor=f"platform:{platform}" if platform else asked.actor, now=clock.now()
    )
    return {screened.verdict.name: [{"bank_content_id": 0, "distance": NO_DISTANCE}]}
