"""A hash list from a file: what IWF, Take It Down and others give out to be downloaded, or one of your own."""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict

from answerable.matching.lists.base import Checkpoint, NoFeedback, Opinion, Page
from answerable.matching.lists.reading import UnreadableFile, read_changes
from answerable.settings.config import data_directory

RECORDS_AT_A_TIME: Final = 500


class FileConfig(BaseModel):
    """Where the file is (a relative path is in the data directory), and what it holds.

    kind: of values whose row says none. whole: the file is the whole list, so what left it ends.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str
    kind: Literal["", "sha256", "sha1", "md5", "pdq"] = ""
    whole: bool = True


class FileSource:
    """Reads a file anew whenever its bytes changed; what it held already changes nothing."""

    def __init__(self, config: FileConfig) -> None:
        self._path = data_directory() / config.path
        self._kind = config.kind
        self.whole = config.whole

    def pages(self, checkpoint: Checkpoint, *, now: datetime) -> Iterator[Page]:  # noqa: ARG002
        """The whole file, or nothing where it is as it was. Raises UnreadableFile."""
        after = {"file": self._digest(), "kind": self._kind, "whole": self.whole}
        if checkpoint == after:
            yield Page((), checkpoint, is_last=True)
            return
        changes = read_changes(self._path, kind=self._kind)
        while part := tuple(islice(changes, RECORDS_AT_A_TIME)):
            yield Page(part, checkpoint, is_last=False)
        yield Page((), after, is_last=True)

    def check(self) -> str:
        """Whether the file can be read."""
        self._digest()
        return f"{self._path.name} can be read."

    def tell(self, key: str, opinion: Opinion, *, facts: dict[str, Any]) -> None:  # noqa: ARG002
        """A file takes no feedback."""
        raise NoFeedback("a file")

    def _digest(self) -> str:
        try:
            with self._path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise UnreadableFile(f"{self._path.name}: {error.strerror}", retry=False) from error


def source(config: FileConfig) -> FileSource:
    """The source of that configuration."""
    return FileSource(config)
