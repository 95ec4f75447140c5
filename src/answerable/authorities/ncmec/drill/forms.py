"""Reading forms as they come: fields into a dictionary, files hashed piece by piece and not kept."""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BufferedIOBase
from typing import IO, Final
from urllib.parse import parse_qs

PIECE_BYTES: Final = 65_536
MOST_FIELD_BYTES: Final = 10_000
_BOUNDARY: Final = re.compile(r'multipart/form-data;.*boundary="?([^";]{1,70})"?', re.IGNORECASE)
_QUOTED: Final = re.compile(r'; (name|filename)="([^"]*)"')


class BadForm(Exception):
    """A form that isn't whole, or isn't in either of the two formats."""


@dataclass(frozen=True)
class Received:
    """A file as it came."""

    name: str
    md5: str
    size: int


class Body:
    """A request's body, which ends where it was said to end. `left` bytes have not come yet."""

    def __init__(self, stream: IO[bytes] | BufferedIOBase, size: int) -> None:
        self._stream, self.left = stream, size

    def read(self) -> bytes:
        """All that is left."""
        whole = self._stream.read(self.left)
        self.left -= len(whole)
        return whole

    def pieces(self) -> Iterator[bytes]:
        """Line by line, long lines in pieces. Raises BadForm where it ends too early."""
        while self.left:
            piece = self._stream.readline(min(PIECE_BYTES, self.left))
            self.left -= len(piece)
            if not piece:
                raise BadForm("it ends too early")
            yield piece


def read(body: Body, content_type: str) -> tuple[dict[str, str], dict[str, Received]]:
    """The fields and the files of a form. Raises BadForm."""
    if content_type.startswith("application/x-www-form-urlencoded"):
        if body.left > MOST_FIELD_BYTES:
            raise BadForm("too long")
        pairs = parse_qs(body.read().decode("utf-8", "replace"), keep_blank_values=True)
        return {name: values[-1] for name, values in pairs.items()}, {}
    boundary = _BOUNDARY.match(content_type)
    if boundary is None:
        raise BadForm("neither of the two formats")
    return _parts(body.pieces(), b"--" + boundary[1].encode("latin-1", "replace"))


def _parts(pieces: Iterator[bytes], delimiter: bytes) -> tuple[dict[str, str], dict[str, Received]]:
    fields: dict[str, str] = {}
    files: dict[str, Received] = {}
    if next(pieces, b"").rstrip(b"\r\n") != delimiter:
        raise BadForm("no boundary at its beginning")
    is_last = False
    while not is_last:
        about, holds = _about(pieces), _Holds()
        is_last = _until(pieces, delimiter, holds.take)
        if "filename" in about:
            files[about["name"]] = Received(about["filename"], holds.md5.hexdigest(), holds.size)
        else:
            fields[about["name"]] = bytes(holds.beginning).decode("utf-8", "replace")
    return fields, files


class _Holds:
    """What a part holds: its hash, its size in bytes, and its beginning."""

    def __init__(self) -> None:
        self.md5, self.size, self.beginning = hashlib.md5(usedforsecurity=False), 0, bytearray()

    def take(self, piece: bytes) -> None:
        self.md5.update(piece)
        self.size += len(piece)
        self.beginning += piece[: MOST_FIELD_BYTES - len(self.beginning)]


def _about(pieces: Iterator[bytes]) -> dict[str, str]:
    """The name of a part, and its file's name if it is one."""
    about: dict[str, str] = {}
    for line in pieces:
        if not line.strip():
            if "name" not in about:
                break
            return about
        if line.lower().startswith(b"content-disposition:"):
            about = dict(_QUOTED.findall(line.decode("utf-8", "replace")))
    raise BadForm("a part without a name")


def _until(pieces: Iterator[bytes], delimiter: bytes, take: Callable[[bytes], None]) -> bool:
    """Hand over what a part holds, and say whether it was the last.

    The line break before a boundary belongs to the boundary, so one is held back; a piece may end within it.
    """
    held = b""
    for piece in pieces:
        line = piece.rstrip(b"\r\n")
        if held == b"\r\n" and line in (delimiter, delimiter + b"--"):
            return line != delimiter
        whole = held + piece
        held = next((end for end in (b"\r\n", b"\r") if whole.endswith(end)), b"")
        take(whole[: len(whole) - len(held)])
    raise BadForm("no boundary at its end")
