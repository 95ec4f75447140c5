"""Encrypting and decrypting with age, as streams: memory stays the same whatever the size.

pyrage pulls from a file and pushes to another, so each stream has a thread of its own and a pipe of the kernel to it.
"""

import hashlib
import io
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO, Any, Final, Protocol

import pyrage

from answerable.evidence.errors import EvidenceError, NotRead, NotStored, ObjectDamaged, OtherBytes

CHUNK_BYTES: Final = 256 * 1024


class Sink(Protocol):
    """Where encrypted bytes go."""

    def write(self, data: bytes, /) -> int:
        """Take all of it. Raises OSError."""

    def flush(self) -> None:
        """Nothing is held back."""


@dataclass(frozen=True, slots=True)
class Digest:
    """What one end of a stream saw: SHA-256 (hexadecimal) and size in bytes."""

    sha256: str
    size: int


class _Counting:
    """A sink that counts and hashes what goes through it, and keeps the error that pyrage would hide."""

    def __init__(self, sink: Sink) -> None:
        self._sink, self._hash, self._size = sink, hashlib.sha256(), 0
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        try:
            self._sink.write(data)
        except OSError as error:
            self.error = error
            raise
        self._hash.update(data)
        self._size += len(data)
        return len(data)

    def flush(self) -> None:
        self._sink.flush()

    @property
    def digest(self) -> Digest:
        return Digest(self._hash.hexdigest(), self._size)


class _Source:
    """A file of encrypted bytes that keeps the error of a read: pyrage would call it damage."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.error: Exception | None = None

    def read(self, size: int = -1) -> bytes:
        try:
            return self._file.read(size)
        except Exception as error:
            self.error = error
            raise

    def close(self) -> None:
        self._file.close()


class _Branch:
    """One encrypted copy in the making."""

    def __init__(self, sink: Sink, recipients: Sequence[str]) -> None:
        self._recipients = [pyrage.x25519.Recipient.from_str(one) for one in recipients]
        self._out = _Counting(sink)
        self._failed: Exception | None = None
        reading, writing = os.pipe()
        self._reading = os.fdopen(reading, "rb", buffering=CHUNK_BYTES)
        self._writing = os.fdopen(writing, "wb", buffering=0)
        self._thread = threading.Thread(target=self._seal, name="sealing", daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view:
                view = view[self._writing.write(view) or 0 :]
        except OSError:  # its thread gave up
            self.close()
            self._raise()
            raise

    def end(self) -> Digest:
        self.close()
        self._raise()
        return self._out.digest

    def close(self) -> None:
        self._writing.close()
        self._thread.join()

    def _seal(self) -> None:
        try:
            pyrage.encrypt_io(self._reading, self._out, self._recipients)
        except Exception as error:  # noqa: BLE001  handed to the thread that writes
            self._failed = error
        finally:
            self._reading.close()

    def _raise(self) -> None:
        error = self._out.error or self._failed
        if error is not None:
            raise NotStored(_named(error)) from error


class Sealing:
    """One pass over bytes: hashed, and encrypted into several sinks at once, each to its own recipients.

    Raises NotStored where a sink takes no more.
    """

    def __init__(self, targets: Sequence[tuple[Sink, Sequence[str]]]) -> None:
        """`recipients`: age public keys, at least one for each sink."""
        self._hash, self._size = hashlib.sha256(), 0
        self._branches: list[_Branch] = []
        try:
            for sink, recipients in targets:
                self._branches.append(_Branch(sink, recipients))
        except BaseException:
            self.abandon()
            raise

    def write(self, data: bytes) -> None:
        """Take the next bytes."""
        self._hash.update(data)
        self._size += len(data)
        for branch in self._branches:
            branch.write(data)

    def end(self, expected_sha256: str = "") -> tuple[Digest, list[Digest]]:
        """What went in, and what came out at each sink. Raises OtherBytes where it isn't what was expected."""
        plain = Digest(self._hash.hexdigest(), self._size)
        if expected_sha256 and plain.sha256 != expected_sha256:
            self.abandon()
            raise OtherBytes(plain.sha256[:12])
        return plain, [branch.end() for branch in self._branches]

    def abandon(self) -> None:
        """Stop: what the sinks have is worth nothing."""
        for branch in self._branches:
            branch.close()


class Opened(io.RawIOBase):
    """Decrypted bytes as a file that is read once, from its beginning to its end.

    At the end it has compared size and SHA-256: what differs raises ObjectDamaged before the last read returns nothing.
    A seek answers only what a sender asks of a file before it begins: how long it is.
    """

    def __init__(
        self, sealed: IO[bytes], identity: str, plain: Digest, damaged: Callable[[], None] = lambda: None
    ) -> None:
        """`sealed` is closed with it. `identity`: the age secret key. `damaged` is called before ObjectDamaged."""
        super().__init__()
        self._sealed, self._plain, self._damaged = _Source(sealed), plain, damaged
        self._identity = pyrage.x25519.Identity.from_str(identity)
        self._hash, self._size, self._at_end = hashlib.sha256(), 0, False
        self._failed: Exception | None = None
        reading, writing = os.pipe()
        self._reading = os.fdopen(reading, "rb", buffering=CHUNK_BYTES)
        self._writing = os.fdopen(writing, "wb", buffering=0)
        self._thread = threading.Thread(target=self._open, name="opening", daemon=True)
        self._thread.start()

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Only to be asked how long it is."""
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        """The next bytes, at most `size`. Raises ObjectDamaged."""
        data = self._reading.read(-1 if size is None else size)
        self._hash.update(data)
        self._size += len(data)
        if size is None or size < 0 or (not data and size):
            self._check()
        return data

    def readinto(self, buffer: Any, /) -> int:
        """As `read`."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Before the first read: to the end, which says the length, and back. Raises UnsupportedOperation."""
        if self._size or offset:
            raise io.UnsupportedOperation("evidence is read once, from its beginning")
        self._at_end = whence == os.SEEK_END
        return self.tell()

    def tell(self) -> int:
        """Bytes read so far; the length after a seek to the end."""
        return self._plain.size if self._at_end else self._size

    def close(self) -> None:
        """Let go of it, also in the middle."""
        if not self.closed:
            self._reading.close()
            self._thread.join()
            self._sealed.close()
        super().close()

    def _open(self) -> None:
        try:
            pyrage.decrypt_io(self._sealed, self._writing, [self._identity])
        except Exception as error:  # noqa: BLE001  handed to the thread that reads
            self._failed = error
        finally:
            self._writing.close()

    def _check(self) -> None:
        self._thread.join()
        not_read = self._sealed.error  # the disk, or the bucket: the object may be whole
        if isinstance(not_read, EvidenceError):
            raise not_read
        if not_read is not None:
            raise NotRead(_named(not_read)) from not_read
        if self._failed is not None:
            self._damaged()
            raise ObjectDamaged(_named(self._failed)) from self._failed
        if (self._hash.hexdigest(), self._size) != (self._plain.sha256, self._plain.size):
            self._damaged()
            raise ObjectDamaged("other bytes than were captured")


def new_identity() -> str:
    """A new age secret key."""
    return str(pyrage.x25519.Identity.generate())


def recipient_of(identity: str) -> str:
    """The public key of a secret one. Raises EvidenceError."""
    try:
        return str(pyrage.x25519.Identity.from_str(identity.strip()).to_public())
    except pyrage.IdentityError as error:
        raise EvidenceError("this is no age secret key") from error


def is_recipient(text: str) -> bool:
    """Whether that is an age public key."""
    try:
        pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError:
        return False
    return True


def _named(error: Exception) -> str:
    """The error in a word: others' messages say nothing that is needed here."""
    if isinstance(error, OSError) and error.errno is not None:
        return os.strerror(error.errno)
    return type(error).__name__
