"""What this desk calls things on a Matrix homeserver, and the links by which people name them. Pure text."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

from answerable.platforms.base import ItemKind, Named

LONGEST: Final = 300
_SERVER = r"[A-Za-z0-9.:\[\]-]{1,255}"
_MEDIA_ID = r"[A-Za-z0-9_-]{1,255}"
_ROOM = r"![^/\s?]{1,254}"
_EVENT = r"\$[^/\s?]{1,254}"
_USER = r"@[^/\s?]{1,254}"
_REF = re.compile(
    rf"media/(?P<server>{_SERVER})/(?P<media>{_MEDIA_ID})|event/(?P<at>{_ROOM})/(?P<event>{_EVENT})"
    rf"|room/(?P<room>{_ROOM})|user/(?P<user>{_USER})"
)
_MXC = re.compile(rf"mxc://(?P<server>{_SERVER})/(?P<media>{_MEDIA_ID})")
_MEDIA_PATH = re.compile(
    rf"/_matrix/(?:client/v1/media|media/(?:v3|r0|v1))/(?:download|thumbnail)/"
    rf"(?P<server>{_SERVER})/(?P<media>{_MEDIA_ID})(?:/[^/]*)?"
)
_ROUTE = re.compile(rf"/(?:room/|user/)?(?:(?P<room>{_ROOM})(?:/(?P<event>{_EVENT}))?|(?P<user>{_USER}))/?")


@dataclass(frozen=True)
class Mxc:
    """One upload: the server that has it, and its id there."""

    server: str
    media_id: str

    @property
    def path(self) -> str:
        """As it stands in the paths of the API."""
        return f"{self.server}/{self.media_id}"


@dataclass(frozen=True)
class Thing:
    """A ref taken apart: exactly one of an upload, a room's event, a room, a user."""

    media: Mxc | None = None
    room: str = ""
    event: str = ""
    user: str = ""


def thing(ref: str) -> Thing | None:
    """Take a ref apart; None where it is none of this adapter's."""
    found = _REF.fullmatch(ref)
    if found is None:
        return None
    if found["media"]:
        return Thing(media=Mxc(found["server"], found["media"]))
    return Thing(
        room=found["at"] or found["room"] or "", event=found["event"] or "", user=found["user"] or ""
    )


def mxc(text: object) -> Mxc | None:
    """An `mxc://` address; None where it is none."""
    found = _MXC.fullmatch(text) if isinstance(text, str) else None
    return Mxc(found["server"], found["media"]) if found else None


def media_ref(media: Mxc) -> str:
    """The ref of an upload."""
    return f"media/{media.path}"


def event_ref(room: str, event: str) -> str:
    """The ref of an event; empty where the desk has no room for it (names of the first room versions)."""
    return _ref(f"event/{room}/{event}")


def room_ref(room: str) -> str:
    """The ref of a room; empty where the desk has no room for it."""
    return _ref(f"room/{room}")


def user_ref(user: str) -> str:
    """The ref of a user; empty where the desk has no room for it."""
    return _ref(f"user/{user}")


def _ref(text: str) -> str:
    return text if len(text) <= LONGEST and _REF.fullmatch(text) else ""


def in_link(url: str) -> Named | None:
    """What a link names: an upload at an address of the API; by `matrix.to` or a web client an event, a room, a user.

    Of an event nobody can say without asking what it is: here it is a text.
    """
    parts = urlsplit(url)
    path = _MEDIA_PATH.fullmatch(unquote(parts.path))
    if path:
        return Named(media_ref(Mxc(path["server"], path["media"])), ItemKind.IMAGE)
    route = _ROUTE.fullmatch(unquote(parts.fragment).partition("?")[0])
    if route is None:
        return None
    if route["event"]:
        named = Named(event_ref(route["room"], route["event"]), ItemKind.TEXT)
    elif route["room"]:
        named = Named(room_ref(route["room"]), ItemKind.ROOM)
    else:
        named = Named(user_ref(route["user"]), ItemKind.ACCOUNT)
    return named if named.ref else None
