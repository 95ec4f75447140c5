"""Key files: made once, mode 0600, in `<data>/keys`, which belongs outside backups of the database."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path


def read_key(data: Path, name: str, size: int = 32) -> bytes:
    """The key of that name; made on first use. Raises PermissionError when others could read it."""
    return read_or_make(data, name, lambda: secrets.token_bytes(size))


def read_or_make(data: Path, name: str, new: Callable[[], bytes]) -> bytes:
    """The key of that name; where there is none, `new()`, written first. Raises PermissionError as `read_key`."""
    path = data / "keys" / name
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make(path, new())
    if path.stat().st_mode & 0o077:
        raise PermissionError(f"{path} can be read by others: run `chmod 600 {path}`.")
    return path.read_bytes()


def _make(path: Path, key: bytes) -> None:
    """Write the whole key or nothing: two processes starting together end with one and the same."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(temporary, path)
    except FileExistsError:
        return
    finally:
        temporary.unlink()
