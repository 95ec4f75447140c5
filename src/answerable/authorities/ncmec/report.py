"""The `<report>`: what happened, where on the internet, who reports, whose account, who is the victim."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from answerable.authorities.ncmec.element import (
    ATTRIBUTE,
    CONTENT,
    Address2083,
    Country,
    Element,
    Flag,
    Long,
    Moment,
    Text,
    Text100,
    Text255,
    Text300,
    Words,
)
from answerable.authorities.ncmec.people import (
    Address,
    AssociatedAccount,
    ContactPerson,
    DeviceId,
    Email,
    EstimatedLocation,
    IpCaptureEvent,
    PermanentlyDisabled,
    Person,
    Phone,
    TemporarilyDisabled,
)
from answerable.authorities.ncmec.words import BatchReason, IncidentType


class BatchedReport(Element):
    """Several matters in one report; we file one account a report, and never write this."""

    reason: Annotated[BatchReason, ATTRIBUTE]


class ReportAnnotations(Element):
    """What else is true of the whole report."""

    sextortion: Flag = False
    csam_solicitation: Flag = False
    minor_to_minor_interaction: Flag = False
    spam: Flag = False
    sadistic_online_exploitation: Flag = False


class IncidentSummary(Element):
    """What happened, and when. `escalate_to_high_priority` is the reason itself."""

    incident_type: IncidentType
    platform: Annotated[Text | None, Field(max_length=256)] = None
    escalate_to_high_priority: Words | None = None
    report_annotations: ReportAnnotations | None = None
    incident_date_time: Moment
    incident_date_time_description: Annotated[Text | None, Field(max_length=3000)] = None


class WebPageIncident(Element):
    """Something on a page."""

    third_party_hosted_content: Annotated[bool | None, ATTRIBUTE] = None
    url: tuple[Text, ...] = ()
    additional_info: Text | None = None


class EmailIncident(Element):
    """Something in an email."""

    email_address: tuple[Email, ...] = ()
    content: Text | None = None
    additional_info: Text | None = None


class NewsgroupIncident(Element):
    """Something in a newsgroup."""

    name: Text255 | None = None
    email_address: tuple[Email, ...] = ()
    content: Text | None = None
    additional_info: Text | None = None


class ChatImIncident(Element):
    """Something in a direct message or a chat."""

    chat_client: Text255 | None = None
    chat_room_name: Text255 | None = None
    content: Text | None = None
    additional_info: Text | None = None


class OnlineGamingIncident(Element):
    """Something in a game."""

    game_name: Text255 | None = None
    console: Text255 | None = None
    content: Text | None = None
    additional_info: Text | None = None


class CellPhoneIncident(Element):
    """Something on a telephone."""

    phone_number: Phone | None = None
    latitude: float | None = None
    longitude: float | None = None
    additional_info: Text | None = None


class NonInternetIncident(Element):
    """Something at a place."""

    location_name: Text255 | None = None
    incident_address: tuple[Address, ...] = ()
    additional_info: Text | None = None


class Peer2peerIncident(Element):
    """Something shared between machines."""

    client: Text255 | None = None
    ip_capture_event: tuple[IpCaptureEvent, ...] = ()
    file_names: Text | None = None
    additional_info: Text | None = None


class InternetDetails(Element):
    """Where it happened: exactly one of these."""

    web_page_incident: WebPageIncident | None = None
    email_incident: EmailIncident | None = None
    newsgroup_incident: NewsgroupIncident | None = None
    chat_im_incident: ChatImIncident | None = None
    online_gaming_incident: OnlineGamingIncident | None = None
    cell_phone_incident: CellPhoneIncident | None = None
    non_internet_incident: NonInternetIncident | None = None
    peer2peer_incident: Annotated[Peer2peerIncident | None, Field(alias="peer2peerIncident")] = None

    @model_validator(mode="after")
    def is_exactly_one(self) -> Self:
        """Refuse none and several."""
        if sum(getattr(self, name) is not None for name in type(self).model_fields) != 1:
            raise ValueError("internetDetails holds exactly one kind of incident")
        return self


class LegalProcess(Element):
    """Whether a foreign authority has served legal process, and of which country."""

    text: Annotated[bool, CONTENT]
    flea_country: Annotated[Country | None, ATTRIBUTE] = None


class LawEnforcement(Element):
    """An agency that knows of it already."""

    agency_name: Text255
    case_number: Text100 | None = None
    officer_contact: ContactPerson | None = None
    reported_to_le: bool | None = None
    served_legal_process_domestic: bool | None = None
    served_legal_process_international: LegalProcess | None = None


class Reporter(Element):
    """The provider that files this."""

    reporting_person: Person
    contact_person: ContactPerson | None = None
    company_template: Text | None = None
    terms_of_service: Annotated[Text | None, Field(max_length=3000)] = None
    legal_url: Annotated[Address2083 | None, Field(alias="legalURL")] = None


class PersonOrUserReported(Element):
    """The account whose holder is reported."""

    person_or_user_reported_person: Person | None = None
    vehicle_description: Text300 | None = None
    esp_identifier: Text255 | None = None
    esp_service: Text100 | None = None
    compromised_account: bool | None = None
    screen_name: Text | None = None
    display_name: tuple[Text, ...] = ()
    profile_url: tuple[Address2083, ...] = ()
    profile_bio: Text | None = None
    ip_capture_event: tuple[IpCaptureEvent, ...] = ()
    device_id: tuple[DeviceId, ...] = ()
    third_party_user_reported: bool | None = None
    prior_c_t_reports: Annotated[tuple[Long, ...], Field(alias="priorCTReports")] = ()
    group_identifier: Text255 | None = None
    account_temporarily_disabled: TemporarilyDisabled | None = None
    account_permanently_disabled: PermanentlyDisabled | None = None
    estimated_location: EstimatedLocation | None = None
    all_emails_reported: bool | None = None
    associated_account: tuple[AssociatedAccount, ...] = ()
    additional_info: Text | None = None


class IntendedRecipient(Element):
    """The account that something was meant for."""

    intended_recipient_person: Person | None = None
    esp_identifier: Text255 | None = None
    esp_service: Text100 | None = None
    compromised_account: bool | None = None
    screen_name: Text | None = None
    display_name: tuple[Text, ...] = ()
    profile_url: tuple[Address2083, ...] = ()
    profile_bio: Text | None = None
    ip_capture_event: tuple[IpCaptureEvent, ...] = ()
    device_id: tuple[DeviceId, ...] = ()
    prior_c_t_reports: Annotated[tuple[Long, ...], Field(alias="priorCTReports")] = ()
    group_identifier: Text255 | None = None
    account_temporarily_disabled: TemporarilyDisabled | None = None
    account_permanently_disabled: PermanentlyDisabled | None = None
    estimated_location: EstimatedLocation | None = None
    all_emails_reported: bool | None = None
    additional_info: tuple[Text, ...] = ()


class Victim(Element):
    """A child that this was done to, and their account."""

    victim_person: Person
    esp_identifier: Text255 | None = None
    esp_service: Text100 | None = None
    compromised_account: bool | None = None
    screen_name: Text | None = None
    display_name: tuple[Text, ...] = ()
    profile_url: tuple[Address2083, ...] = ()
    profile_bio: Text | None = None
    ip_capture_event: tuple[IpCaptureEvent, ...] = ()
    device_id: tuple[DeviceId, ...] = ()
    school_name: Text255 | None = None
    prior_c_t_reports: Annotated[tuple[Long, ...], Field(alias="priorCTReports")] = ()
    account_temporarily_disabled: TemporarilyDisabled | None = None
    account_permanently_disabled: PermanentlyDisabled | None = None
    estimated_location: EstimatedLocation | None = None
    all_emails_reported: bool | None = None
    associated_account: tuple[AssociatedAccount, ...] = ()
    additional_info: Text | None = None


class Report(Element):
    """One report. Of `person_or_user_reported` the schema would take several; NCMEC's text says one."""

    batched_report: BatchedReport | None = None
    incident_summary: IncidentSummary
    internet_details: tuple[InternetDetails, ...] = ()
    law_enforcement: LawEnforcement | None = None
    reporter: Reporter
    person_or_user_reported: PersonOrUserReported | None = None
    intended_recipient: tuple[IntendedRecipient, ...] = ()
    victim: tuple[Victim, ...] = ()
    additional_info: Text | None = None

    def xml(self) -> bytes:
        """The document for `/submit`."""
        return self.write("report")
