"""Which item a file is, by its path: what an operator says with --ref-from, --url, --account and --kind."""

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import quote

from answerable.matching.backfill.pieces import Place
from answerable.platforms import registry

MOST_CHARACTERS: Final = 200
"""Of a ref, as the platform contract says."""
WORDS: Final = ("relative-path", "name", "stem")
_FIELD = re.compile(r"\{([a-z_]+)\}")


class Misnamed(Exception):
    """The items would get names by which nobody finds them. The message says which option to change."""


@dataclass(frozen=True, slots=True)
class Naming:
    """How paths name items.

    ref_from: `relative-path`, `name` (the file's name), `stem` (without its ending), or a regular expression that
    matches a whole path and has a group `ref`; further groups may be used in `url` and `account`.
    url, account: templates such as https://photos.example/p/{ref}; fields are `ref`, `path` and the groups.
    """

    platform: str
    ref_from: str = "relative-path"
    url: str = ""
    account: str = ""
    kind: str = ""

    def check(self) -> None:
        """Raises Misnamed where this can name nothing, UnknownPlatform."""
        registry.platform(self.platform)
        pattern = self._pattern()
        if self.ref_from not in WORDS and pattern is None:
            raise Misnamed(
                f"--ref-from is {', '.join(WORDS)}, or a regular expression with a group (?P<ref>…), "
                f"not {self.ref_from!r}."
            )
        known = {"ref", "path", *(pattern.groupindex if pattern else ())}
        for template in (self.url, self.account):
            if unknown := sorted(set(_FIELD.findall(template)) - known):
                raise Misnamed(f"{template!r} has {{{unknown[0]}}}: there are {', '.join(sorted(known))}.")

    def place(self, path: str) -> Place | None:
        """The item at that path (parts divided by /); None where the path names none.

        Raises Misnamed when its address names another item by the platform's `item_paths`.
        """
        found = self._found(path)
        ref = found.get("ref", "")
        if not is_ref(ref):
            return None
        url = _filled(self.url, {name: quote(value, safe="") for name, value in found.items()})
        self.check_address(ref, url)
        account = _filled(self.account, found)
        return Place(ref, url=url, account=account if is_ref(account) else "", kind=self.kind)

    def check_address(self, ref: str, url: str) -> None:
        """Whoever reports that address has to reach this item. Raises Misnamed; an empty one is not checked."""
        located = registry.locate(url) if url else None
        if located and (located.platform != self.platform or located.ref not in (None, ref)):
            leads_to = f"{located.platform or 'no platform'} {located.ref or ''}".strip()
            raise Misnamed(
                f"The item {ref!r} of {self.platform} would have the address {url}, which by the configuration "
                f"(`hosts`, `item_paths`) leads to {leads_to}: people who report it would not reach the item."
            )

    def digest(self, source: str) -> str:
        """The name of a run: the same source with the same naming is taken up, any other begins anew."""
        text = json.dumps([source, asdict(self)], sort_keys=True)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    def _found(self, path: str) -> dict[str, str]:
        match self.ref_from:
            case "relative-path":
                return {"path": path, "ref": path}
            case "name":
                return {"path": path, "ref": PurePosixPath(path).name}
            case "stem":
                return {"path": path, "ref": PurePosixPath(path).stem}
        pattern = self._pattern()
        matched = pattern.fullmatch(path) if pattern else None
        if matched is None:
            return {}
        return {"path": path, **{name: value or "" for name, value in matched.groupdict().items()}}

    def _pattern(self) -> re.Pattern[str] | None:
        if self.ref_from in WORDS:
            return None
        try:
            pattern = re.compile(self.ref_from)  # compiled once: `re` keeps it
        except re.error as error:
            raise Misnamed(f"--ref-from is no regular expression: {error}.") from error
        return pattern if "ref" in pattern.groupindex else None


def is_ref(text: str) -> bool:
    """Whether the contract and the database take it as a name."""
    if not 0 < len(text) <= MOST_CHARACTERS or "\x00" in text:
        return False
    return text.isascii() or text.encode("utf-8", "replace").decode() == text


def _filled(template: str, found: dict[str, str]) -> str:
    return _FIELD.sub(lambda field: found.get(field[1], ""), template)
