"""Personal text: the only table that holds people's words and contacts, encrypted, erased on schedule."""

from typing import ClassVar

from django.db import models


class PersonalText(models.Model):
    """One statement, contact, signature, message or reason. `db.personal` writes and opens it."""

    kind = models.CharField(max_length=12, help_text="statement, contact, signature, message, reason")
    wrapped_key = models.BinaryField(help_text="this row's data key, wrapped by the key file")
    ciphertext = models.BinaryField(help_text="AES-256-GCM, nonce first")
    erase_after = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["erase_after"])]
