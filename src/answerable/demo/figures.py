"""What the replay measures, and what each figure has to reach."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any


@dataclass
class Figures:
    """Every figure is None until it was measured."""

    platform: str = "sample"
    reported_in_client: bool | None = None
    reports_needed: int | None = None
    seconds_to_hidden: float | None = None
    seconds_to_hidden_message: float | None = None
    message_was_private: bool | None = None
    seconds_until_strangers_saw_nothing: float | None = None
    views_before_first_notice: int | None = None
    views_after_first_notice: int | None = None
    views_tried_after_hiding: int | None = None
    reposts: int | None = None
    copies_total: int | None = None
    copies_found: int | None = None
    copies_verified_gone: int | None = None
    reuploads_tried: int | None = None
    reuploads_blocked: int | None = None
    asked_before_showing: bool | None = None
    seconds_reuploads_were_seen: float | None = None
    reports_of_the_family: int | None = None
    cases_of_the_family: int | None = None
    document_asked: bool | None = None
    refused_by_one_person: bool | None = None
    answer_reopened: bool | None = None
    answer_read_by_others: bool | None = None
    days_to_gone: float | None = None
    later_uploads_held: bool | None = None
    promises_owed: int | None = None
    promises_kept: int | None = None
    terms_checked: bool | None = None
    innocent_reports: int | None = None
    innocent_times_hidden: int | None = None
    innocent_hidden_minutes: float | None = None
    innocent_restored: bool | None = None
    author_reports: int | None = None
    author_items_hidden_unlooked: int | None = None
    author_items_restored: bool | None = None
    flood_reports: int | None = None
    flood_reports_per_second: float | None = None
    seconds_to_hidden_in_flood: float | None = None
    overturned_put_back: bool | None = None
    obligations_total: int | None = None
    obligations_late: int | None = None
    receipt_verified: bool | None = None
    audit_verified: bool | None = None
    seconds_it_took: float | None = None
    views: list[tuple[datetime, int]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """All but the course of the views, by name."""
        found = asdict(self)
        del found["views"]
        return found
