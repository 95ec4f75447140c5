"""Who signs in: a sign-in belongs to one person, and one person may have several sign-ins (rule 10)."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from answerable.cases.models import Person


class StaffAccount(models.Model):
    """One sign-in of one person. Whatever they do counts for the person, not for the sign-in."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="staff")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="sign_ins")


class SignInLink(models.Model):
    """A link that leads to the enrolment of a second factor, once. An invitation is one of these."""

    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the link's secret")
    account = models.ForeignKey(StaffAccount, on_delete=models.PROTECT, related_name="links")
    role = models.CharField(max_length=13, help_text="reviewer, lead or administrator, when it was made")
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(used_at__isnull=True) | models.Q(used_at__lte=models.F("expires_at")),
                name="link_not_used_after_it_expired",
            )
        ]
