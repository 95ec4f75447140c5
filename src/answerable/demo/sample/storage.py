"""The bytes, in files named by their SHA-256."""

import hashlib
import os
import tempfile

from answerable.demo.sample import settings


def write(data: bytes) -> str:
    """Keep the bytes; gives their name. The same bytes are kept once."""
    name = hashlib.sha256(data).hexdigest()
    path = settings.MEDIA / name
    if not path.exists():
        descriptor, temporary = tempfile.mkstemp(dir=settings.MEDIA)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    return name


def read(name: str) -> bytes:
    """The bytes of that name. Raises FileNotFoundError."""
    return bytes((settings.MEDIA / name).read_bytes())


def destroy(name: str) -> None:
    """Remove the bytes for good."""
    (settings.MEDIA / name).unlink(missing_ok=True)
