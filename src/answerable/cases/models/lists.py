"""Hash lists that others keep, and what they hold: where each fingerprint came from, under which terms."""

from typing import ClassVar

from django.db import models

LIST_KINDS = ("sha256", "sha1", "md5", "pdq")
"""Kinds of fingerprints that are kept. Uploads are compared by all of them but SHA-1, of which items have none."""


CLAIMING_SOURCES = ("stopncii",)


class HashList(models.Model):
    """One list of one source, as it was read last. Its entries are what `KnownChange` rows say of it, too."""

    name = models.CharField(
        max_length=30, unique=True, help_text="such as ncmec or iwf.images; never changes"
    )
    source = models.CharField(max_length=20, help_text="the kind of source: file, ncmec, stopncii …")
    terms = models.CharField(max_length=300, default="", help_text="what the operator may do with it")
    made_at = models.DateTimeField()
    checkpoint = models.JSONField(
        default=dict, help_text="where a fetch goes on; only the source understands it"
    )
    tried_at = models.DateTimeField(null=True, help_text="the last fetch began")
    retrieved_at = models.DateTimeField(
        null=True, help_text="the last fetch that ended with nothing more to read"
    )
    failed_since = models.DateTimeField(
        null=True, help_text="the first failure since the last fetch that ended"
    )
    last_error = models.CharField(max_length=300, default="")
    alarmed_at = models.DateTimeField(null=True, help_text="people were paged that it fails or is stale")
    off_at = models.DateTimeField(null=True, help_text="nothing of it counts any more, and it is not fetched")

    @property
    def is_claimed(self) -> bool:
        """Whether it holds what people say of themselves, unseen: it never decides, whatever it is called (rule 6)."""
        return self.source in CLAIMING_SOURCES


class ListEntry(models.Model):
    """One fingerprint of one record of a list. `cause` of its `KnownChange` rows is "entry:<its number>".

    A record that several members of a list have stands there once for each, under their keys: its fingerprint is
    known while any is left.
    """

    hash_list = models.ForeignKey(HashList, on_delete=models.PROTECT, related_name="entries")
    key = models.CharField(max_length=200, help_text="the source's own identity of the record")
    kind = models.CharField(max_length=6, choices=[(kind, kind) for kind in LIST_KINDS])
    value = models.BinaryField(max_length=32)
    label = models.CharField(max_length=28, default="", help_text="the source's class of it, such as A1")
    facts = models.JSONField(default=dict, help_text="what else is kept of the record; no personal data")
    added_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True, help_text="its source withdrew it, or the list is off")

    told = models.CharField(max_length=8, default="", help_text="affirmed or refuted, as its source was told")
    telling = models.CharField(
        max_length=8, default="", help_text="as above, while nobody knows if it arrived"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["hash_list", "key", "kind", "value"], name="list_entry_once"),
            models.CheckConstraint(condition=models.Q(kind__in=LIST_KINDS), name="list_entry_kind_is_one"),
        ]
        indexes: ClassVar = [models.Index(fields=["hash_list", "gone_at"])]

    @property
    def known_as(self) -> str:
        """The name under which `KnownChange` has it: the list's, and its class where it has one."""
        return known_as(self.hash_list.name, self.label)


class ListFault(models.Model):
    """A record that could not be read, passed over: where it stood and why. Never what stood there."""

    hash_list = models.ForeignKey(HashList, on_delete=models.PROTECT, related_name="faults")
    where = models.CharField(max_length=120)
    why = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["hash_list", "where"], name="list_fault_once"),
        ]


def known_as(name: str, label: str) -> str:
    """The name of a list's class, such as `ncmec.A1`; of an entry without a class the list's own."""
    return f"{name}.{label}" if label else name
