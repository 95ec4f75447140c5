"""Links as people type them, made comparable. Pure text: nothing here looks anything up or calls anywhere."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import idna

LONGEST_LINK = 2000
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\x00-\x08\x0e-\x1f\x7f]+")
_ENDS_A_PATH = re.compile(r"[\s\\%?#]")
"""What a decoded path may hold, and what would be read as another thing, or as the link's end, where it stands bare."""
_OPENING = "<([{\"'«‹“‘„"
_CLOSING = ">\"'»›”’.,;:!?…"
_BRACKETS = {")": "(", "]": "[", "}": "{"}
_WHOLE_LINK = re.compile(r"https?:/\S+", re.IGNORECASE)
_SCHEME = re.compile(r"^([a-z][a-z0-9+.-]*):/+", re.IGNORECASE)
_NAME_AT = re.compile(r"^@[^@/\s]+(?:@(?P<host>[^@/\s]+))?$")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_REF = r"(?P<ref>[\w.~:@!$+()',-]{1,200})"


@dataclass(frozen=True)
class Link:
    """A link taken apart: `host` in lower-case ASCII, with its port unless that is the usual one.

    `fragment` only where it is a path by itself, as in the addresses of web clients (`#/room/…`).
    """

    scheme: str
    host: str
    path: str
    query: str
    fragment: str = ""

    @property
    def url(self) -> str:
        """The link put together again, so that it is read as the same: a space in a path is `%20`, as in an address."""
        path = _ENDS_A_PATH.sub(lambda found: quote(found.group(), safe=""), self.path)
        url = f"{self.scheme}://{self.host}{path}" + (f"?{self.query}" if self.query else "")
        return f"{url}#{self.fragment}" if self.fragment else url


def read(text: str) -> Link | None:
    """Take a typed link apart; None where no web address can be read from it."""
    typed = _bare(text)
    if not typed or len(typed) > LONGEST_LINK:
        return None
    scheme = _SCHEME.match(typed)
    rest = typed[scheme.end() :] if scheme else typed.lstrip("/")
    name = (scheme.group(1) if scheme else "https").lower()
    if name not in _DEFAULT_PORTS:
        return None
    try:
        parts = urlsplit(f"{name}://{rest}")
        port = parts.port
    except ValueError:
        return None
    host = ascii_host(parts.hostname or "")
    if not host or "@" in parts.netloc:  # user@host only serves to deceive: `photos.example@elsewhere`
        return None
    if port is not None and port != _DEFAULT_PORTS[name]:
        host = f"{host}:{port}"
    path = _plain_path(parts.path)
    while (
        not parts.query and (ended := _trimmed(path).rstrip("/")) != path
    ):  # `/p/x./`: a sentence's end, too
        path = ended
    fragment = parts.fragment if parts.fragment.startswith("/") else ""
    return Link(name, host, path, parts.query, fragment)


def name_at(text: str) -> tuple[bool, str]:
    """Whether somebody typed a user's name, `@name` or `@name@host`, and the host if it is there."""
    match = _NAME_AT.match(_bare(text))
    return (True, ascii_host(match.group("host") or "")) if match else (False, "")


def ascii_host(host: str) -> str:
    """A host's name in lower-case ASCII, or "" where it is none."""
    host = host.strip().rstrip(".").lower()
    if not host:
        return ""
    if ":" in host:  # an IPv6 address, without its brackets
        return f"[{host}]" if re.fullmatch(r"[0-9a-f:.]+", host) else ""
    try:
        return idna.encode(host, uts46=True).decode() if not host.isascii() else _ascii(host)
    except (idna.IDNAError, UnicodeError):
        return ""


def configured_host(host: str) -> str:
    """A host[:port] of the configuration, written as `read` writes the hosts of links."""
    link = read(f"http://{host}")
    return link.host.removesuffix(":443") if link else ""


def ref_in(link: Link, patterns: tuple[str, ...]) -> tuple[str, str] | None:
    """Ref and kind by the first of the patterns that the whole path, and the query it names, match."""
    asked = dict(parse_qsl(link.query, keep_blank_values=True))
    for pattern in patterns:
        path, keys, kind = _compiled(pattern)
        match = path.fullmatch(link.path)
        if match is None:
            continue
        found = match.groupdict().get("ref")
        for key, value in keys:
            given = asked.get(key, "")
            if value == "{ref}" and re.fullmatch(_REF, given):
                found = given
            elif value != given:
                break
        else:
            if found:
                return unicodedata.normalize("NFC", found), kind
    return None


@lru_cache(maxsize=256)
def _compiled(entry: str) -> tuple[re.Pattern[str], list[tuple[str, str]], str]:
    """`/p/{ref}` or `/viewtopic.php?p={ref} text`: what the path and the query match, and the kind."""
    pattern, _, kind = entry.partition(" ")
    path, _, query = pattern.partition("?")
    before, has_ref, after = path.rstrip("/").partition("{ref}")
    regex = re.escape(before) + (_REF if has_ref else "") + re.escape(after)
    return re.compile(regex), parse_qsl(query), kind or "image"


def _bare(text: str) -> str:
    """The link alone, without invisible characters and without what a sentence puts around it."""
    words = _INVISIBLE.sub("", text[: 4 * LONGEST_LINK]).split()
    if not words:
        return ""
    whole = next((match.group() for word in words if (match := _WHOLE_LINK.search(word))), None)
    likely = next(
        (word for word in words if "." in word.strip(_CLOSING) or "/" in word or "@" in word), words[0]
    )
    word = (whole or likely).replace("\\", "/")
    if len(word) > LONGEST_LINK:  # no link, and what follows takes the square of its length
        return word
    return _trimmed(unicodedata.normalize("NFC", word))


def _trimmed(word: str) -> str:
    """Without quotes, brackets and punctuation around it; a bracket that the link opens itself stays."""
    word = word.lstrip(_OPENING)
    while word:
        opening = _BRACKETS.get(word[-1])
        unopened = opening is not None and word.count(word[-1]) > word.count(opening)
        if word[-1] not in _CLOSING and not unopened:
            break
        word = word[:-1]
    return word


def _plain_path(path: str) -> str:
    """Decoded once, one slash where several were typed, none at the end."""
    plain = unicodedata.normalize("NFC", unquote(path))
    return re.sub(r"/{2,}", "/", _INVISIBLE.sub("", plain)).rstrip("/")


def _ascii(host: str) -> str:
    """The host if it is made of what names of hosts are made of, else ""."""
    return host if re.fullmatch(r"(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?", host) else ""
