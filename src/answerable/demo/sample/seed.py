"""Accounts and pictures for a first look at the site."""

import secrets
from datetime import UTC, datetime, timedelta

from django.db import transaction

from answerable.demo.sample import outbox, pictures, posting, settings, storage
from answerable.demo.sample.models import Item, Person

PEOPLE = (
    ("ines", "Inès Laurent", "Dunes, dawns and a very old camera."),
    ("tomas", "Tomás Vega", "Walks uphill, takes pictures, walks down again."),
    ("mei", "Mei Tanaka", "Colours of the coast."),
    ("oskar", "Oskar Lind", "Forests, mostly before breakfast."),
    ("uri", "Uri", "New here."),
)
POSTS = (
    ("ines", "First light over the ridge"),
    ("tomas", "Four hours up, one sandwich, this view"),
    ("mei", "The bay, just before the rain"),
    ("oskar", "Quiet morning"),
    ("ines", "The last of the heat"),
    ("mei", "Every blue there is"),
    ("tomas", "Above the clouds for once"),
    ("oskar", "Pines, mist, coffee"),
    ("ines", "Somebody asked for more dunes"),
    ("uri", "Sunset from the road"),
    ("mei", "Low tide"),
    ("tomas", "The valley we came from"),
)


def once() -> None:
    """Make the demo's accounts and posts, unless there is somebody already."""
    if Person.objects.exists():
        return
    now = datetime.now(UTC)
    files = [pictures.jpeg(pictures.landscape(number)) for number in range(len(POSTS))]
    faces = [pictures.jpeg(pictures.landscape(100 + n, 400, 400)) for n in range(len(PEOPLE))]
    with transaction.atomic():
        people = {
            name: Person.objects.create(
                name=name, shown_name=shown, about=about, joined_at=now - timedelta(days=400)
            )
            for name, shown, about in PEOPLE
        }
        for person, face in zip(people.values(), faces, strict=True):
            _add(Item(kind="profile", ref=person.name, author=person, posted_at=now), face)
        for number, (name, caption) in enumerate(POSTS):
            item = Item(kind="post", ref=posting.new_ref(), author=people[name], caption=caption)
            item.posted_at = now - timedelta(hours=7 * (len(POSTS) - number), minutes=13 * number)
            item.views = item.views_told = 40 + secrets.randbelow(900)
            _add(item, files[number])
        message = Item(
            kind="message",
            ref=posting.new_ref(),
            author=people["tomas"],
            recipient=people["mei"],
            caption="You would have liked this one.",
            posted_at=now - timedelta(hours=3),
        )
        _add(message, pictures.jpeg(pictures.landscape(50)))


def _add(item: Item, data: bytes) -> None:
    """Stored like any upload; shown at once, because this site made it. The desk hears of it when it can."""
    settings.MEDIA.mkdir(exist_ok=True)
    item.sha256 = storage.write(data)
    item.media_type = "image/jpeg"
    item.save()
    outbox.say("item.registered", item, held=False)
