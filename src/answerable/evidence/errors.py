"""What can be wrong with evidence; each class's docstring is the message."""


class EvidenceError(Exception):
    """Evidence could not be kept or read."""

    def __init__(self, detail: str = "") -> None:
        """`detail`: a digest, a name of an error; never content."""
        self.detail = detail
        super().__init__(detail)

    def __str__(self) -> str:
        said = " ".join((type(self).__doc__ or "").split())
        return f"{said} ({self.detail})" if self.detail else said


class AnotherDesk(EvidenceError):
    """The evidence store is of another log than this database has: its configuration was copied from another desk, or
    an older database was put back. Nothing in it is swept: put the newer database back, or name a store of your own."""


class NotStored(EvidenceError):
    """The evidence store took no more bytes: look whether its disk is full or its folder can be written."""


class BucketFailed(NotStored):
    """The bucket of the evidence doesn't answer, or failed: nothing is lost, and it is tried again."""


class BucketRefused(NotStored):
    """The evidence's bucket refuses it: look at the credentials of [[buckets]], and at what their key may do."""


class NotRead(EvidenceError):
    """The evidence store gave no bytes: look at its disk and who may read its folder, or whether its bucket answers."""


class OtherBytes(EvidenceError):
    """The bytes that came are not those of the expected SHA-256: nothing was kept of them."""


class ObjectMissing(EvidenceError):
    """An object of the evidence is not in its store: put it back from a backup of the store."""


class ObjectDamaged(EvidenceError):
    """An object of the evidence was changed: put it back from a backup of the store."""


class KeyMissing(EvidenceError):
    """The working store's key of that month is not in the data directory: put `keys` back from its backup."""


class NoCustodian(EvidenceError):
    """No custodian's key is configured: write their `age` public keys into [evidence] of answerable.toml."""


class CaptureFirst(EvidenceError):
    """The evidence is not captured yet: until it is, the item stays hidden and is not removed."""
