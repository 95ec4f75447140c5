"""What the desk is still to be told, on disk."""

import json
import logging
import os
import time
from pathlib import Path
from typing import Any

logger = logging.getLogger(__name__)

AT_A_TIME = 50


class Spool:
    """What the desk is still to be told: a file for each accepted upload, on disk before the upload is answered."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._refused = folder / "refused"
        self._refused.mkdir(parents=True, exist_ok=True, mode=0o700)

    def put(self, media_id: str, *, held: bool, screened: str) -> None:
        """Keep an upload to be told. Raises OSError: then the upload must not be accepted."""
        at = time.time()
        entry = {"media_id": media_id, "at": at, "held": held, "screened": screened}
        path = self._folder / f"{int(at * 1000):015d}-{media_id}.json"
        unfinished = path.with_suffix(".part")
        with unfinished.open("w") as file:
            json.dump(entry, file)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def oldest(self) -> list[tuple[Path, dict[str, Any]]]:
        """The entries that have waited longest, a few."""
        names = sorted(name for name in os.listdir(self._folder) if name.endswith(".json"))
        found = []
        for name in names[:AT_A_TIME]:
            path = self._folder / name
            try:
                found.append((path, json.loads(path.read_text())))
            except ValueError:
                self.refuse(path, "it can't be read")
        return found

    def taken(self, path: Path) -> None:
        """The desk took it."""
        path.unlink(missing_ok=True)

    def refuse(self, path: Path, why: str) -> None:
        """The desk will never take it as it is: a person looks at it."""
        logger.error("The desk refused what was told of an upload, kept in %s: %s", self._refused, why)
        path.rename(self._refused / path.name)
