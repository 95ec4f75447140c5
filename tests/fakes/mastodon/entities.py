"""What the fake holds, and how it writes it down: Account, Status, MediaAttachment, Report and their Admin forms."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

BEGAN = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)


def stamp(second: int) -> str:
    """A time as Mastodon writes it."""
    return (BEGAN + timedelta(seconds=second)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class Person:
    """An account; `token` opens what `scopes` and `permissions` allow."""

    id: str
    username: str
    token: str = ""
    scopes: frozenset[str] = frozenset()
    permissions: frozenset[str] = frozenset()
    domain: str | None = None
    suspended: bool = False
    avatar: str = "/avatars/original/missing.png"
    letters: list[str] = field(default_factory=list)


@dataclass
class File:
    """An uploaded file: served at its path for as long as `kept`."""

    id: str
    owner: str
    data: bytes = field(repr=False)
    type: str = "image"
    kept: bool = True

    @property
    def path(self) -> str:
        return f"/system/media_attachments/files/{self.id}/original/{int(self.id) * 7919:016x}.png"


@dataclass
class Post:
    """A status. A moderator's deletion discards it: reports still show it, and its files stay for thirty days."""

    id: str
    owner: str
    text: str
    files: list[File] = field(default_factory=list)
    visibility: str = "public"
    edited: int | None = None
    discarded: bool = False


@dataclass
class Flag:
    """A report."""

    id: str
    by: str
    about: str
    posts: list[str]
    comment: str
    category: str
    rules: list[str]
    forwarded: bool
    closed_by: str | None = None
    assigned: str | None = None
    changed: int = 0


class Writer:
    """The entities in JSON. `url`: where the server is."""

    def __init__(self, people: dict[str, Person], posts: dict[str, Post]) -> None:
        self.people, self.posts = people, posts
        self.url = ""

    def account(self, person: Person) -> dict[str, Any]:
        acct = person.username if person.domain is None else f"{person.username}@{person.domain}"
        picture = "/avatars/original/missing.png" if person.suspended else person.avatar
        return {
            "id": person.id,
            "username": person.username,
            "acct": acct,
            "display_name": "" if person.suspended else person.username.title(),
            "locked": False,
            "bot": False,
            "created_at": stamp(0),
            "note": "",
            "url": f"{self.url}/@{acct}",
            "uri": f"{self.url}/users/{person.username}",
            "avatar": self.url + picture,
            "avatar_static": self.url + picture,
            "header": self.url + "/headers/original/missing.png",
            "header_static": self.url + "/headers/original/missing.png",
            "followers_count": 0,
            "following_count": 0,
            "statuses_count": 0,
            "last_status_at": None,
            "emojis": [],
            "fields": [],
            **({"suspended": True} if person.suspended else {}),
        }

    def admin_account(self, person: Person) -> dict[str, Any]:
        return {
            "id": person.id,
            "username": person.username,
            "domain": person.domain,
            "created_at": stamp(0),
            "email": None if person.domain else f"{person.username}@people.example",
            "ip": None,
            "ips": [] if person.domain else [{"ip": "203.0.113.7", "used_at": stamp(0)}],
            "locale": "en",
            "invite_request": None,
            "role": None,
            "confirmed": True,
            "approved": True,
            "disabled": False,
            "silenced": False,
            "suspended": person.suspended,
            "sensitized": False,
            "account": self.account(person),
        }

    def file(self, file: File) -> dict[str, Any]:
        return {
            "id": file.id,
            "type": file.type,
            "url": self.url + file.path,
            "preview_url": self.url + file.path.replace("original", "small"),
            "remote_url": None,
            "meta": {},
            "description": None,
            "blurhash": None,
        }

    def status(self, post: Post) -> dict[str, Any]:
        owner = self.people[post.owner]
        return {
            "id": post.id,
            "created_at": stamp(int(post.id) % 1000),
            "edited_at": stamp(post.edited) if post.edited is not None else None,
            "in_reply_to_id": None,
            "in_reply_to_account_id": None,
            "sensitive": False,
            "spoiler_text": "",
            "visibility": post.visibility,
            "language": "en",
            "uri": f"{self.url}/users/{owner.username}/statuses/{post.id}",
            "url": f"{self.url}/@{owner.username}/{post.id}",
            "replies_count": 0,
            "reblogs_count": 0,
            "favourites_count": 0,
            "content": f"<p>{post.text}</p>",
            "reblog": None,
            "account": self.account(owner),
            "media_attachments": [self.file(one) for one in post.files],
            "mentions": [],
            "tags": [],
            "emojis": [],
            "card": None,
            "poll": None,
        }

    def report(self, flag: Flag) -> dict[str, Any]:
        return {
            "id": flag.id,
            "action_taken": flag.closed_by is not None,
            "action_taken_at": stamp(flag.changed) if flag.closed_by else None,
            "category": flag.category,
            "comment": flag.comment,
            "forwarded": flag.forwarded,
            "created_at": stamp(int(flag.id)),
            "status_ids": flag.posts or None,
            "rule_ids": flag.rules or None,
            "target_account": self.account(self.people[flag.about]),
        }

    def admin_report(self, flag: Flag) -> dict[str, Any]:
        def person(number: str | None) -> dict[str, Any] | None:
            return self.admin_account(self.people[number]) if number else None

        return {
            "id": flag.id,
            "action_taken": flag.closed_by is not None,
            "action_taken_at": stamp(flag.changed) if flag.closed_by else None,
            "category": flag.category,
            "comment": flag.comment,
            "forwarded": flag.forwarded,
            "created_at": stamp(int(flag.id)),
            "updated_at": stamp(flag.changed),
            "account": person(flag.by),
            "target_account": person(flag.about),
            "assigned_account": person(flag.assigned),
            "action_taken_by_account": person(flag.closed_by),
            "statuses": [self.status(self.posts[one]) for one in flag.posts if one in self.posts],
            "rules": [],
        }
