"""What Synapse knows of a user, in the desk's words: addresses that they proved, and from where devices were used."""

from contextlib import suppress
from datetime import UTC, datetime
from ipaddress import ip_address

from answerable.platforms.facts import MOST, AccountFacts, Contact, Sighting
from answerable.platforms.synapse.wire import ThirdPartyId, UserFacts, Whois

MILLISECONDS_FROM: int = 100_000_000_000
"""No time in seconds is as large before the year 5138."""


def facts(account: str, user: UserFacts, whois: Whois) -> AccountFacts:
    """Both answers as one."""
    seen = [
        sighting
        for device in whois.devices.values()
        for session in device.sessions
        for connection in session.connections
        if (sighting := _sighting(connection.ip, connection.last_seen)) is not None
    ]
    seen.sort(key=lambda one: one.at or datetime.min.replace(tzinfo=UTC), reverse=True)
    created = user.creation_ts
    return AccountFacts(
        account=account,
        screen_name=account[:300],
        display_names=(user.displayname,) if user.displayname else (),
        emails=tuple(_contact(one) for one in user.threepids if one.medium == "email")[:MOST],
        phones=tuple(_contact(one) for one in user.threepids if one.medium == "msisdn")[:MOST],
        registered_at=_at(created if created >= MILLISECONDS_FROM else created * 1000) if created else None,
        seen=tuple(seen[:MOST]),
    )


def _sighting(ip: str, at: int | None) -> Sighting | None:
    with suppress(ValueError):  # older Synapse writes "-" where it doesn't know
        return Sighting(ip=ip_address(ip), at=_at(at) if at else None, event="login")
    return None


def _contact(one: ThirdPartyId) -> Contact:
    proved = one.validated_at
    return Contact(value=one.address, verified=bool(proved), verified_at=_at(proved) if proved else None)


def _at(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
