"""`/h/hash`: the hashes of a file that is sent, or that lies at an address of one of the platform's media hosts."""

from dataclasses import dataclass

from answerable import media
from answerable.api.hma.asked import Asked, Missing
from answerable.api.hma.signals import CONTENT_TYPES, SignalType, signal_types_of
from answerable.api.problems import Problem
from answerable.api.screening import fingerprints_of_file
from answerable.media import Fingerprints
from answerable.platforms import registry


@dataclass(frozen=True, slots=True)
class Hashed:
    """A file's fingerprints, and which of them were asked for."""

    prints: Fingerprints
    types: list[SignalType]

    def signals(self) -> dict[str, str]:
        """Signal type -> hash. Raises Problem (400) where the file can't be read as what it is said to be."""
        found = {}
        for one in self.types:
            value = one.of(self.prints)
            if value is None:
                raise Problem(
                    400, f"This file can't be read as a {one.content_type}: it has no {one.name} hash."
                )
            found[one.name] = value
        return found


def hash_get(asked: Asked) -> dict[str, str]:
    """The hashes of what lies at `url`."""
    if "url" not in asked.query:
        raise Missing("url")
    return from_url(asked).signals()


def hash_post(asked: Asked) -> dict[str, str]:
    """The hashes of the file in the form."""
    return from_form(asked).signals()


def from_url(asked: Asked) -> Hashed:
    """Fetch what lies at `url` and hash it. Nothing but configured media hosts is called (rule 4). Raises Problem."""
    hosts = registry.media_hosts(asked.key.platform) if asked.key.platform else ()
    try:
        fetched = media.fetch(asked.query["url"], hosts)
    except media.HostNotConfigured as error:
        raise Problem(400, "Invalid or unsafe URL provided") from error
    except media.TooLarge as error:
        raise Problem(413, "Content too large") from error
    except media.FetchError as error:
        raise Problem(400, f"Failed to fetch URL: {error}") from error
    content_type = asked.query.get("content_type") or _content_type(fetched.media_type)
    types = signal_types_of(content_type, asked.query.get("types"))
    return Hashed(fingerprints_of_file(fetched.data), types)


def _content_type(media_type: str) -> str:
    for prefix, content_type in zip(("image", "video"), CONTENT_TYPES, strict=True):
        if media_type.startswith(prefix):
            return content_type
    raise Problem(
        400,
        f"unsupported url ContentType: '{media_type}', if you know the expected type, provide it with the "
        "content_type query param",
    )


def from_form(asked: Asked) -> Hashed:
    """The one file of a form, whose field is named after its content type. Raises Problem."""
    _fields, files = asked.form()
    if not files:
        raise Problem(400, "Missing multipart/form-data file upload")
    if len(files) > 1:
        raise Problem(400, "Only one file allowed per request")
    types = signal_types_of(files[0].field, asked.query.get("types"))
    return Hashed(fingerprints_of_file(files[0].data), types)
