"""What NCMEC calls what a clause is about. What isn't in the table is filed by people: a wrong type misleads police."""

from dataclasses import dataclass
from typing import Final

from answerable.authorities.ncmec.words import IncidentType


@dataclass(frozen=True, slots=True)
class Incident:
    """The type of a report, the annotations of it, and those of its files, by the names of the schema's fields."""

    type: IncidentType
    annotations: frozenset[str] = frozenset()
    of_files: frozenset[str] = frozenset()


SEXTORTION: Final = Incident(IncidentType.ENTICEMENT, frozenset({"sextortion"}))
INCIDENTS: Final[dict[str, Incident]] = {
    "csam": Incident(IncidentType.CSAM),
    "csam.generated": Incident(IncidentType.CSAM, of_files=frozenset({"generative_ai"})),
    "csam.trade": Incident(IncidentType.CSAM, frozenset({"csam_solicitation"})),
    "child_sexualisation": Incident(IncidentType.CSAM),
    "sextortion": SEXTORTION,  # NCMEC has no type of that name: it is an annotation on enticement
    "grooming": Incident(IncidentType.ENTICEMENT),
    "grooming.request": Incident(IncidentType.ENTICEMENT, frozenset({"csam_solicitation"})),
    "grooming.trade": Incident(IncidentType.TRAFFICKING),
    "ncii": Incident(
        IncidentType.CSAM
    ),  # filed only where a finding says that it is about a child, or may be
}
GRAVEST_FIRST: Final = (
    IncidentType.TRAFFICKING,
    IncidentType.ENTICEMENT,
    IncidentType.CSAM,
)
"""Of a report that holds several, the type that it goes under."""


def incident_of(clause: str) -> Incident | None:
    """The incident of a clause: its own, or its harm's; None where this software must not guess."""
    return INCIDENTS.get(clause) or INCIDENTS.get(clause.partition(".")[0])
