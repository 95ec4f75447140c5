"""The worker's sign of life: a small file, written each second while its loop turns."""

import json
import os
import time
from pathlib import Path
from typing import Final

NAME: Final = "worker.ready"
FRESH_SECONDS: Final = 5.0


def beat(data: Path, in_hand: int) -> None:
    """Say that the worker is alive, and how much it has in hand."""
    temporary = data / f".{NAME}.{os.getpid()}"
    temporary.write_text(json.dumps({"pid": os.getpid(), "in_hand": in_hand}))
    temporary.replace(data / NAME)


def is_ready(data: Path, within_seconds: float = FRESH_SECONDS) -> bool:
    """Whether a worker of this desk was alive in the last seconds, for whoever supervises it."""
    try:
        return time.time() - (data / NAME).stat().st_mtime < within_seconds
    except FileNotFoundError:
        return False


def end(data: Path) -> None:
    """Take the sign away, when the worker stops."""
    (data / NAME).unlink(missing_ok=True)
