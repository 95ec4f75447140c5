"""`/c/…`: banks, signal types, content types. What is in a bank: `contents`. Exchanges are configured elsewhere."""

from typing import Any

from pydantic import BaseModel, ValidationError

from answerable import clock
from answerable.api.hma import banks
from answerable.api.hma.asked import Asked, Missing
from answerable.api.hma.matching import index_status
from answerable.api.hma.signals import CONTENT_TYPES, SIGNAL_TYPES
from answerable.api.models import Bank
from answerable.api.problems import Problem


class BankIn(BaseModel):
    """A bank that is made or changed."""

    name: str | None = None
    enabled_ratio: float | None = None
    enabled: bool | None = None


def list_banks(_asked: Asked) -> list[dict[str, Any]]:
    """Every bank."""
    return [banks.shown(name, ratio) for name, ratio in banks.all_banks()]


def show_bank(asked: Asked) -> dict[str, Any]:
    """One bank."""
    name = asked.path["bank"]
    for one, ratio in banks.all_banks():
        if one == name:
            return banks.shown(one, ratio)
    raise banks.absent(name)


def make_bank(asked: Asked) -> tuple[int, dict[str, Any]]:
    """Make a bank: 201."""
    said = _fitting(BankIn, asked.json())
    if said.name is None:
        raise Missing("name")
    made = banks.make(said.name, _ratio(said, 1.0), actor=asked.actor, now=clock.now())
    return 201, banks.shown(made.name, made.enabled_ratio)


def change_bank(asked: Asked) -> dict[str, Any]:
    """Rename a bank, or set its ratio."""
    bank, said = banks.own(asked.path["bank"]), _fitting(BankIn, asked.json())
    ratio = _ratio(said, bank.enabled_ratio)
    banks.change(bank, said.name or bank.name, ratio, actor=asked.actor, now=clock.now())
    return banks.shown(bank.name, bank.enabled_ratio)


def delete_bank(asked: Asked) -> dict[str, Any]:
    """Delete a bank with all that is in it. One that isn't there is gone."""
    bank = Bank.objects.filter(name=asked.path["bank"]).first()
    if bank is not None:
        banks.delete(bank, actor=asked.actor, now=clock.now())
    return {"message": "Done"}


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


def _ratio(said: BankIn, otherwise: float) -> float:
    if said.enabled_ratio is not None:
        return said.enabled_ratio
    return otherwise if said.enabled is None else float(said.enabled)


def _fitting(model: type[BankIn], said: dict[str, Any]) -> BankIn:
    try:
        return model.model_validate(said)
    except ValidationError as error:
        raise Problem(422, "A bank has a `name`, and an `enabled_ratio` or `enabled`.") from error
