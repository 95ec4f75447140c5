"""`/c/…`: banks and what is in them, signal types, content types. Exchanges are configured elsewhere."""

import json
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from answerable import clock
from answerable.api.hma import banks, hashing
from answerable.api.hma.asked import Asked, Missing
from answerable.api.hma.matching import index_status
from answerable.api.hma.signals import CONTENT_TYPES, SIGNAL_TYPES
from answerable.api.models import Bank, BankContent
from answerable.api.problems import Problem
from answerable.db import personal
from answerable.db.models import PersonalText

NOTE_LIMIT = 255
WORDS_LIMIT = 20_000
ENABLED, DISABLED = 1, 0


class BankIn(BaseModel):
    """A bank that is made or changed."""

    name: str | None = None
    enabled_ratio: float | None = None
    enabled: bool | None = None


class MetadataIn(BaseModel):
    """What the platform keeps beside a content."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    content_id: str | None = None
    content_uri: str | None = None
    json_data: dict[str, Any] | None = Field(None, alias="json")


def list_banks(_asked: Asked) -> list[dict[str, Any]]:
    """Every bank."""
    return [_bank(name, ratio) for name, ratio in banks.all_banks()]


def show_bank(asked: Asked) -> dict[str, Any]:
    """One bank."""
    name = asked.path["bank"]
    for one, ratio in banks.all_banks():
        if one == name:
            return _bank(one, ratio)
    raise _no_bank(name)


def make_bank(asked: Asked) -> tuple[int, dict[str, Any]]:
    """Make a bank: 201."""
    said = _fitting(BankIn, asked.json())
    if said.name is None:
        raise Missing("name")
    made = banks.make(said.name, _ratio(said, 1.0), actor=asked.actor, now=clock.now())
    return 201, _bank(made.name, made.enabled_ratio)


def change_bank(asked: Asked) -> dict[str, Any]:
    """Rename a bank, or set its ratio."""
    bank, said = _own(asked), _fitting(BankIn, asked.json())
    ratio = _ratio(said, bank.enabled_ratio)
    banks.change(bank, said.name or bank.name, ratio, actor=asked.actor, now=clock.now())
    return _bank(bank.name, bank.enabled_ratio)


def delete_bank(asked: Asked) -> dict[str, Any]:
    """Delete a bank with all that is in it. One that isn't there is gone."""
    bank = Bank.objects.filter(name=asked.path["bank"]).first()
    if bank is not None:
        banks.delete(bank, actor=asked.actor, now=clock.now())
    return {"message": "Done"}


def add_content(asked: Asked) -> dict[str, Any]:
    """Put a file's hashes into a bank. The file itself is not kept."""
    bank = _own(asked)
    fields, files = asked.form()
    if asked.query.get("url"):
        hashed = hashing.from_url(asked)
    elif files:
        hashed = hashing.from_form(asked)
    else:
        raise Problem(400, "Neither `url` nor multipart file upload was received")
    said = asked.json() if asked.media_type.startswith("application/json") and asked.body else dict(fields)
    return _add(asked, bank, hashed.signals(), said.get("note"), _metadata(said.get("metadata")))


def add_signals(asked: Asked) -> dict[str, Any]:
    """Put hashes into a bank."""
    bank, said = _own(asked), asked.json()
    note = said.pop("note", None)
    return _add(asked, bank, said, note, None)


def _add(
    asked: Asked, bank: Bank, sent: dict[str, Any], note: Any, metadata: MetadataIn | None
) -> dict[str, Any]:
    if not sent:
        raise Problem(400, "No signals given")
    signals = {}
    for name, value in sent.items():
        if name not in SIGNAL_TYPES:
            raise Problem(400, f"No such signal type {name}")
        try:
            signals[name] = SIGNAL_TYPES[name].checked(value)
        except ValueError as error:
            raise Problem(400, f"Invalid {name} signal: {error}") from error
    said: dict[str, Any] = {"note": _note(note)} if note else {}
    if metadata is not None:
        said["metadata"] = metadata.model_dump(by_alias=True, exclude_none=True)
    content = BankContent(bank=bank, signals=signals, words=_sealed(said), added_at=clock.now())
    banks.add(content, actor=asked.actor, now=content.added_at)
    return {"id": content.pk, "signals": signals}


def show_content(asked: Asked) -> dict[str, Any]:
    """One content. Opening what people wrote beside it is in the log."""
    content = _content(asked)
    shown: dict[str, Any] = {
        "id": content.pk,
        "disable_until_ts": ENABLED if content.enabled else DISABLED,
        "original_media_uri": None,
        "bank": _bank(content.bank.name, content.bank.enabled_ratio),
    }
    if asked.flag("include_signals"):
        shown["signals"] = content.signals
    words = _opened(asked, content)
    if asked.flag("include_metadata", otherwise=True) and words.get("metadata"):
        empty = {"content_id": None, "content_uri": None, "json": None, "collab": None}
        shown["metadata"] = {**empty, **words["metadata"]}
    if words.get("note"):
        shown["note"] = words["note"]
    return shown


def change_content(asked: Asked) -> dict[str, Any]:
    """Enable or disable a content, or write a note beside it."""
    content, said = _content(asked), asked.json()
    words = _opened(asked, content)
    if "disable_until_ts" in said:
        until = said["disable_until_ts"]
        if until not in (ENABLED, DISABLED):
            raise Problem(
                400, "disable_until_ts is 0 (disabled) or 1 (enabled): nothing is disabled for a time"
            )
        banks.enable(content, until == ENABLED, actor=asked.actor, now=clock.now())
    if "note" in said:
        words["note"] = _note(said["note"])
        banks.write_beside(content, _sealed({name: one for name, one in words.items() if one}))
    return {
        "id": content.pk,
        "disable_until_ts": ENABLED if content.enabled else DISABLED,
        "collab_metadata": {},
        "original_media_uri": None,
        "bank": _bank(content.bank.name, content.bank.enabled_ratio),
        "user_metadata": words.get("metadata"),
        "note": words.get("note") or None,
    }


def delete_content(asked: Asked) -> dict[str, Any]:
    """Take a content out of its bank."""
    bank = _own(asked)
    contents = list(bank.contents.select_related("words").filter(pk=int(asked.path["content"])))
    banks.remove(bank, contents, actor=asked.actor, now=clock.now())
    return {"deleted": len(contents)}


def list_signal_types(_asked: Asked) -> list[dict[str, Any]]:
    """The signal types, all enabled."""
    return [{"name": name, "enabled_ratio": 1.0} for name in SIGNAL_TYPES]


def list_content_types(_asked: Asked) -> list[dict[str, Any]]:
    """The content types, all enabled."""
    return [{"name": name, "enabled": True} for name in CONTENT_TYPES]


def signal_type_index(asked: Asked) -> dict[str, Any]:
    """Of each signal type, how far its index follows the database: always all the way."""
    return {
        name: {
            "db_size": one["size"],
            "index_size": one["size"],
            "index_out_of_date": False,
            "newest_db_item": one["built_to"],
            "index_built_to": one["built_to"],
        }
        for name, one in index_status(asked).items()
    }


def list_nothing(_asked: Asked) -> list[str]:
    """There are no exchanges here."""
    return []


def not_here(_asked: Asked) -> dict[str, Any]:
    """Refuse what is decided elsewhere."""
    raise Problem(501, "This is set in the desk's configuration, not through this door: see docs/hma.md")


def _bank(name: str, ratio: float) -> dict[str, Any]:
    return {"matching_enabled_ratio": ratio, "name": name}


def _own(asked: Asked) -> Bank:
    """The platform's own bank of that name. Raises Problem (403, 404)."""
    name = asked.path["bank"]
    bank = Bank.objects.filter(name=name).first()
    if bank is not None:
        return bank
    if any(name == one for one, _ratio_ in banks.all_banks()):
        raise Problem(403, f"bank '{name}' can only be read: it follows from decisions, or from its source")
    raise _no_bank(name)


def _content(asked: Asked) -> BankContent:
    bank, number = _own(asked), asked.path["content"]
    content = BankContent.objects.select_related("bank", "words").filter(pk=int(number), bank=bank).first()
    if content is None:
        raise Problem(404, f"content '{number}' not found")
    return content


def _no_bank(name: str) -> Problem:
    return Problem(404, f"bank '{name}' not found")


def _ratio(said: BankIn, otherwise: float) -> float:
    if said.enabled_ratio is not None:
        return said.enabled_ratio
    return otherwise if said.enabled is None else float(said.enabled)


def _note(note: Any) -> str:
    if not note:
        return ""
    if not isinstance(note, str):
        raise Problem(400, "note should be a string")
    if len(note) > NOTE_LIMIT:
        raise Problem(400, f"note must be at most {NOTE_LIMIT} characters")
    return note


def _metadata(sent: Any) -> MetadataIn | None:
    if isinstance(sent, str):
        try:
            sent = json.loads(sent)
        except ValueError as error:
            raise Problem(400, "metadata form field must be valid JSON") from error
    if sent is None:
        return None
    if not isinstance(sent, dict):
        raise Problem(400, "metadata should be a json object")
    try:
        return MetadataIn.model_validate({name: one for name, one in sent.items() if name != "collab"})
    except ValidationError as error:
        raise Problem(
            400, "Invalid metadata: give content_id, content_uri and json, and nothing else"
        ) from error


def _fitting(model: type[BankIn], said: dict[str, Any]) -> BankIn:
    try:
        return model.model_validate(said)
    except ValidationError as error:
        raise Problem(422, "A bank has a `name`, and an `enabled_ratio` or `enabled`.") from error


def _sealed(said: dict[str, Any]) -> PersonalText | None:
    """What people wrote beside a content may be about people: it is kept as all such words are."""
    text = json.dumps(said)
    if len(text) > WORDS_LIMIT:
        raise Problem(400, f"note and metadata take at most {WORDS_LIMIT} characters together")
    return personal.seal("reason", text) if said else None


def _opened(asked: Asked, content: BankContent) -> dict[str, Any]:
    if content.words is None:
        return {}
    event = {"text": content.words.pk, "bank_content": content.pk}
    banks.note_opened(asked.actor, event, clock.now())
    opened: dict[str, Any] = json.loads(personal.open_text(content.words))
    return opened
