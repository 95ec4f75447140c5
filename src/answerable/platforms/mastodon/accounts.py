"""What Mastodon knows of an account, in the desk's words."""

from contextlib import suppress
from ipaddress import ip_address

from answerable.platforms.facts import MOST, AccountFacts, Contact, Sighting
from answerable.platforms.mastodon.wire import AdminAccountFacts, SeenFrom


def facts(found: AdminAccountFacts) -> AccountFacts:
    """What moderators are told, as one value. A bio is HTML, as Mastodon writes it."""
    shown = found.account
    return AccountFacts(
        account=found.id,
        screen_name=(shown.acct if shown else found.username)[:300],
        display_names=(shown.display_name,) if shown and shown.display_name else (),
        profile_urls=(shown.url,) if shown and shown.url else (),
        bio=shown.note[:5000] if shown else "",
        emails=(Contact(value=found.email, verified=found.confirmed),) if found.email else (),
        registered_at=found.created_at,
        seen=tuple(one for one in map(_sighting, found.ips[:MOST]) if one is not None),
    )


def _sighting(seen: SeenFrom) -> Sighting | None:
    with suppress(ValueError):
        return Sighting(ip=ip_address(seen.ip), at=seen.used_at, event="login")
    return None
