"""Personal text is unreadable at rest, opens with the key file, and is gone once erased."""

from datetime import datetime

import pytest
from django.db import connection

from answerable.db import personal
from answerable.db.models import PersonalText

pytestmark = pytest.mark.django_db


def test_a_sealed_text_opens_again(now: datetime) -> None:
    row = personal.seal("statement", "Dana: it's me — c'est moi", now)
    row.save()
    assert personal.open_text(PersonalText.objects.get(pk=row.pk)) == "Dana: it's me — c'est moi"
    assert row.erase_after == now


def test_nothing_readable_reaches_the_database() -> None:
    personal.seal("contact", "dana@example.org").save()
    with connection.cursor() as cursor:
        cursor.execute("SELECT kind, wrapped_key, ciphertext FROM db_personaltext")
        [(kind, key, ciphertext)] = cursor.fetchall()
    assert kind == "contact"
    assert b"dana" not in bytes(key) + bytes(ciphertext)


def test_the_same_text_twice_looks_different() -> None:
    first, second = (personal.seal("contact", "dana@example.org") for _ in range(2))
    assert first.ciphertext != second.ciphertext
    assert first.wrapped_key != second.wrapped_key


@pytest.mark.parametrize("part", ["wrapped_key", "ciphertext"])
def test_a_changed_byte_is_noticed(part: str) -> None:
    row = personal.seal("statement", "words")
    changed = bytearray(getattr(row, part))
    changed[-1] ^= 1
    setattr(row, part, bytes(changed))
    with pytest.raises(personal.PersonalTextUnreadable):
        personal.open_text(row)


def test_a_contact_can_not_be_passed_off_as_a_message() -> None:
    row = personal.seal("contact", "dana@example.org")
    row.kind = "message"
    with pytest.raises(personal.PersonalTextUnreadable):
        personal.open_text(row)


def test_a_kind_that_nobody_defined_is_refused() -> None:
    with pytest.raises(ValueError, match="not 'diary'"):
        personal.seal("diary", "words")


def test_erasing_leaves_no_row() -> None:
    row = personal.seal("statement", "words")
    row.save()
    personal.erase(row)
    assert not PersonalText.objects.exists()


def test_only_what_is_numbered_is_erased() -> None:
    kept, first, second = (personal.seal("statement", "words") for _ in range(3))
    for row in (kept, first, second):
        row.save()
    personal.erase_numbered([first.pk, second.pk])
    assert list(PersonalText.objects.values_list("pk", flat=True)) == [kept.pk]
