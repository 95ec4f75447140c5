"""What a platform said of an account, as NCMEC's schema has it."""

from collections.abc import Collection, Iterator
from typing import Any, Final

from answerable.authorities.ncmec.people import (
    DeviceId,
    Email,
    IpCaptureEvent,
    Person,
    Phone,
    TemporarilyDisabled,
)
from answerable.authorities.ncmec.report import IntendedRecipient
from answerable.authorities.ncmec.words import EventName
from answerable.platforms.facts import AccountFacts, Contact, ItemFacts, Sighting

LONGEST_PHONE: Final = 50


def holder_fields(holder: AccountFacts | None) -> dict[str, Any]:
    """The fields of the account that is reported."""
    if holder is None:
        return {}
    emails = tuple(Email(**_contact(one)) for one in holder.emails)
    phones = tuple(Phone(**_contact(one)) for one in holder.phones if len(one.value) <= LONGEST_PHONE)
    seen = [one for one in (_address(sighting) for sighting in holder.seen) if one is not None]
    devices = [one for one in (_device(sighting) for sighting in holder.seen) if one is not None]
    suspended = holder.suspended_at
    return {
        "person_or_user_reported_person": Person(email=emails, phone=phones) if emails or phones else None,
        "screen_name": holder.screen_name or None,
        "display_name": holder.display_names,
        "profile_url": holder.profile_urls,
        "profile_bio": holder.bio or None,
        "ip_capture_event": tuple(seen),
        "device_id": tuple(devices),
        "account_temporarily_disabled": TemporarilyDisabled(text=True, disabled_date=suspended)
        if suspended
        else None,
    }


def holder_said(holder: AccountFacts | None) -> Iterator[str]:
    """What has no field of its own, in words."""
    if holder is None:
        yield "The platform's operator has said nothing more of it to the software that writes this report."
    elif holder.registered_at is not None:
        yield f"The account was made at {holder.registered_at.isoformat(timespec='seconds')}."


def recipients(
    holder: AccountFacts | None, refs: Collection[str], service: str
) -> Iterator[IntendedRecipient]:
    """To whom these items were sent, each account once."""
    items = [item for item in (holder.items if holder else ()) if item.ref in refs]
    found = {one.account: one for item in items for one in item.recipients}
    for one in found.values():
        yield IntendedRecipient(
            esp_identifier=one.account[:255], esp_service=service[:100], screen_name=one.screen_name or None
        )


def file_fields(item: ItemFacts | None) -> dict[str, Any]:
    """The fields of one file: what its uploader called it, and from where it was sent."""
    if item is None:
        return {}
    sent = item.sent_from
    device = _device(sent) if sent is not None else None
    return {
        "original_file_name": item.file_name or None,
        "ip_capture_event": _address(sent) if sent is not None else None,
        "device_id": (device,) if device is not None else (),
    }


def _contact(one: Contact) -> dict[str, Any]:
    return {"text": one.value, "verified": one.verified, "verification_date": one.verified_at}


def _address(seen: Sighting) -> IpCaptureEvent | None:
    if seen.ip is None:
        return None
    return IpCaptureEvent(
        ip_address=seen.ip,
        event_name=EventName(seen.event.capitalize()),
        date_time=seen.at,
        possible_proxy=seen.proxy,
        port=seen.port,
    )


def _device(seen: Sighting) -> DeviceId | None:
    if not seen.device_id or not seen.device_type:
        return None
    return DeviceId(
        id_type=seen.device_type,
        id_value=seen.device_id,
        event_name=EventName(seen.event.capitalize()),
        date_time=seen.at,
    )
