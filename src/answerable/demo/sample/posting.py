"""What people do to items: post, edit, delete. Each change owes the desk its event, in one transaction."""

import io
import secrets
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import transaction
from PIL import Image, UnidentifiedImageError

from answerable.demo.sample import desk, outbox, shown, storage
from answerable.demo.sample.models import Item, Person

MOST_BYTES = 12_000_000
MOST_PIXELS = 40_000_000
MEDIA_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


class Refused(Exception):
    """That can't be posted. The message says why, politely."""


@dataclass(frozen=True)
class Upload:
    """Bytes that are an image, and what the desk said of them."""

    data: bytes
    media_type: str
    verdict: desk.Verdict
    screened: bool


def received(data: bytes, author: Person) -> Upload:
    """Check an upload and have it screened, before anything of it is shown. Raises Refused."""
    if author.suspended:
        raise Refused("This account can't post at the moment.")
    media_type = image_type(data)
    try:
        verdict = desk.screen(data, media_type, author.name)
    except desk.DeskUnreachable:
        return Upload(data, media_type, desk.Verdict.HOLD, screened=False)
    except desk.DeskRefused:
        return Upload(data, media_type, desk.Verdict.HOLD, screened=True)
    if verdict is desk.Verdict.BLOCK:
        raise Refused(
            "This picture can't be shared here: it matches one that was removed. "
            "If you think that is a mistake, or if you are in it, tell us through the report desk."
        )
    return Upload(data, media_type, verdict, screened=True)


def image_type(data: bytes) -> str:
    """The media type of an image that this site takes. Raises Refused."""
    if not data:
        raise Refused("Choose a picture first.")
    if len(data) > MOST_BYTES:
        raise Refused("That picture is larger than 12 MB.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the line below is stricter
            with Image.open(io.BytesIO(data), formats=list(MEDIA_TYPES)) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise Refused("That picture has more than 40 megapixels.")
                image.load()
                return MEDIA_TYPES[str(image.format)]
    except (UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise Refused("That file is not a picture that can be shown here: use JPEG, PNG or WebP.") from error
    except (OSError, SyntaxError, ValueError) as error:
        raise Refused("That picture is damaged: it ends before it is whole, or can't be read.") from error


def post(author: Person, upload: Upload, caption: str) -> Item:
    """A new post; held ones are stored and shown to nobody."""
    return _create(Item(kind="post", ref=new_ref(), author=author, caption=caption), upload)


def send(author: Person, recipient: Person, upload: Upload | None, text: str) -> Item:
    """A private message, with or without a picture."""
    if author.suspended:
        raise Refused("This account can't post at the moment.")
    if upload is None and not text:
        raise Refused("Write something, or choose a picture.")
    return _create(
        Item(kind="message", ref=new_ref(), author=author, recipient=recipient, caption=text), upload
    )


def set_picture(person: Person, upload: Upload) -> Item:
    """A profile picture: the item is the profile, the new picture is its new content."""
    existing = Item.objects.filter(ref=person.name).first()
    if existing is not None:
        return edit(existing, caption="", upload=upload)
    return _create(Item(kind="profile", ref=person.name, author=person), upload)


def edit(item: Item, caption: str, upload: Upload | None) -> Item:
    """New words, or a new picture at the same address. What the desk took from view stays as it is."""
    if shown.visibility(item) in ("hidden", "gone"):
        raise Refused("This can't be changed while it is not visible.")
    old = item.sha256
    with transaction.atomic():
        item.caption = caption
        if upload is not None:
            item.sha256 = storage.write(upload.data)
            item.media_type = upload.media_type
            item.held = upload.verdict is desk.Verdict.HOLD
            item.to_screen = not upload.screened
        item.save()
        if not item.to_screen:  # otherwise it is told of when it has been screened
            outbox.say("item.edited", item, held=item.held)
    if upload is not None and old != item.sha256 and not item.frozen:
        _destroy_unless_used(old)
    return item


def delete(item: Item) -> None:
    """Take it from view for good; the bytes go too, unless the desk froze them."""
    with transaction.atomic():
        item.deleted_at = datetime.now(UTC)
        item.save(update_fields=["deleted_at"])
        outbox.say("item.deleted", item, deleted_at=item.deleted_at.isoformat())
    if not item.frozen:
        _destroy_unless_used(item.sha256)


def new_ref() -> str:
    """A short random name that begins with a digit, as no person's name does."""
    return secrets.choice("23456789") + "".join(secrets.choice(ALPHABET) for _ in range(8))


def _create(item: Item, upload: Upload | None) -> Item:
    item.posted_at = datetime.now(UTC)
    if upload is not None:
        item.sha256 = storage.write(upload.data)
        item.media_type = upload.media_type
        item.held = upload.verdict is desk.Verdict.HOLD
        item.to_screen = not upload.screened
    with transaction.atomic():
        item.save()
        if not item.to_screen:  # otherwise it is registered when it has been screened
            outbox.say("item.registered", item, held=item.held)
    return item


def _destroy_unless_used(sha256: str) -> None:
    in_use = Item.objects.filter(sha256=sha256).exclude(deleted_at__isnull=False, frozen=False)
    if sha256 and not in_use.exists():
        storage.destroy(sha256)
