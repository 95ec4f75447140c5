"""The database of the EU over real HTTP: the product's own drill, with what tests need around it."""

from typing import Any

from answerable.authorities.dsa.client import Database
from answerable.authorities.dsa.drill.server import TOKEN, Server, Trouble

__all__ = ["TOKEN", "Server", "Trouble", "client", "good"]


def client(server: Server, token: str = TOKEN, seconds: float = 5) -> Database:
    return Database(server.base, token, seconds)


def good(**changes: Any) -> dict[str, Any]:
    """A statement that the database takes, as JSON; a change to None leaves the field out."""
    values: dict[str, Any] = {
        "decision_visibility": ["DECISION_VISIBILITY_CONTENT_REMOVED"],
        "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
        "incompatible_content_ground": "A rule.",
        "incompatible_content_explanation": "It falls under it.",
        "content_type": ["CONTENT_TYPE_IMAGE"],
        "category": "STATEMENT_CATEGORY_CYBER_VIOLENCE",
        "category_specification": ["KEYWORD_NON_CONSENSUAL_IMAGE_SHARING"],
        "territorial_scope": ["DE", "FR"],
        "content_date": "2026-11-30",
        "application_date": "2026-12-01",
        "decision_facts": "It was found to fall under a rule.",
        "source_type": "SOURCE_ARTICLE_16",
        "automated_detection": "No",
        "automated_decision": "AUTOMATED_DECISION_NOT_AUTOMATED",
        "puid": "a-name-1",
    }
    return {name: value for name, value in {**values, **changes}.items() if value is not None}
