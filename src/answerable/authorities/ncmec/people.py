"""Persons, addresses, and what is known of accounts: the parts that several elements of a report have in common."""

from datetime import date
from typing import Annotated

from pydantic import Field, IPvAnyAddress

from answerable.authorities.ncmec.element import (
    ATTRIBUTE,
    CONTENT,
    Address2083,
    Country,
    Element,
    Long,
    Moment,
    State,
    Text,
    Text100,
    Text255,
)
from answerable.authorities.ncmec.words import AccountType, AddressType, EmailType, EventName, PhoneType


class Email(Element):
    """An email address, and whether anybody checked that it is theirs."""

    text: Annotated[Text255, CONTENT]
    type: Annotated[EmailType | None, ATTRIBUTE] = None
    verified: Annotated[bool | None, ATTRIBUTE] = None
    verification_date: Annotated[Moment | None, ATTRIBUTE] = None


class Phone(Element):
    """A telephone number."""

    text: Annotated[Text, Field(max_length=50), CONTENT]
    type: Annotated[PhoneType | None, ATTRIBUTE] = None
    verified: Annotated[bool | None, ATTRIBUTE] = None
    verification_date: Annotated[Moment | None, ATTRIBUTE] = None
    country_calling_code: Annotated[str | None, Field(pattern=r"^\+[0-9]{1,3}$"), ATTRIBUTE] = None
    extension: Annotated[str | None, Field(pattern=r"^[0-9]{1,10}$"), ATTRIBUTE] = None


class Address(Element):
    """A postal address."""

    type: Annotated[AddressType | None, ATTRIBUTE] = None
    address: Text255 | None = None
    city: Text100 | None = None
    zip_code: Annotated[Text | None, Field(max_length=20)] = None
    state: State | None = None
    non_usa_state: Text100 | None = None
    country: Country | None = None


class ContactPerson(Element):
    """Whom to ask."""

    first_name: Text100 | None = None
    last_name: Text100 | None = None
    phone: tuple[Phone, ...] = ()
    email: tuple[Email, ...] = ()
    address: tuple[Address, ...] = ()


class Person(ContactPerson):
    """A person, as far as anything is known."""

    age: Annotated[int | None, Field(ge=0, le=150)] = None
    date_of_birth: date | None = None


class EstimatedLocation(Element):
    """Where somebody seems to be."""

    verified: Annotated[bool | None, ATTRIBUTE] = None
    timestamp: Annotated[Moment | None, ATTRIBUTE] = None
    city: Text255 | None = None
    region: Text255 | None = None
    country_code: Country | None = None


class IpCaptureEvent(Element):
    """An IP address at a moment."""

    ip_address: IPvAnyAddress
    event_name: EventName | None = None
    date_time: Moment | None = None
    possible_proxy: bool | None = None
    port: Annotated[int | None, Field(ge=1, le=65535)] = None


class DeviceId(Element):
    """A device at a moment; `id_type` such as IMEI or SSID."""

    id_type: Text255
    id_value: Address2083
    event_name: EventName | None = None
    date_time: Moment | None = None


class PermanentlyDisabled(Element):
    """Whether an account was closed for good, since when, and whether its holder was told."""

    text: Annotated[bool, CONTENT]
    disabled_date: Annotated[Moment | None, ATTRIBUTE] = None
    user_notified: Annotated[bool | None, ATTRIBUTE] = None
    user_notified_date: Annotated[Moment | None, ATTRIBUTE] = None


class TemporarilyDisabled(PermanentlyDisabled):
    """Whether an account was suspended, and when it could be used again."""

    reenabled_date: Annotated[Moment | None, ATTRIBUTE] = None


class AssociatedPlatform(Element):
    """On which platform an associated account is."""

    text: Annotated[Text, CONTENT]
    third_party_user: Annotated[bool | None, ATTRIBUTE] = None


class AssociatedAccount(Element):
    """An account that is tied to the reported one."""

    type: Annotated[AccountType, ATTRIBUTE]
    platform: AssociatedPlatform | None = None
    first_name: Text100 | None = None
    middle_name: Text100 | None = None
    last_name: Text100 | None = None
    approximate_age: int | None = None
    date_of_birth: date | None = None
    phone: tuple[Phone, ...] = ()
    email: tuple[Email, ...] = ()
    all_emails_reported: bool | None = None
    address: tuple[Address, ...] = ()
    esp_service: Text100 | None = None
    esp_identifier: Text255 | None = None
    profile_url: tuple[Address2083, ...] = ()
    screen_name: Text | None = None
    display_name: tuple[Text, ...] = ()
    profile_bio: Text | None = None
    group_identifier: Text255 | None = None
    compromised_account: bool | None = None
    account_temporarily_disabled: TemporarilyDisabled | None = None
    account_permanently_disabled: PermanentlyDisabled | None = None
    ip_capture_event: tuple[IpCaptureEvent, ...] = ()
    device_id: tuple[DeviceId, ...] = ()
    prior_c_t_report: Annotated[tuple[Long, ...], Field(alias="priorCTReport")] = ()
    additional_info: Text | None = None
