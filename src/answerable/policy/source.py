"""Reads the YAML of a pack, remembering at which line each value stands.

Only what a pack needs: mappings with text keys, lists, and plain values. Anchors, aliases and tags are
refused (an alias can make a small file enormous), and so are duplicate keys. `true` and `false` are the only
booleans: YAML 1.1 would read the country code `no` as one.
"""

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from answerable.policy.errors import Hole, PolicyError

MAX_BYTES = 512 * 1024
MAX_DEPTH = 16
MAX_NODES = 40_000
_INTEGER = re.compile(r"-?[0-9]{1,15}")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Path = tuple[str | int, ...]


@dataclass
class Source:
    """The values of a file and the line (from 1) of each."""

    file: str
    value: Any = None
    lines: dict[Path, int] = field(default_factory=dict)

    def line(self, path: Path) -> int:
        """The line of that value, or of the nearest thing around it that stands in the file."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return 1

    def hole(self, path: Path, reason: str) -> Hole:
        """A hole at that place."""
        return Hole(self.file, self.line(path), reason)


class _Refused(Exception):
    """A part of the file can't stand in a pack."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line, self.reason = line, reason


def read_source(text: str | bytes, file: str) -> Source:
    """The file's values and lines. Raises PolicyError for anything that isn't a small plain YAML mapping."""
    source = Source(file)
    try:
        events = _Events(_decode(text))
        source.value = events.document(source.lines)
    except _Refused as error:
        raise PolicyError([Hole(file, error.line, error.reason)]) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise PolicyError([Hole(file, mark.line + 1 if mark else 1, f"not valid YAML: {problem}")]) from error
    if not isinstance(source.value, dict):
        raise PolicyError([Hole(file, 1, "a policy pack is a YAML mapping that begins with `pack:`")])
    return source


def _decode(text: str | bytes) -> str:
    size = len(text) if isinstance(text, bytes) else len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        raise _Refused(1, f"the file has {size} bytes; a policy pack has at most {MAX_BYTES}")
    try:
        decoded = text.decode("utf-8") if isinstance(text, bytes) else text
        decoded.encode("utf-8")
    except UnicodeError as error:
        raise _Refused(1, "the file is not UTF-8 text") from error
    return decoded


class _Events:
    """Builds values from YAML's events, one event at a time."""

    def __init__(self, text: str) -> None:
        self._events = yaml.parse(text, Loader=_LOADER)
        self._nodes = 0

    def document(self, lines: dict[Path, int]) -> Any:
        """The one document of the file; None when it is empty."""
        value: Any = None
        documents = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise _Refused(_line(event), "a policy pack is one YAML document")
                value = self._value(next(self._events), (), lines)
        return value

    def _value(self, event: Any, path: Path, lines: dict[Path, int]) -> Any:
        line = _line(event)
        self._nodes += 1
        if self._nodes > MAX_NODES or len(path) > MAX_DEPTH:
            raise _Refused(line, f"more than {MAX_NODES} values, or nested deeper than {MAX_DEPTH}")
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _Refused(
                line, "anchors and aliases are not allowed: use `shared` for what harms have in common"
            )
        if getattr(event, "tag", None):
            raise _Refused(line, f"the tag {event.tag!r} is not allowed in a policy pack")
        lines.setdefault(path, line)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(path, lines)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(path, lines)
        return _scalar(event)

    def _mapping(self, path: Path, lines: dict[Path, int]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            line = _line(event)
            if not isinstance(event, yaml.ScalarEvent):
                raise _Refused(line, "a key is a word, not a list, a mapping or an alias")
            key = event.value
            if key in found:
                raise _Refused(line, f"the key {key!r} stands there twice")
            lines[(*path, key)] = line
            found[key] = self._value(next(self._events), (*path, key), lines)
        return found

    def _sequence(self, path: Path, lines: dict[Path, int]) -> list[Any]:
        found: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            found.append(self._value(event, (*path, len(found)), lines))
        return found


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _scalar(event: Any) -> Any:
    text: str = event.value
    if event.style:
        return text
    if text in ("", "~", "null"):
        return None
    if text in ("true", "false"):
        return text == "true"
    return int(text) if _INTEGER.fullmatch(text) else text
