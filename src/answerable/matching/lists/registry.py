"""From configuration to a source: the kind names the module, which is imported when it is used."""

from importlib import import_module
from typing import Any, get_type_hints

from pydantic import ValidationError

from answerable.matching.lists.base import Source
from answerable.settings.config import ConfigError, HashListEntry, config


def entry_of(name: str) -> HashListEntry:
    """What is configured of a list. Raises ConfigError."""
    for entry in config().lists:
        if entry.name == name:
            return entry
    raise ConfigError(f"No list {name!r} is configured: write it into [[lists]] of answerable.toml.")


def source_of(entry: HashListEntry) -> Source:
    """The source of a configured list. Raises ConfigError, which names keys and never what stands there.

    Its module has a function `source(config)`; the type of `config` checks what `[lists.source]` holds.
    """
    module = import_module(f"answerable.matching.lists.{entry.kind}")
    shape: Any = get_type_hints(module.source)["config"]
    given = {**({"name": entry.name} if "name" in shape.model_fields else {}), **entry.source}
    try:
        made: Source = module.source(shape.model_validate(given))
    except ValidationError as error:
        problems = [
            f"  lists.{entry.name}.source.{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
            for problem in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        raise ConfigError("\n".join([f"The list {entry.name!r} can't be fetched:", *problems])) from error
    return made
