"""The words that NCMEC's schema knows: enumerations, and lists of countries and states."""

from enum import StrEnum
from typing import Final


class IncidentType(StrEnum):
    """What a report is about; NCMEC's own names, to the letter."""

    CSAM = "Child Pornography (possession, manufacture, and distribution)"
    TRAFFICKING = "Child Sex Trafficking"
    TOURISM = "Child Sex Tourism"
    MOLESTATION = "Child Sexual Molestation"
    MISLEADING_DOMAIN = "Misleading Domain Name"
    MISLEADING_WORDS = "Misleading Words or Digital Images on the Internet"
    ENTICEMENT = "Online Enticement of Children for Sexual Acts"
    UNSOLICITED = "Unsolicited Obscene Material Sent to a Child"


class EventName(StrEnum):
    """At what moment an address or a device was seen."""

    LOGIN = "Login"
    REGISTRATION = "Registration"
    PURCHASE = "Purchase"
    UPLOAD = "Upload"
    OTHER = "Other"
    UNKNOWN = "Unknown"


class AddressType(StrEnum):
    """What a postal address is for."""

    HOME = "Home"
    BUSINESS = "Business"
    BILLING = "Billing"
    SHIPPING = "Shipping"
    TECHNICAL = "Technical"


class PhoneType(StrEnum):
    """What a telephone number is for."""

    MOBILE = "Mobile"
    HOME = "Home"
    BUSINESS = "Business"
    WORK = "Work"
    FAX = "Fax"
    INTERNET = "Internet"
    RECOVERY = "Recovery"


class EmailType(StrEnum):
    """What an email address is for."""

    HOME = "Home"
    WORK = "Work"
    BUSINESS = "Business"
    RECOVERY = "Recovery"


class AccountType(StrEnum):
    """How an account is tied to the one that is reported."""

    BILLING = "Billing"
    LINKED = "Linked"
    BUSINESS = "Business"
    CREATOR = "Creator"
    PARENT = "Parent/Guardian"
    OTHER = "Other"


class BatchReason(StrEnum):
    """Why several matters come in one report."""

    VIRAL_POTENTIAL_MEME = "VIRAL_POTENTIAL_MEME"


class FileRelevance(StrEnum):
    """Whether a file is what is reported, or helps to understand it."""

    REPORTED = "Reported"
    SUPPLEMENTAL = "Supplemental Reported"


class Classification(StrEnum):
    """The scale that US providers agreed on: A before puberty, B after it began; 1 or 2 by what is shown."""

    A1 = "A1"
    A2 = "A2"
    B1 = "B1"
    B2 = "B2"


class DetailType(StrEnum):
    """What pairs of name and value describe."""

    EXIF = "EXIF"
    HASH = "HASH"


_COUNTRIES: Final = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC
CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD
GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH
KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW
MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC
SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY
UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""
COUNTRIES: Final = frozenset(_COUNTRIES.split()) | {"", "A1", "A2", "O1", "EU", "AP", "FX", "AN", "XK"}
"""ISO 3166 alpha-2; and A1 an anonymous proxy, A2 a satellite provider, O1 another, and what has no code there."""

_STATES: Final = """
AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA
PR RI SC SD TN TX UT VT VA WA WV WI WY GU VI
"""
STATES: Final = frozenset(_STATES.split()) | {""}
"""The postal codes of the states of the US, with DC, PR, GU and VI."""
