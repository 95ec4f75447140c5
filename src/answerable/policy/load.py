"""Reads a pack and refuses one with holes, naming all of them."""

from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

from answerable.policy.checks import holes_of
from answerable.policy.errors import Hole, PolicyError
from answerable.policy.pack import Pack
from answerable.policy.source import MAX_BYTES, Source, read_source

PACKS = Path(__file__).parent / "packs"
_PLAIN = {
    "extra_forbidden": "unknown key: it means nothing here, or is misspelt",
    "missing": "missing",
}


def load(text: str | bytes, file: str = "pack") -> Pack:
    """The pack in that text. Raises PolicyError with file, line and reason of every hole."""
    pack = read(text, file)
    holes = holes_of(pack)
    if holes:
        raise PolicyError(holes)
    return pack


def read(text: str | bytes, file: str = "pack") -> Pack:
    """The pack in that text, its shape and its conditions checked, not what it lacks.

    For packs that were activated once, whose cases must stay readable when the checks grow stricter, and for
    a checker that wants to go on. Raises PolicyError.
    """
    source = read_source(text, file)
    try:
        pack = Pack.model_validate(source.value)
    except ValidationError as error:
        raise PolicyError(
            _hole(source, problem["loc"], problem["type"], problem["msg"]) for problem in error.errors()
        ) from error
    raw = text.encode("utf-8") if isinstance(text, str) else text
    return pack.from_file(raw, source)


def load_named(name: str | Path) -> Pack:
    """`baseline`, or the pack at that path. Raises PolicyError, also for a file that can't be read."""
    path = path_of(name)
    return load(read_file(path), str(path.name if path.parent == PACKS else path))


def path_of(name: str | Path) -> Path:
    """Where the pack of that name lies, or the path itself."""
    return PACKS / f"{name}.yaml" if str(name).isidentifier() else Path(name)


def read_file(path: Path) -> bytes:
    """The bytes of a pack's file. Raises PolicyError where there is none, or one far too large."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise PolicyError([Hole(str(path), 1, f"can't be read: {error.strerror}")]) from error


@lru_cache(maxsize=1)
def baseline() -> Pack:
    """The pack that comes with Answerable."""
    return load_named("baseline")


def _hole(source: Source, place: tuple[int | str, ...], kind: str, message: str) -> Hole:
    reason = _PLAIN.get(kind) or message.removeprefix("Value error, ")
    name = ".".join(str(part) for part in place) or "the pack"
    return source.hole(place, f"{name}: {reason}")
