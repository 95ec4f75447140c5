"""Which platforms this desk answers for, and which of them a link belongs to."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import import_module
from types import MappingProxyType

from django.conf import settings

from answerable.platforms import links
from answerable.platforms.base import Named, Platform, UnknownPlatform
from answerable.settings.config import Config

MOST_PARTS = 20
"""Parts of a query that are tried one by one; real addresses need one or two."""


@dataclass(frozen=True)
class Located:
    """Where a link leads, from its text alone.

    `platform` None: none of ours. `ref` None: ours, and the platform has to be asked (`resolve`) what it
    names. `kind` is what stands at such an address, as the configuration says: image, profile, text …
    `link` is the link put in order, or as it was typed where it can't be read; `address` is where the item stands,
    without what its ref doesn't need: an app puts into a shared link who shared it.
    """

    link: str
    platform: str | None = None
    ref: str | None = None
    kind: str = "image"
    address: str = ""

    @property
    def known_site(self) -> bool:
        """Whether this desk answers for the site that the link names."""
        return self.platform is not None


def platforms() -> Mapping[str, Platform]:
    """The configured platforms by name. Nothing is read or called until one of them is asked something."""
    return _platforms(settings.CONFIG)


def platform(name: str) -> Platform:
    """The platform of that name. Raises UnknownPlatform."""
    try:
        return platforms()[name]
    except KeyError:
        raise UnknownPlatform(name) from None


def locate(link: str) -> Located:
    """Say which platform and item a typed link names. Never any I/O; never raises."""
    is_name, host = links.name_at(link)
    if is_name:
        return Located(link.strip(), _by_host(host) if host else _only_one())
    read = links.read(link)
    if read is None:
        return Located(link.strip())
    name = _by_host(read.host)
    named = platforms()[name].ref_of(read.url) if name else None
    if name is None or named is None:
        return Located(read.url, name)
    return Located(read.url, name, named.ref, named.kind.value, _shortest(read, platforms()[name], named))


def _shortest(link: links.Link, target: Platform, named: Named) -> str:
    """The link without those parts of its query that can go while it still names the same."""
    parts = link.query.split("&")
    without = replace(link, query="")
    if target.ref_of(without.url) == named:
        return without.url
    if len(parts) > MOST_PARTS:
        return link.url
    for part in parts:
        fewer = replace(link, query="&".join(one for one in link.query.split("&") if one != part))
        if target.ref_of(fewer.url) == named:
            link = fewer
    return link.url


def _by_host(host: str) -> str | None:
    hosts = _hosts(settings.CONFIG)
    return hosts.get(host) or hosts.get(host.removeprefix("www."))


def _only_one() -> str | None:
    """A name without a host is meant for the one platform there is; with several, nobody can tell."""
    names = list(platforms())
    return names[0] if len(names) == 1 else None


@lru_cache(maxsize=8)
def _platforms(config: Config) -> Mapping[str, Platform]:
    made: dict[str, Platform] = {}
    for entry in config.platforms:
        module = import_module(f"answerable.platforms.{entry.adapter}.adapter")
        made[entry.name] = module.Adapter(entry)
    return MappingProxyType(made)


@lru_cache(maxsize=8)
def _hosts(config: Config) -> Mapping[str, str]:
    return {links.configured_host(host): entry.name for entry in config.platforms for host in entry.hosts}


def media_hosts(name: str) -> tuple[str, ...]:
    """The hosts from which media of that platform may be fetched. Raises UnknownPlatform."""
    for entry in settings.CONFIG.platforms:
        if entry.name == name:
            return tuple(entry.media_hosts)
    raise UnknownPlatform(name)
