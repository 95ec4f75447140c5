"""What people stated about the desk, and what it tried by itself. Rows are added; the newest of a line counts."""

from typing import ClassVar

from django.db import models

from answerable.cases.models import Person


class Confirmation(models.Model):
    """A person of the desk stated a line of the checklist that no code can check."""

    line = models.CharField(max_length=80)
    basis = models.CharField(
        max_length=64, help_text="of what it was stated; another one is asked about anew"
    )
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    note = models.CharField(max_length=300, help_text="where the proof lies; no names of outside people")
    at = models.DateTimeField()
    taken_back_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["line", "at"])]


class Trial(models.Model):
    """Something was tried with the outside, or took too long for a page: what came of it."""

    line = models.CharField(max_length=80)
    basis = models.CharField(max_length=64)
    at = models.DateTimeField()
    passed = models.BooleanField()
    said = models.CharField(max_length=300)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["line", "at"])]
