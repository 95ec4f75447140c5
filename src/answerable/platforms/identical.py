"""Platforms that hide files rather than items: what hides or shows one shows every other with the same bytes."""

import hashlib

from answerable.cases.models import Item
from answerable.platforms.base import AnswerMalformed
from answerable.policy.words import Visibility


def stays_hidden(platform: str, sha256: str, *, but: str) -> bool:
    """Whether another item of that platform with the same bytes is to be hidden or gone now."""
    same = Item.objects.filter(
        platform=platform, content__sha256=sha256, wanted__in=[Visibility.HIDDEN, Visibility.GONE]
    )
    return bool(sha256) and same.exclude(ref=but).exists()


def check(data: bytes, sha256: str) -> None:
    """Raise AnswerMalformed where the bytes aren't those of that digest; an empty one says nothing."""
    if sha256 and hashlib.sha256(data).hexdigest() != sha256:
        raise AnswerMalformed("the bytes are not those that the platform names")
