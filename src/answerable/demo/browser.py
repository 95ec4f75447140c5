"""A browser without a screen and without scripts: pages, their forms, cookies. For every door alike."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

import httpx

Values = dict[str, list[str]]


@dataclass
class Form:
    """A form as its page gives it: where it goes, and what it holds before anybody touches it."""

    action: str
    name: str = ""
    values: Values = field(default_factory=dict)
    submits: list[tuple[str, str]] = field(default_factory=list)


class _Forms(HTMLParser):
    """Collects forms, also of fields that stand elsewhere and name their form."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.pictures: list[str] = []
        self.links: list[str] = []
        self._open: Form | None = None
        self._text: tuple[Form, str] | None = None
        self._select: tuple[Form, str] | None = None
        self._loose: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take what a form may need."""
        a = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = Form(a.get("action", ""), a.get("id", ""))
            self.forms.append(self._open)
        elif tag == "img":
            self.pictures.append(a.get("src", ""))
        elif tag == "a":
            self.links.append(a.get("href", ""))
        elif tag in ("input", "button", "textarea", "select"):
            self._control(tag, a)
        elif tag == "option" and self._select is not None:
            form, name = self._select
            if "selected" in a or name not in form.values:
                form.values[name] = [a.get("value", "")]

    def _control(self, tag: str, a: dict[str, str]) -> None:
        form = self._form_named(a["form"]) if "form" in a else self._open
        name, kind = a.get("name", ""), a.get("type", "text")
        if form is None or not name:
            return
        if tag == "button" or kind == "submit":
            form.submits.append((name, a.get("value", "")))
        elif tag == "textarea":
            self._text = (form, name)
            form.values[name] = [""]
        elif tag == "select":
            self._select = (form, name)
        elif kind not in ("radio", "checkbox") or "checked" in a:
            form.values.setdefault(name, []).append(a.get("value", "on" if kind == "checkbox" else ""))

    def _form_named(self, name: str) -> Form | None:
        return next((form for form in self.forms if form.name == name), None)

    def handle_data(self, data: str) -> None:
        """The words in a text field."""
        if self._text is not None:
            form, name = self._text
            form.values[name] = [form.values[name][0] + data]

    def handle_endtag(self, tag: str) -> None:
        """Where a form or a field ends."""
        if tag == "form":
            self._open = None
        elif tag == "textarea":
            self._text = None
        elif tag == "select":
            self._select = None


@dataclass(frozen=True)
class Page:
    """A page that a door gave."""

    status: int
    url: str
    content: bytes

    @property
    def text(self) -> str:
        """Its source."""
        return self.content.decode("utf-8", "replace")

    def _parsed(self) -> _Forms:
        parsed = _Forms()
        parsed.feed(self.text)
        return parsed

    def forms(self) -> list[Form]:
        """Its forms, in order."""
        return self._parsed().forms

    def pictures(self) -> list[str]:
        """Where its pictures come from; those it carries itself as data."""
        return self._parsed().pictures

    def links(self) -> list[str]:
        """Where its links lead."""
        return self._parsed().links

    def form(self, *, name: str = "", to: str = "", holding: str = "") -> Form:
        """The first form of that id, whose action ends so, or that holds a field of that name."""
        for form in self.forms():
            fits = (not name or form.name == name) and (not to or form.action.endswith(to))
            if fits and (not holding or holding in form.values):
                return form
        raise PageUnexpected(f"{self.url} ({self.status}) has no form {name or to or holding!r}.")


class PageUnexpected(Exception):
    """A door gave another page than a person would have expected here."""


class Browser:
    """One person's browser: cookies of its own, redirects followed, nothing run."""

    def __init__(self, url: str, timeout_seconds: float = 60.0) -> None:
        self._client = httpx.Client(
            base_url=url, timeout=timeout_seconds, trust_env=False, follow_redirects=True
        )

    def get(self, path: str) -> Page:
        """Open an address."""
        return _page(self._client.get(path))

    def submit(self, page: Page, form: Form, pressed: tuple[str, str] | None = None, **typed: str) -> Page:
        """Send a form with what was typed, and with the button that was pressed."""
        values: Values = {**form.values, **{name: [value] for name, value in typed.items()}}
        if pressed is not None:
            values[pressed[0]] = [pressed[1]]
        address = httpx.URL(page.url).join(form.action or page.url)
        return _page(self._client.post(address, data=values))

    def close(self) -> None:
        """Close it."""
        self._client.close()


def _page(answer: httpx.Response) -> Page:
    return Page(answer.status_code, str(answer.url), answer.content)
