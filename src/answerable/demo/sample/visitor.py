"""Somebody with a browser, as a program: signs in, uploads, looks, over real HTTP like anybody else."""

import html
import re
from types import TracebackType

import httpx

_LINK = re.compile(r"^/(?:p|m)/([A-Za-z0-9]+)$")
_NOTE = re.compile(r'<p class="note[^"]*" role="status">(.*?)</p>', re.DOTALL)


class NotPosted(Exception):
    """The site did not take it. The message is what it said."""


class Visitor:
    """One browser session on the site. A context manager; without a name, a stranger."""

    def __init__(self, url: str, name: str = "", timeout_seconds: float = 20.0) -> None:
        self.url = url.rstrip("/")
        self._client = httpx.Client(base_url=self.url, timeout=timeout_seconds, trust_env=False)
        if name:
            self.sign_in(name)

    def __enter__(self) -> "Visitor":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def sign_in(self, name: str) -> None:
        """Sign in; a new name makes a new account."""
        self._post("/sign-in", {"name": name})

    def upload(self, data: bytes, caption: str = "") -> str:
        """Share a picture; gives its ref, or "" when it is held for a look. Raises NotPosted."""
        return self._posted(self._post("/new", {"caption": caption}, data))

    def send(self, to: str, text: str = "", data: bytes | None = None) -> str:
        """Send a private message; gives its ref, or "" when it is held. Raises NotPosted."""
        return self._posted(self._post("/messages/send", {"to": to, "text": text}, data))

    def set_picture(self, data: bytes) -> None:
        """Change the profile picture."""
        self._post("/picture", {}, data)

    def edit(self, ref: str, caption: str, data: bytes | None = None) -> None:
        """Change the words of one's own post, or its picture. Raises NotPosted."""
        self._posted(self._post(f"/p/{ref}/edit", {"caption": caption}, data))

    def delete(self, ref: str) -> None:
        """Delete one's own post or message."""
        self._post(f"/items/{ref}/delete", {})

    def repost(self, ref: str) -> int:
        """Show somebody's post on one's own page; gives the status."""
        return self._post(f"/p/{ref}/repost", {}).status_code

    def page(self, path: str) -> httpx.Response:
        """Open a page, as it is, without following redirects. Opening a post is a view."""
        return self._client.get(path)

    def sees(self, ref: str) -> bool:
        """Whether this visitor gets the bytes of an item, at their own address."""
        return self._client.get(f"/media/{ref}").status_code == 200

    def _post(self, path: str, fields: dict[str, str], data: bytes | None = None) -> httpx.Response:
        if "lumen_csrf" not in self._client.cookies:
            self._client.get("/sign-in")
        files = {"picture": ("picture", data)} if data is not None else None
        headers = {"x-csrftoken": self._client.cookies["lumen_csrf"]}
        return self._client.post(path, data=fields, files=files, headers=headers)

    def _posted(self, answer: httpx.Response) -> str:
        if answer.status_code != 302:
            note = _NOTE.search(answer.text)
            raise NotPosted(html.unescape(note.group(1)).strip() if note else f"status {answer.status_code}")
        link = _LINK.match(answer.headers["location"])
        return link.group(1) if link else ""
