"""The platforms that the desk answers for, and the hash lists that it holds."""

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urlsplit

from answerable.cases.models import PlatformWatch
from answerable.checklist.desk import is_public
from answerable.checklist.lines import Line, ask, check, skip
from answerable.matching.lists.states import states
from answerable.platforms import registry
from answerable.platforms.base import Capability, PlatformError
from answerable.settings.config import Config, Platform

AT_HOME = ("127.0.0.1", "localhost", "::1")


def lines(config: Config, now: datetime) -> Iterator[Line]:
    """The lines about platforms and lists."""
    if not config.platforms:
        missing = "Write [[platforms]] into answerable.toml: docs/platforms/README.md."
        yield check("platforms", "A platform is connected", good=False, done="", missing=missing)
    for entry in config.platforms:
        yield from _platform(entry)
    yield from _lists(now)


def _platform(entry: Platform) -> Iterator[Line]:
    key, title = f"platform.{entry.name}", f"{entry.name} is reached safely"
    host = (urlsplit(entry.base_url).hostname or "").lower()
    at_home = host in AT_HOME
    sample = at_home and entry.name == "sample"
    yield check(
        key,
        title,
        good=not sample and (at_home or entry.base_url.startswith("https://")),
        done=entry.base_url,
        missing="Take the sample site out of answerable.toml."
        if sample
        else f"{entry.base_url} is asked in clear: write an https address.",
    )
    yield from _watch(entry)
    strangers = [one for one in entry.hosts if not is_public(f"https://{one}")]
    yield check(
        f"{key}.hosts",
        f"Links to {entry.name} are those that people report",
        good=not strangers,
        done=", ".join(entry.hosts),
        missing=f"hosts of {entry.name} names what nobody outside can open: {', '.join(strangers)}.",
    )
    says = (
        f"Run `answerable platform check` against a staging copy of {entry.name}, all steps ok; state when."
        if entry.adapter == "http"
        else f"Report an item made for it on {entry.name}: see it hidden, removed and put back; state when."
    )
    tried_on = [entry.adapter, entry.base_url, list(entry.hosts), list(entry.item_paths), entry.options]
    yield ask(f"{key}.tried", f"Hiding, removing and putting back were tried on {entry.name}", says, tried_on)


def _watch(entry: Platform) -> Iterator[Line]:
    key, title = f"platform.{entry.name}.watched", f"The desk hears what is reported on {entry.name}"
    try:
        able = registry.platform(entry.name).capabilities
    except PlatformError as error:
        yield check(key, title, good=False, done="", missing=f"{entry.name} can't be used: {error}")
        return
    if Capability.WATCH not in able:
        yield skip(key, title, "It tells the desk by itself, or not at all: answerable platform list.")
        return
    row = PlatformWatch.objects.filter(platform=entry.name).first()
    good = row is not None and row.told_at is not None and row.failed_since is None
    yield check(
        key,
        title,
        good=good,
        done="It answers.",
        missing="It was not heard yet, or fails: answerable platform list.",
    )


def _lists(now: datetime) -> Iterator[Line]:
    held = [one for one in states(now) if not one.is_off]
    if not held:
        yield skip(
            "lists",
            "Hash lists of others are held",
            "None is configured: docs/hash-lists.md says where to ask.",
        )
    for one in held:
        key = f"list.{one.name}"
        yield check(
            key,
            f"The list {one.name} is read, and its terms are written down",
            good=not one.wrong and bool(one.terms.strip()) and one.retrieved_at is not None,
            done=one.terms,
            missing=one.wrong or "Write its `terms`, and fetch it: answerable lists list.",
        )
        says = "State that you agreed with its source on what you may do with it, and where that lies."
        yield ask(
            f"{key}.terms", f"The source of {one.name} lets this desk use it", says, one.name, one.terms
        )
