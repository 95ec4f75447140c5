"""Writing a report from what the desk knows. What isn't known is left out; nothing is said of a reporter."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from answerable.authorities.findings import ChildFinding
from answerable.authorities.ncmec import report as xml
from answerable.authorities.ncmec.facts import SAYS_WHO, Agency, Filed, Matter, clause_of, nobody_asked
from answerable.authorities.ncmec.file_details import FileAnnotations, FileDetails, OriginalFileHash
from answerable.authorities.ncmec.holder import file_fields, holder_fields, holder_said, recipients
from answerable.authorities.ncmec.incidents import GRAVEST_FIRST, Incident, incident_of
from answerable.authorities.ncmec.people import Email, Person, Phone
from answerable.authorities.ncmec.words import COUNTRIES, Classification
from answerable.cases.models import Account, Filing, FilingFile
from answerable.cases.queries.filings import OF_COPIES
from answerable.cases.request_inputs import Asks
from answerable.platforms.facts import AccountFacts
from answerable.policy.words import Age, Relation
from answerable.settings.config import Config, Ncmec, NcmecPlatform

TAKEN_BACK = "Please disregard the apparent violation"


class NoIncident(Exception):
    """NCMEC has no type of incident for this clause, or none that this software may choose: people file it."""


class NoNumber(Exception):
    """People filed it without writing down NCMEC's number: only they can say what is to be corrected."""


def report_of(matter: Matter, config: Config, ncmec: Ncmec) -> xml.Report:
    """The report about one account, with what its files show. Raises NoIncident."""
    incidents = [_incident(file) for file in matter.files]
    kind = min((one.type for one in incidents), key=GRAVEST_FIRST.index)
    flags = {name: True for one in incidents for name in one.annotations}
    first = min(matter.files, key=_when)
    platform = _platform(first.item.platform, ncmec)
    danger, refs = matter.danger_at, {file.item.ref for file in matter.files}
    summary = xml.IncidentSummary(
        incident_type=kind,
        platform=platform.name or first.item.platform,
        escalate_to_high_priority=_urgent(danger.isoformat(timespec="seconds")) if danger else None,
        report_annotations=xml.ReportAnnotations(**flags) if flags else None,
        incident_date_time=_when(first),
        incident_date_time_description=_when_said(first),
    )
    return xml.Report(
        incident_summary=summary,
        internet_details=tuple(_place(file, ncmec, matter.holder) for file in matter.files if file.item.url),
        law_enforcement=_agency(matter.agency),
        reporter=_reporter(ncmec),
        person_or_user_reported=_suspect(matter, ncmec),
        intended_recipient=tuple(recipients(matter.holder, refs, service_of(first.item.platform, ncmec))),
        victim=tuple(_victims(matter, ncmec)),
        additional_info="\n".join(_told(matter, config)),
    )


def correction_of(filing: Filing, withdrawn: Sequence[FilingFile], ncmec: Ncmec) -> xml.Report:
    """The report that takes these files of an earlier one back: NCMEC has no way to change one that was finished.

    It goes under the type of the earlier one, names its number, holds no file, and says what fell.
    """
    if filing.report_id is None:
        raise NoNumber
    lines = [
        f"This corrects CyberTipline report {filing.report_id}, which this provider filed.",
        f"{TAKEN_BACK} that it reports in the files below: on a second look, qualified people of this provider"
        " decided otherwise.",
        *(
            f"SHA-256 {file.content.sha256}" + (f", {file.content.item.url}" if file.content.item.url else "")
            for file in withdrawn
        ),
    ]
    left = filing.files.filter(finding__withdrawn_at__isnull=True).count()
    lines.append(f"Its other files ({left}) are reported as before." if left else "It holds no other file.")
    account = filing.account
    service = _platform(account.platform, ncmec).name or account.platform if account else None
    whose: dict[str, Any] = {
        "esp_identifier": account.ref[:255] if account else None,
        "esp_service": service,
        "prior_c_t_reports": (filing.report_id,),
    }
    is_victim = account is not None and not is_reported(account)
    of_copies = nobody_asked(account, [ChildFinding.of(file.finding) for file in filing.files.all()])
    files = [file.content.item for file in withdrawn]
    at = min(item.posted_at or item.registered_at for item in files) if files else filing.drafted_at
    clause = clause_of(withdrawn[0].finding) if files else ""
    incident = incident_of(clause)
    if incident is None:
        raise NoIncident(clause)
    return xml.Report(
        incident_summary=xml.IncidentSummary(
            incident_type=incident.type, platform=service, incident_date_time=at
        ),
        reporter=_reporter(ncmec),
        person_or_user_reported=None if is_victim or of_copies else xml.PersonOrUserReported(**whose),
        victim=(xml.Victim(victim_person=Person(), **whose),) if is_victim else (),
        additional_info="\n".join(lines),
    )


def details_of(
    file: FilingFile, report_id: int, clause: str, holder: AccountFacts | None = None, class_: str = ""
) -> FileDetails:
    """What is said of one file that was sent. `holder`: what the platform said of the account and its items. `class_`:
    on the industry's scale, where the provider signed the agreement on it; empty: not stated.
    """
    content, item = file.content, file.content.item
    incident = incident_of(clause)
    flags = {name: True for name in incident.of_files} if incident else {}
    hashes = [("SHA256", content.sha256), ("MD5", content.md5)]
    if content.pdq is not None:
        hashes.append(("PDQ", bytes(content.pdq).hex()))
    return FileDetails(
        report_id=report_id,
        file_id=file.file_id,
        file_name=name_of(file),
        **file_fields(holder.item(item.ref) if holder is not None else None),
        uploaded_to_esp_timestamp=item.posted_at,
        location_of_file=item.url[:2083] or None,
        file_viewed_by_esp=file.viewed,
        publicly_available=file.public,
        file_annotations=FileAnnotations(**flags) if flags else None,
        industry_classification=Classification(class_) if class_ else None,
        original_file_hash=tuple(
            OriginalFileHash(text=text, hash_type=kind) for kind, text in hashes if text
        ),
        additional_info=(f"Item {item.ref} of {item.platform}; clause {clause}.",),
    )


def name_of(file: FilingFile) -> str:
    """The name under which a file is sent: its number and its hash, nothing that a user wrote."""
    return f"{file.number:03}-{file.content.sha256[:16]}"


def _incident(file: Filed) -> Incident:
    incident = incident_of(file.clause)
    if incident is None:
        raise NoIncident(file.clause)
    return incident


def _platform(name: str, ncmec: Ncmec) -> NcmecPlatform:
    return ncmec.platforms.get(name) or NcmecPlatform()


def _when(file: Filed) -> datetime:
    return file.item.posted_at or file.item.first_notice_at or file.item.registered_at


def _when_said(file: Filed) -> str:
    if file.item.posted_at:
        return "When the earliest of the files was posted, as the platform says."
    return "When this provider first learned of the earliest of the files; when it was posted is not known."


def _urgent(at: str) -> str:
    return (
        f"Somebody who reported this told us, at {at}, that a child is in danger now. We did not verify it."
    )


def service_of(name: str, ncmec: Ncmec) -> str:
    """What a platform is called in reports."""
    return _platform(name, ncmec).name or name


def _place(file: Filed, ncmec: Ncmec, holder: AccountFacts | None) -> xml.InternetDetails:
    platform = _platform(file.item.platform, ncmec)
    service, url = platform.name or file.item.platform, file.item.url
    if file.item.kind == "room" or platform.place == "chat":
        told = holder.item(file.item.ref) if holder is not None else None
        room = told.room if told is not None and told.room else None
        return xml.InternetDetails(
            chat_im_incident=xml.ChatImIncident(chat_client=service, chat_room_name=room, additional_info=url)
        )
    if platform.place == "game":
        game = xml.OnlineGamingIncident(game_name=service, additional_info=url)
        return xml.InternetDetails(online_gaming_incident=game)
    return xml.InternetDetails(web_page_incident=xml.WebPageIncident(url=(url,)))


def _agency(agency: Agency | None) -> xml.LawEnforcement | None:
    """An authority that is involved already. That it asked to be given something is legal process that was served."""
    if agency is None:
        return None
    served, at_home = agency.asks is Asks.DISCLOSE, agency.country.upper() == "US"
    known = agency.country.upper() if agency.country.upper() in COUNTRIES else None
    return xml.LawEnforcement(
        agency_name=agency.name[:255],
        case_number=agency.reference[:100] or None,
        served_legal_process_domestic=True if served and at_home else None,
        served_legal_process_international=xml.LegalProcess(text=True, flea_country=known)
        if served and not at_home
        else None,
    )


def _reporter(ncmec: Ncmec) -> xml.Reporter:
    who = ncmec.reporter
    return xml.Reporter(
        reporting_person=Person(
            first_name=who.first_name or None,
            last_name=who.last_name or None,
            phone=(Phone(text=who.phone),) if who.phone else (),
            email=(Email(text=who.email),),
        ),
        company_template=who.about_us or None,
        terms_of_service=who.terms or None,
        legal_url=who.legal_url or None,
    )


HOLDER = {
    "": "Nobody has looked yet at whose account this is.",
    "offender": "Two people of this provider confirmed what was posted, and that the holder posted it.",
    "taken_over": "The account seems to have been taken over by somebody else.",
    "outrage": "The holder seems to have shared this in outrage, to draw attention to it.",
    "unsure": "Whether the holder is the one depicted, or the account was taken over, could not be told.",
}


def _suspect(matter: Matter, ncmec: Ncmec) -> xml.PersonOrUserReported | None:
    """The account that posted it, unless people found that its holder is the one depicted (rule 12).

    Nor where nobody here looked at anything of it, and nobody has said whose it is: then it is named as the account
    that posted it, and not as the one reported.
    """
    account = matter.account
    if account is None or not is_reported(account) or matter.nobody_asked:
        return None
    whose = HOLDER.get(account.judged_as, HOLDER["unsure"])
    return xml.PersonOrUserReported(
        **holder_fields(matter.holder),
        esp_identifier=account.ref[:255],
        esp_service=_platform(account.platform, ncmec).name or account.platform,
        compromised_account=True if account.judged_as == "taken_over" else None,
        prior_c_t_reports=matter.earlier,
        additional_info=" ".join([whose, *holder_said(matter.holder)]),
    )


def is_reported(account: Account) -> bool:
    """Whether an account is named as the one that is reported: not where people found its holder depicted (rule 12)."""
    return account.judged_as != "depicted"


def _victims(matter: Matter, ncmec: Ncmec) -> list[xml.Victim]:
    account: Account | None = matter.account
    found = []
    if account is not None and account.judged_as == "depicted":
        found.append(
            xml.Victim(
                victim_person=Person(),
                esp_identifier=account.ref[:255],
                esp_service=_platform(account.platform, ncmec).name or account.platform,
                prior_c_t_reports=matter.earlier,
                additional_info="People of this provider found that the holder is the one depicted.",
            )
        )
    theirs = [one for one in matter.reports if one.relation in SPEAK_FOR_A_VICTIM and one.age == Age.CHILD]
    if theirs and not found:
        who = SAYS_WHO[Relation(theirs[0].relation)]
        said = "says that it is about somebody under 18. Not verified; who it is, is not told without their wish."
        found.append(xml.Victim(victim_person=Person(), additional_info=f"{who[:1].upper()}{who[1:]} {said}"))
    return found


SPEAK_FOR_A_VICTIM = frozenset({Relation.DEPICTED, Relation.GUARDIAN, Relation.REPRESENTATIVE})


def _posted_by(matter: Matter) -> list[str]:
    """Who posted it, where that account is not named as the one reported."""
    account = matter.account
    if account is None or not matter.nobody_asked:
        return []
    known = f" Earlier reports about it: {', '.join(map(str, matter.earlier))}." if matter.earlier else ""
    return [
        f"The identical file was posted by the account {account.ref} of {account.platform}. Nobody here has answered"
        " yet whether its holder is the one depicted, was taken over, or shared it in outrage: so the account is not"
        f" named as the one reported.{known}"
    ]


def _basis(matched_list: str) -> str:
    if matched_list == OF_COPIES:
        return "two qualified people of this provider judged the identical file"
    if matched_list:
        return f"the identical file is on the list {matched_list}"
    return "a qualified person of this provider judged it"


def _told(matter: Matter, config: Config) -> list[str]:
    """How it was found, who decided, and what is sent: what police ask first."""
    lines = [f"Filed by {config.desk.name} ({config.desk.origin}), case {matter.case_id}."]
    by_people = sorted({SAYS_WHO[Relation(report.relation)] for report in matter.reports})
    if by_people:
        how_many = f"{len(matter.reports)} report{'s' if len(matter.reports) != 1 else ''}"
        lines.append(f"Told to us by {'; by '.join(by_people)} ({how_many}, unverified).")
    lines += _posted_by(matter)
    for number, file in enumerate(matter.files, 1):
        finding = file.finding
        basis = _basis(finding.row.matched_list)
        age = "whose age could not be told" if finding.is_unsure else "under 18"
        seen = "was looked at by a person here" if file.viewers else "was looked at by nobody here"
        if file.seen_elsewhere and not file.viewers:
            seen += ", though somebody here looked at the identical file that stood elsewhere"
        lines.append(
            f"File {number}: clause {file.clause}; {basis}; it is about a person {age}; it {seen}."
            f" SHA-256 {file.content.sha256}, MD5 {file.content.md5 or 'not known'}."
            + (f" The identical file stood in {file.copies} more items here." if file.copies else "")
        )
    lines.append("A file that is not attached could no longer be had from the platform; its hash is above.")
    return lines
