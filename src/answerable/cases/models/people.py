"""The people who decide. A person may have several sign-ins and is still one person (rule 10)."""

from django.db import models


class Person(models.Model):
    """One member of staff, or an outside second, by a pseudonym."""

    pseudonym = models.CharField(max_length=60, unique=True)
    qualifications = models.JSONField(default=list, help_text='such as ["child_safety", "intimate_images"]')
    lead = models.BooleanField(default=False)
    administrator = models.BooleanField(default=False)
    outside = models.BooleanField(
        default=False, help_text="an outside second: judges what the desk lacks people for"
    )
    on_call = models.BooleanField(default=False)
    active = models.BooleanField(default=True)

    def is_qualified(self, qualification: str | None) -> bool:
        """Whether this person may judge what asks for that qualification (None: anybody may)."""
        return self.active and (qualification is None or qualification in self.qualifications)
